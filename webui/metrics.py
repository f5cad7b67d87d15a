"""What Prometheus scrapes: requests, changes and refusals of all web processes, and how full everything is."""

import os
import secrets
from collections.abc import Iterator

from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ipam.domain.core import context
from ipam.domain.insight import survey
from ipam.domain.space import number_pools
from ipam.models import Finding
from ipam.models.number_ranges import BOUNDS


class _State(Collector):
    """How full everything is at this moment, asked of the database once for all web processes."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("twofold_database_up", "Whether the database answers.", value=1)
        try:
            gauges = [*_networks(), *_pools(), _findings()]
        except Error:
            up, gauges = GaugeMetricFamily("twofold_database_up", "Whether the database answers.", value=0), []
        yield from [up, *gauges]


def _networks() -> list[GaugeMetricFamily]:
    """At most 40 roots; their children are part of their use, and what fills up elsewhere is a finding."""
    labels = ["network", "family"]
    total = GaugeMetricFamily("twofold_network_addresses", "Addresses of all prefixes.", labels=labels)
    used = GaugeMetricFamily("twofold_network_addresses_used", "Taken, in a super by children.", labels=labels)
    free = GaugeMetricFamily("twofold_network_addresses_available", "Neither taken nor reserved.", labels=labels)
    share = GaugeMetricFamily("twofold_network_utilization", "0..1", labels=labels)
    for network, uses in survey.root_utilization().items():
        for use in uses:
            values = (use.total_ips, use.used_ips, use.available_ips, use.utilization)
            for gauge, value in zip((total, used, free, share), values, strict=True):
                gauge.add_metric([network, use.family.key], value)
    return [total, used, free, share]


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
