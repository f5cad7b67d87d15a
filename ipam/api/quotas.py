"""Quotas: what projects may have at most, and have."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import filters, models
from ipam.api import fields, inputs, measures
from ipam.api.resources import Data, Editable, with_references
from ipam.api.series import DaysShape
from ipam.api.shapes import Output, Shape
from ipam.domain.insight import quota_forecasts
from ipam.domain.insight.quota_forecasts import QuotaForecast
from ipam.domain.networks import quota_limits
from ipam.models.base import SLUG_LENGTH


class ChangedQuota(inputs.Input):
    limit = measures.Count()


class NewQuota(ChangedQuota):
    project = fields.Text(max_length=SLUG_LENGTH)
    network = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    address_family = fields.OneFamily()
    resource = fields.Choice(choices=models.Quota.Resource.choices)


class Forecast(Shape):
    state = serializers.CharField()
    per_day = serializers.SerializerMethodField(help_text="addresses, a decimal string")
    full = DaysShape(allow_null=True)
    text = serializers.CharField()

    def get_per_day(self, forecast: QuotaForecast) -> str:
        return f"{forecast.per_day:.3f}".rstrip("0").rstrip(".")


class Quota(Output):
    """Counts are decimal strings: they may exceed what a JSON number holds exactly."""

    id = serializers.UUIDField()
    project = serializers.UUIDField(source="project_id")
    network = serializers.CharField(source="network_id", allow_null=True)
    address_family = fields.OneFamily(source="family")
    resource = serializers.CharField()
    limit = serializers.CharField()
    used = serializers.CharField()
    forecast = serializers.SerializerMethodField(help_text="null where no series tells of it")

    @extend_schema_field(Forecast(allow_null=True))
    def get_forecast(self, quota: models.Quota) -> dict[str, object] | None:
        found = self.context["forecasts"].get(quota.pk)
        return Forecast.of(found) if found else None


class QuotaViews(Editable[models.Quota]):
    model, output, filterset_class = models.Quota, Quota, filters.QuotaFilters
    inputs = {"create": NewQuota, "partial_update": ChangedQuota}
    ordering_fields = {"id": "pk", "created_at": "created_at"}

    def context_for(self, objects: list[models.Quota]) -> dict[str, object]:
        return {"forecasts": quota_forecasts.of_quotas(objects)}

    def make(self, data: Data) -> models.Quota:
        return quota_limits.create(**with_references(data))

    def change(self, found: models.Quota, data: Data) -> models.Quota:
        return quota_limits.update(found, **data)

    def discard(self, found: models.Quota) -> None:
        quota_limits.delete(found)
