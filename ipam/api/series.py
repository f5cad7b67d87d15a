"""How use went over time, and when it comes to an end: of networks and projects."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import models
from ipam.addressing import Family
from ipam.api import fields, measures, parameters
from ipam.api.resources import Body, Readable, Resource
from ipam.api.shapes import Shape
from ipam.domain.insight import forecasts, series_points
from ipam.domain.insight.forecasts import Forecast
from ipam.domain.insight.periods import DEFAULT_SPAN, STEPS, Period
from ipam.domain.insight.series_points import NewPoint, Point
from ipam.domain.space import room, utilization
from ipam.values import DUAL_STACK

PERIOD = [
    OpenApiParameter("address_family", str, enum=[*(family.key for family in Family), DUAL_STACK]),
    OpenApiParameter("since", str, description="a time, inclusive; 90 days ago if left out"),
    OpenApiParameter("until", str, description="a time, exclusive; now if left out"),
    OpenApiParameter("step", str, enum=list(STEPS), description="the finest of at most 1,000 points if left out"),
]


class PointShape(Shape):
    """Counts are decimal strings, exact at any size."""

    at = serializers.DateTimeField()
    used = serializers.CharField()
    total = serializers.CharField(allow_null=True)
    high = serializers.CharField(help_text="the highest use since the point before")
    used_prefixes = serializers.CharField(required=False)
    available_prefixes = serializers.CharField(required=False)
    live = serializers.BooleanField()

    def to_representation(self, point: Point) -> dict[str, Any]:
        """Without the counts of prefixes where there are none: only super networks have them."""
        shown = super().to_representation(point)
        return {name: value for name, value in shown.items() if value is not None or name == "total"}


class FamilyHistory(Shape):
    unit = serializers.CharField()
    points = PointShape(many=True)


class FamilyHistories(Shape):
    ipv4 = FamilyHistory(required=False)
    ipv6 = FamilyHistory(required=False)


class NetworkHistory(Shape):
    network = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    step = serializers.ChoiceField(choices=list(STEPS))
    families = FamilyHistories()


class ProjectHistory(Shape):
    project = serializers.UUIDField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    step = serializers.ChoiceField(choices=list(STEPS))
    families = FamilyHistories()


class Stored(Shape):
    stored = serializers.IntegerField()
    replaced = serializers.IntegerField()
    dry_run = serializers.BooleanField(required=False)


class DaysShape(Shape):
    """Whole days from now."""

    earliest = serializers.IntegerField()
    likely = serializers.IntegerField()
    latest = serializers.IntegerField(allow_null=True, help_text="null: perhaps never")


class FamilyForecast(Shape):
    state = serializers.CharField()
    as_of = serializers.DateTimeField()
    per_day = serializers.SerializerMethodField(help_text="addresses, a decimal string")
    available = serializers.CharField()
    available_prefixes = serializers.CharField(required=False)
    full = DaysShape(allow_null=True)
    at_95 = DaysShape(allow_null=True)
    needs = serializers.CharField(required=False, help_text="what a forecast still needs")
    text = serializers.CharField()

    def get_per_day(self, forecast: Forecast) -> str:
        return f"{forecast.per_day:.3f}".rstrip("0").rstrip(".")

    def to_representation(self, forecast: Forecast) -> dict[str, Any]:
        """Without what does not apply."""
        shown = super().to_representation(forecast)
        absent = {"available_prefixes": forecast.available_prefixes is None, "needs": not forecast.needs}
        return {name: value for name, value in shown.items() if not absent.get(name)}


class NetworkForecast(Shape):
    ipv4 = FamilyForecast(required=False)
    ipv6 = FamilyForecast(required=False)
    first_by_time = fields.OneFamily(allow_null=True)
    first_by_space = fields.OneFamily(allow_null=True)


class DatedForecast(Shape):
    """A family of a network that runs out on a day that can be said."""

    network = serializers.CharField(source="network_id")
    address_family = fields.OneFamily(source="family")
    state = serializers.CharField()
    as_of = serializers.DateTimeField(source="forecast_at")
    full = serializers.SerializerMethodField()

    @extend_schema_field(DaysShape)
    def get_full(self, one: models.Series) -> dict[str, object]:
        return DaysShape.of(forecasts.kept_days(one, "full", timezone.now()))


class WithHistory(Resource[Any]):
    """Networks and projects: how their use went."""

    @action(detail=True)
    def history(self, request: Request, pk: str) -> Response:
        found = self.found()
        period, families = _period(request)
        is_network = isinstance(found, models.Network)
        read: Any = series_points.of_network if is_network else series_points.of_project
        points = read(found, period, families)
        name, shape = ("network", NetworkHistory) if is_network else ("project", ProjectHistory)
        until = period.until or timezone.now()
        body = {name: found.pk, "since": period.since, "until": until, "step": points.step}
        body["families"] = _by_family(points)
        return Response(shape(body).data)


class NetworkSeries(WithHistory):
    """Networks also have points from elsewhere, and forecasts."""

    @WithHistory.history.mapping.post
    def add_history(self, request: Request, pk: str) -> Response:
        rows = [NewPoint(family=row.pop("address_family"), **row) for row in self.parse(request)["points"]]
        return self.run(lambda: series_points.store(self.found(), rows), _render_stored, status=201)

    @action(detail=True)
    def forecast(self, request: Request, pk: str) -> Response:
        parameters.refuse_unknown(request, set())
        network = self.found()
        uses = utilization.of_network(network)
        found = forecasts.of_network(network, uses)
        left = room.of_uses(uses)
        shown = {family.key: forecast for family, forecast in found.items()}
        first = {"first_by_time": forecasts.first_by_time(found), "first_by_space": left and left.family}
        return Response(NetworkForecast({**shown, **first}).data)


class ForecastViews(Readable[models.Series]):
    """Every family of a network that runs out, soonest first."""

    model, output = models.Series, DatedForecast
    ordering_fields = {"days_left": "full_likely"}

    def get_queryset(self) -> QuerySet[models.Series]:
        return models.Series.objects.with_date()


def _by_family(points: Mapping[Family, list[Point]]) -> Body:
    return {family.key: {"unit": "addresses", "points": rows} for family, rows in points.items()}


def _render_stored(counts: tuple[int, int]) -> Body:
    return {"stored": counts[0], "replaced": counts[1]}


def _period(request: Request) -> tuple[Period, list[Family]]:
    parameters.refuse_unknown(request, {parameter.name for parameter in PERIOD})
    until = parameters.value_if_given(request, "until", measures.Moment())
    until = until if until and until < timezone.now() else None
    since = parameters.value_if_given(request, "since", measures.Moment()) or (until or timezone.now()) - DEFAULT_SPAN
    families = parameters.value_if_given(request, "address_family", fields.Families()) or ()
    step = parameters.value_if_given(request, "step", fields.Choice(list(STEPS)))
    return Period(since, until, step), list(families)
