"""Who holds what is in sight of a map, now or at a moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef
from netaddr import IPNetwork

from ipam.addressing import Address, Family, block, host
from ipam.domain.core import access
from ipam.domain.insight import tenures
from ipam.domain.space import prefix_map
from ipam.domain.space.prefix_map import Cell
from ipam.links import link, state_of
from ipam.models import IPAddress, Network, Prefix, Tenure

_MAX_HOLDERS = 256  # as many as there are squares


@dataclass(frozen=True)
class Holder:
    """What holds a block in sight: a child network, or at the last zoom an allocation. Partners share their `link`."""

    cidr: IPNetwork
    label: str
    link: str
    detail: str
    project: str
    project_id: UUID | None  # names are not unique
    type: str
    # Of a moment that has passed neither is known.
    labels: Mapping[str, str] = field(default_factory=dict)
    tenant: str = ""


# Those in a block of a prefix that is drawn as these cells.
Holders = Callable[[Prefix, IPNetwork, Sequence[Cell]], list[Holder]]


def now(namespace: UUID | None) -> Holders:
    """Those of this moment, of a namespaced super those of one project."""
    links: dict[UUID, str] = {}  # of allocations: a pair has one page

    def found(prefix: Prefix, whole: IPNetwork, cells: Sequence[Cell]) -> list[Holder]:
        is_super = prefix.network.is_super
        return _children(prefix, whole, cells, namespace) if is_super else _addresses(prefix, cells, links)

    return found


def then(namespace: UUID | None, at: datetime) -> Holders:
    """Those of a moment, by what their networks and addresses are called in the tenures."""
    links: dict[object, str] = {}  # of networks and allocations: partners share one, as they do now

    def found(prefix: Prefix, whole: IPNetwork, cells: Sequence[Cell]) -> list[Holder]:
        held = access.visible(prefix_map.held_at(prefix, whole, namespace, at))
        if prefix.network.is_super:
            return [_child_then(one, links) for one in held.filter(length__lte=cells[0].cidr.prefixlen)[:_MAX_HOLDERS]]
        rows = list(held[:_MAX_HOLDERS]) if cells[0].cidr.size == 1 else []
        tenures.name_as_of(rows, at)
        return [_address_then(one, at, links) for one in rows]

    return found


def partner(network: Network, whole: IPNetwork, look: Address | None) -> Address | None:
    """The other half of what was looked for; else the lowest of those of a block of at most 256 addresses."""
    halves = access.visible(IPAddress.objects.filter(network=network).within(whole))
    of_look = halves.filter(address=look or whole.ip, allocation=OuterRef("allocation"))
    others = IPAddress.objects.filter(family=Family.of(whole).other, allocation__in=halves.values("allocation"))
    found = access.visible(others).annotate(is_wanted=Exists(of_look)).values_list("is_wanted", "address")
    return min(found, key=lambda row: (not row[0], row[1]), default=(False, None))[1]


def _children(prefix: Prefix, whole: IPNetwork, cells: Sequence[Cell], namespace: UUID | None) -> list[Holder]:
    """The child prefixes that fill whole squares, lowest first; no more than there are squares."""
    in_sight = prefix_map.children_in_sight(prefix, whole, cells[0].cidr.prefixlen).filter(namespace=namespace)
    found = access.visible(in_sight).select_related("network__project")[:_MAX_HOLDERS]
    holders = [_child(one.cidr, one.network) for one in found]
    return sorted(holders, key=lambda holder: holder.cidr.first)


def _child(cidr: IPNetwork, network: Network) -> Holder:
    page, project = link("network", network.pk), str(network.project)
    tenant = network.project.tenant if network.project else ""
    return Holder(cidr, str(network), page, project, project, network.project_id, network.type, network.labels, tenant)


def _addresses(prefix: Prefix, cells: Sequence[Cell], links: dict[UUID, str]) -> list[Holder]:
    """Who holds which address, once a square is a single address. A pair has one page, and so one of `links`."""
    if cells[0].cidr.size > 1:
        return []
    in_sight = IPAddress.objects.filter(prefix=prefix, address__gte=cells[0].cidr.ip, address__lte=cells[-1].cidr.ip)
    return [
        Holder(
            host(one.address),
            one.name or "taken",
            links.setdefault(one.allocation, link("address", one.pk)),
            str(one.machine or one.project),
            str(one.project),
            one.project_id,
            one.type,
            one.labels,
            one.project.tenant,
        )
        for one in access.visible(in_sight).select_related("machine", "project").order_by("address")
    ]


def _child_then(one: Tenure, links: dict[object, str]) -> Holder:
    cidr = block(one.family, one.address.value, one.length or 0)
    where = links.setdefault(one.network_id, state_of(cidr, one.namespace_id, of="block-state"))
    return Holder(cidr, one.name or one.network_id, where, one.project_name, one.project_name, one.project_id, one.type)


def _address_then(one: Tenure, at: datetime, links: dict[object, str]) -> Holder:
    own = state_of(one.address, one.namespace_id, at=f"{at:%Y-%m-%dT%H:%MZ}")
    where = links.setdefault(one.allocation or one.pk, own)
    label, detail = one.name or "taken", one.machine_name or one.project_name
    return Holder(host(one.address), label, where, detail, one.project_name, one.project_id, one.type)
