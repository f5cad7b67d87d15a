"""The JSON dump of go-ipam: a list of prefixes, each with the addresses taken from it."""

from collections import Counter
from typing import Any, TextIO

from ipam import errors
from ipam.addressing import parse_address, parse_cidr, shorten
from ipam.domain import foreign_plan
from ipam.domain.documents import JsonReader, Unreadable
from ipam.domain.foreign_plan import ForeignAddress, ForeignPrefix
from ipam.domain.metal_stack_import import Result
from ipam.domain.operations import operation
from ipam.models import Partition, Project

DEFAULT_NAMESPACE = "root"


@operation
def bring_in(
    file: TextIO,
    *,
    project: Project,
    partition: Partition | None = None,
    namespace: str = DEFAULT_NAMESPACE,
    vrf: int | None = None,
) -> Result:
    """Bring in the prefixes and addresses of one namespace, into networks that have them, or that are made.

    `vrf` is the VNI of prefixes that stand alone: they become external networks, which need one. What was left out is
    among the refusals.
    """
    prefixes: list[ForeignPrefix] = []
    hosts: list[ForeignAddress] = []
    broken: list[errors.IpamError] = []
    elsewhere: Counter[str] = Counter()
    file.seek(0)
    for place, raw in enumerate(JsonReader(file).elements()):
        if not isinstance(raw, dict):
            raise Unreadable(f"Entry {place} is no object: this is no dump of go-ipam.")
        if (found := str(raw.get("Namespace") or DEFAULT_NAMESPACE)) != namespace:
            elsewhere[found] += 1
            continue
        try:
            prefix = _prefix(place, raw, project, vrf)
            prefixes.append(prefix)
            hosts += _hosts(prefix, raw, project)
        except (ValueError, TypeError, AttributeError) as error:
            broken.append(errors.Invalid(f"prefixes[{place}]: {error}"))
    result = foreign_plan.bring_in("go-ipam", prefixes, hosts, partition)
    left = [
        errors.Invalid(f"{count:,} prefixes of namespace “{shorten(name)}” were left out; name it to bring them in.")
        for name, count in sorted(elsewhere.items())
    ]
    return Result(result.outcomes, [*broken, *left, *result.refused], result.not_kept)


def _prefix(place: int, raw: dict[str, Any], project: Project, vrf: int | None) -> ForeignPrefix:
    cidr = parse_cidr(str(raw.get("Cidr")))
    is_child = bool(raw.get("ParentCidr"))
    return ForeignPrefix(place=f"prefixes[{place}] “{cidr}”", cidr=cidr, project=project, vrf=None if is_child else vrf)


def _hosts(prefix: ForeignPrefix, raw: dict[str, Any], project: Project) -> list[ForeignAddress]:
    """The addresses that somebody took: the dump counts the first and the last one too, which nobody could."""
    taken = [parse_address(text) for text, is_taken in (raw.get("IPs") or {}).items() if is_taken]
    return [
        ForeignAddress(place=f"{prefix.place}.IPs", address=address, project=project)
        for address in sorted(taken)
        if not foreign_plan.is_reserved(address, prefix.cidr)
    ]
