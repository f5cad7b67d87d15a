"""What Prometheus scrapes: requests, changes and refusals of all web processes, and how full everything is."""

import math
import os
import secrets
from collections.abc import Iterator

from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ipam.addressing import Family
from ipam.domain.core import context
from ipam.domain.insight import forecasts, survey, survey_age
from ipam.domain.space import number_pools
from ipam.models import Delivery, Finding, Mirror
from ipam.models.number_ranges import BOUNDS

_MAX_DATED = 40  # families of networks


class _State(Collector):
    """How full everything is at this moment, asked of the database once for all web processes."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("twofold_database_up", "Whether the database answers.", value=1)
        try:
            gauges = [*_networks(), *_forecasts(), *_pools(), _findings(), _survey_age(), _mirror_age(), _deliveries()]
        except Error:
            up, gauges = GaugeMetricFamily("twofold_database_up", "Whether the database answers.", value=0), []
        yield from [up, *gauges]


def _networks() -> list[GaugeMetricFamily]:
    """At most 40 roots; their children are part of their use, and what fills up elsewhere is a finding."""
    labels = ["network", "family"]
    total = GaugeMetricFamily("twofold_network_addresses", "Addresses of all prefixes.", labels=labels)
    used = GaugeMetricFamily("twofold_network_addresses_used", "Taken, in a super by children.", labels=labels)
    free = GaugeMetricFamily("twofold_network_addresses_available", "Free to be given.", labels=labels)
    kept = GaugeMetricFamily("twofold_network_addresses_reserved", "Never given by themselves.", labels=labels)
    cooling = GaugeMetricFamily("twofold_network_addresses_cooling", "Released lately, in quarantine.", labels=labels)
    share = GaugeMetricFamily("twofold_network_utilization", "0..1: taken of what could be.", labels=labels)
    gauges = [total, used, free, kept, cooling, share]
    for network, uses in survey.root_utilization().items():
        for use in uses:
            apart = (use.used_ips, use.available_ips, use.reserved_ips, use.cooling_ips)
            values = (use.total_ips, *apart, use.utilization)
            for gauge, value in zip(gauges, values, strict=True):
                gauge.add_metric([network, use.family.key], value)
    return gauges


def _forecasts() -> list[GaugeMetricFamily]:
    """When the 40 families of networks that run out first do, and how many families of networks there are of which
    this or that is said; as the last survey kept it."""
    labels = ["network", "family", "when"]
    days = GaugeMetricFamily("twofold_network_days_left", "Whole days until it is full: the range.", labels=labels)
    states = GaugeMetricFamily("twofold_forecasts", "Families of networks by forecast.", labels=["family", "state"])
    now = timezone.now()
    for one in forecasts.soonest(_MAX_DATED)[:_MAX_DATED]:
        full = forecasts.kept_days(one, "full", now)
        for when, number in vars(full).items() if full else ():
            if number is not None:  # the latest day may never come
                days.add_metric([one.network_id, Family(one.family).key, when], number)
    for (family, state), number in sorted(forecasts.count_states().items()):
        states.add_metric([family.key, state], number)
    return [days, states]


def _pools() -> list[GaugeMetricFamily]:
    size = GaugeMetricFamily("twofold_pool_size", "Numbers that are handed out by themselves.", labels=["pool"])
    free = GaugeMetricFamily("twofold_pool_available", "Numbers that are left.", labels=["pool"])
    for pool, left in number_pools.free().items():
        first, last = BOUNDS[pool]
        size.add_metric([pool], last - first + 1)
        free.add_metric([pool], left)
    return [size, free]


def _findings() -> GaugeMetricFamily:
    found = GaugeMetricFamily("twofold_findings", "What to look at, by code and severity.", labels=["code", "severity"])
    for (code, severity), number in sorted(survey.count_findings().items()):
        found.add_metric([code, Finding.Severity(severity).label], number)
    return found


def _deliveries() -> GaugeMetricFamily:
    """Of webhooks that are switched off nobody waits for any."""
    waiting = Delivery.objects.waiting().count()
    return GaugeMetricFamily("twofold_deliveries_waiting", "Messages of webhooks still to be delivered.", value=waiting)


def _survey_age() -> GaugeMetricFamily:
    as_of = survey_age.last()
    age = (timezone.now() - as_of).total_seconds() if as_of else math.inf
    return GaugeMetricFamily("twofold_survey_age_seconds", "Since the last survey; infinite if none was.", value=age)


def _mirror_age() -> GaugeMetricFamily:
    found = GaugeMetricFamily("twofold_mirror_age_seconds", "Since a pass went well.", labels=["mirror"])
    for name, moment in Mirror.objects.values_list("id", "succeeded_at"):
        found.add_metric([name], (timezone.now() - moment).total_seconds())
    return found


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Everything, for whoever has METRICS_TOKEN; without one there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404
    state = CollectorRegistry()
    state.register(_State())
    with context.system():  # whoever has that token is no user with roles
        return HttpResponse(generate_latest(state) + _processes(), content_type=CONTENT_TYPE_LATEST)


def _processes() -> bytes:
    """What all web processes have counted (gunicorn.conf.py says where); without such a place, this one alone."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
    return generate_latest(everyone)
