"""Every page and list that can be asked for, taken from the URLs themselves: a new one is measured by itself."""

import re
from collections.abc import Iterator
from itertools import product

from django.urls import URLPattern, get_resolver

from ipam.api.addresses import AddressViews
from ipam.api.machines import MachineViews
from ipam.api.networks import NetworkViews, PrefixViews
from ipam.api.partitions import PartitionViews
from ipam.api.projects import ProjectViews
from ipam.api.vrfs import VrfViews
from webui.views import registry

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
# Not pages of ours, or none that shows rows; an export is as long as what it exports.
_LEFT_OUT = ("admin/", "accounts/", "api/schema", "api/docs", "addresses/export", "api/v1/healthz", "api/v1/readyz")
_POST_ONLY = ("addresses/act/",)

_LISTS = {
    "partitions": PartitionViews,
    "projects": ProjectViews,
    "vrfs": VrfViews,
    "networks": NetworkViews,
    "prefixes": PrefixViews,
    "ips": AddressViews,
    "machines": MachineViews,
}
_NARROWED = [
    "/networks/?q=bench",
    "/networks/?q=nothing-like-it",
    "/networks/?open=00-bench-super",
    "/networks/?type=external&partition=00-bench-site",
    "/machines/?q=bench",
    "/machines/?q=nothing-like-it",
    "/projects/?q=bench",
    "/vrfs/?q=nothing-like-it",
    "/search/?q=1.0.0.7",
    "/search/?q=1.0.200.200",
    "/search/?q=bench",
    "/search/?q=nothing-like-it",
    "/api/v1/search/?q=1.0.0.7",
    "/api/v1/search/?q=nothing-like-it",
    "/api/v1/prefixes/?contains=1.0.0.7",
    "/api/v1/prefixes/?within=1.200.0.0/16",
    "/api/v1/prefixes/?q=bench",
    "/api/v1/networks/?contains=1.0.0.7",
    "/api/v1/networks/?overlaps=1.0.0.0/8",
    "/api/v1/networks/?q=bench",
    "/api/v1/machines/?q=bench",
    "/api/v1/machines/?role=machine&partition=00-bench-site",
]
_ADDRESS_FILTERS = [
    "q=1.0.0.",
    "q=00-bench-service",
    "q=nothing-like-it",
    "network=00-bench-00",
    "project={project}",
    "type=ephemeral",
    "address_family=ipv6",
    "within=1.0.0.0/16",
]


def paths(samples: dict[str, list[str]]) -> list[str]:
    """All of them, with these ids in place."""
    found = [path for route in _routes() for path in _filled(route, samples)]
    found += [
        f"/api/v1/{name}/?ordering={sign}{field}"
        for name, views in _LISTS.items()
        for sign, field in product(["", "-"], views.ordering_fields)
    ]
    for number, one in enumerate(_ADDRESS_FILTERS):
        pairs = [f"{one}&{other}" for other in _ADDRESS_FILTERS[number + 1 :] if one[:2] != other[:2]]
        found += [f"/addresses/?{query}" for query in [one, *pairs]] + [f"/api/v1/ips/?{one}"]
    narrowed = [path.format(project=samples["projects"][0]) for path in [*found, *_NARROWED]]
    return list(dict.fromkeys(narrowed))


def _routes(patterns: list[object] | None = None, before: str = "") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern).removeprefix("^").removesuffix(r"\Z").removesuffix("$")
        if route.startswith((*_LEFT_OUT, *_POST_ONLY)) or "format" in route:
            continue
        if isinstance(pattern, URLPattern):
            if route != "api/v1/":  # what answers every other address
                yield route
        else:
            yield from _routes(pattern.url_patterns, route)


def _filled(route: str, samples: dict[str, list[str]]) -> Iterator[str]:
    """The paths of a route. A section stands for each of the small lists, an id for the samples of its first word."""
    if "<section:section>" in route:
        for section in registry.KINDS:
            yield from _filled(route.replace("<section:section>", section), samples)
        return
    if not _PARAMETER.search(route):
        yield f"/{route}"
        return
    word = route.removeprefix("api/v1/").split("/")[0]
    for sample in samples.get(word, []):
        yield "/" + _PARAMETER.sub(sample, route.replace("<family:family>", "ipv6"))
