"""How networks filled up, and when they will be full."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ipam import errors
from ipam.domain.core import lookups
from ipam.domain.insight import forecasts, series_points
from ipam.domain.insight.periods import Period
from ipam.domain.space import utilization
from ipam.models import Network
from webui import charts, timetable
from webui.pages import render_page_or_part
from webui.timetable import Due

SPANS = {"90": "90 days", "365": "a year", "730": "2 years"}


@login_required
def network_history(request: HttpRequest, pk: str) -> HttpResponse:
    """The chart of a network with its forecast, whole or as a part of the network's page; and the same as a table."""
    network = lookups.get(Network, pk)
    span = request.GET.get("days", "90")
    if span not in SPANS:
        raise errors.Invalid(f"days is one of {', '.join(SPANS)}.", field="days")
    now = timezone.now()
    since = now - timedelta(days=int(span))
    uses = utilization.of_network(network)
    found = forecasts.of_network(network, uses)
    points = series_points.of_network(network, Period(since, None), uses=uses)
    first = min((rows[0].at for rows in points.values()), default=since)
    context = {
        "section": "networks",
        "network": network,
        "chart": charts.of_network(points, found, since=max(since, first), now=now),
        "forecasts": found.values(),
        "spans": SPANS,
        "span": span,
    }
    return render_page_or_part(request, "networks/history.html", context, part="chart")


@login_required
def soonest(request: HttpRequest) -> HttpResponse:
    """What runs out, soonest first, of both families."""
    rows = due_first()
    context = {
        "section": "overview",
        "title": timetable.sentence(rows),
        "rows": rows[: timetable.MOST],
        "more": len(rows) > timetable.MOST,
    }
    return render_page_or_part(request, "soonest.html", context)


def due_first(among: QuerySet[Network] | None = None, *, by_partition: bool = False) -> list[Due]:
    """The families of networks, or of those `among` them, that run out first, with their networks, and the first of
    each partition, if asked for; two statements.
    """
    found, now = forecasts.soonest(timetable.MOST, among, by_partition=by_partition), timezone.now()
    dated = [(one, full) for one in found if (full := forecasts.kept_days(one, "full", now))]
    named = Network.objects.filter(pk__in={one.network_id for one, _ in dated}).select_related("partition")
    networks = {network.pk: network for network in named}
    return [Due(one, networks.get(one.network_id), full, now.date()) for one, full in dated]
