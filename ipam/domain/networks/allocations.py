"""Allocations as people see them: one row for what one request took, IPv4 and IPv6 beside each other.

What one host took address by address is joined to one allocation, and parted again (rule 37a).
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups
from ipam.domain.core.operations import operation
from ipam.domain.core.paging import Page, page
from ipam.domain.networks import address_rules, sharing
from ipam.models import Claim, IPAddress, Network
from ipam.models.events import Verb

_BOOKKEEPING = ("created_at", "updated_at", "generation")
_UNTOLD = [
    *(
        f"{one}__{column}"
        for one in ("machine", "cluster", "project")
        for column in (*_BOOKKEEPING, "description", "labels")
    ),
    *(f"prefix__{column}" for column in (*_BOOKKEEPING, "last")),
    "cluster__document",
]  # of what a row of a list names
_MAX_OFFERED = 5  # counterparts, for people to choose from


@dataclass(frozen=True)
class Allocation:
    """The addresses of one allocation id; either family may be missing, not both."""

    id: UUID
    addresses: tuple[IPAddress | None, IPAddress | None]  # IPv4, IPv6

    @property
    def representative(self) -> IPAddress:
        """The address that speaks for both: they share name, type, project and machine."""
        return next(address for address in self.addresses if address is not None)

    def seen_from(self, one: IPAddress) -> "AllocationRow":
        """The allocation as a row of a list of addresses."""
        return AllocationRow(
            self, *sorted((each for each in self.addresses if each), key=lambda each: each.pk != one.pk)
        )

    @property
    def texts(self) -> list[str]:
        return [str(address) for address in self.addresses if address is not None]


@dataclass(frozen=True)
class AllocationRow:
    """One address of an allocation, and its partner in the other family if it has one."""

    allocation: Allocation
    address: IPAddress
    partner: IPAddress | None = None


@dataclass(frozen=True)
class Count:
    """How many addresses there are, of how many allocations; when not whole there are more."""

    addresses: int
    allocations: int
    is_whole: bool

    @property
    def pairs(self) -> int:
        """Allocations of which both halves are counted."""
        return self.addresses - self.allocations


def page_of(network: Network, *, limit: int, cursor: str = "") -> tuple[Page, list[Allocation]]:
    """A page of a network's allocations in address order, those with IPv4 first; two statements."""
    held = access.visible(IPAddress.objects.filter(network=network))
    found = page(_leading(held), field="address", limit=limit, cursor=cursor)
    return found, pair_up(found.rows, network)


def count(addresses: QuerySet[IPAddress], *, most: int) -> Count:
    """How many addresses and allocations these are; of more than `most` addresses only so many are looked at.

    One statement.
    """
    looked_at = addresses.order_by()[: most + 1]
    found = looked_at.aggregate(addresses=models.Count("pk"), allocations=models.Count("allocation", distinct=True))
    return Count(found["addresses"], found["allocations"], is_whole=found["addresses"] <= most)


def get(allocation: UUID) -> Allocation:
    """One allocation; NotFound if it was released."""
    held = list(
        access.visible(IPAddress.objects.filter(allocation=allocation)).select_related(
            "machine", "cluster", "project", "network", "prefix"
        )
    )
    if not held:
        raise errors.NotFound(f"There is no allocation {allocation}. It may have been released already.")
    return _allocation(held)


def pair_up(rows: list[IPAddress], network: Network | None = None) -> list[Allocation]:
    """The allocations of these addresses, in their order, completed by the other family.

    One statement if all are of this `network`, else two: joined, PostgreSQL would read all networks for 50 addresses.
    """
    ids = [address.allocation for address in rows]
    related = IPAddress.objects.select_related("machine", "cluster", "project", "prefix").defer(*_UNTOLD)
    held = related.filter(allocation__in=ids)
    partners: dict[UUID, list[IPAddress]] = {}
    for address in sharing.know_holders(held if network else held.prefetch_related("network")):
        address.network = network or address.network
        partners.setdefault(address.allocation, []).append(address)
    return [_allocation(partners[allocation]) for allocation in dict.fromkeys(ids) if allocation in partners]


def _allocation(held: list[IPAddress]) -> Allocation:
    by_family = {address.family: address for address in held}
    return Allocation(held[0].allocation, (by_family.get(Family.IPV4), by_family.get(Family.IPV6)))


def _leading(addresses: QuerySet[IPAddress]) -> QuerySet[IPAddress]:
    """One address per allocation: the IPv4 one where there is one."""
    with_ipv4 = IPAddress.objects.filter(allocation=OuterRef("allocation"), family=Family.IPV4)
    return addresses.filter(Q(family=Family.IPV4) | ~Exists(with_ipv4))


@operation
def join(keys: Sequence[object]) -> list[IPAddress]:
    """Let two addresses, named by their ids, be one allocation under the id of the IPv4 one; IPv4 first.

    They are of different families, of one network, project and type, and of one machine, or of none and of one name;
    Invalid or WrongProject say all that differs. InUse when one of them is half of a pair already, claimed, or a
    cluster's.
    """
    if len({str(key) for key in keys}) != 2:
        raise errors.Invalid("Two addresses are joined. Name one of each family.", field="ips")
    first, _ = (lookups.get(IPAddress, key, field="ips") for key in keys)
    held = _lock_halves(first.network_id, Q(pk__in=keys))
    if len(held) < 2:
        raise errors.NotFound("One of the addresses has just been released. Look again.", field="ips")
    access.require_change(*held)
    errors.raise_all([*_differences(*held), *_hindrances(held)])
    ipv4, ipv6 = held
    before, after = ipv6.allocation, ipv4.allocation
    ipv6.revise(allocation=after)
    history.record_addresses(Verb.JOIN, unchanged=held, changed={"allocation": [str(before), str(after)]})
    return held


@operation
def part(allocation: UUID) -> list[IPAddress]:
    """Let each address of a pair be an allocation of its own; the IPv4 one keeps the id. IPv4 first.

    Invalid when there is only one, InUse when a controller claims them or a cluster owns them.
    """
    seen = access.visible(IPAddress.objects.filter(allocation=allocation)).first()
    held = _lock_halves(seen.network_id, Q(allocation=allocation)) if seen else []
    if not held:
        raise errors.NotFound(f"There is no allocation {allocation}. It may have been released already.")
    access.require_change(*held)
    if len(held) < 2:
        raise errors.Invalid(f"{held[0]} is the only address of its allocation. There is nothing to part.")
    errors.raise_all(list(_bonds(held)))
    _, ipv6 = held
    ipv6.revise(allocation=uuid.uuid4())
    changed = {"allocation": [str(allocation), str(ipv6.allocation)]}
    history.record_addresses(Verb.PART, unchanged=held, changed=changed)
    return held


def joinable(half: IPAddress) -> list[IPAddress]:
    """A few addresses that `half`, the only one of its allocation, can be joined with: those of the same host.

    None for what has neither machine nor name, for then nothing says whose it is, or is a cluster's. One statement,
    by the index of machines or that of names.
    """
    if half.cluster_id or not (half.machine_id or half.name):
        return []
    shared = ("network_id", "project_id", "machine_id", "type", "shared", *(() if half.machine_id else ("name",)))
    alike = IPAddress.objects.filter(cluster=None, **{name: getattr(half, name) for name in shared})
    unclaimed = alike.exclude(allocation__in=Claim.objects.exclude(allocation=None).values("allocation"))
    return list(access.visible(unclaimed.lacking(Family(half.family)))[:_MAX_OFFERED])


def _lock_halves(network_id: str, wanted: Q) -> list[IPAddress]:
    """The addresses, as they are when nobody else works on them; IPv4 first.

    Whoever completes allocations of a network locks it first, and so do we: what it adds is seen, and what we change.
    """
    list(Network.objects.filter(pk=network_id).select_for_update(no_key=True))
    held = lookups.lock_all(access.visible(IPAddress.objects.filter(wanted)).order_by("pk"))
    return sorted(held, key=lambda address: address.family)


def _differences(one: IPAddress, other: IPAddress) -> Iterator[errors.IpamError]:
    """What says that two addresses are no pair of one host."""
    both = f"{one} and {other}"
    if one.family == other.family:
        yield errors.Invalid(f"{both} are both {one.address_family.label}. A pair has one of each family.", field="ips")
    if one.network_id != other.network_id:
        yield errors.Invalid(f"{both} are of two networks: {one.network} and {other.network}.", field="ips")
    if one.project_id != other.project_id:
        yield errors.WrongProject(f"{both} belong to two projects: {one.project} and {other.project}.", field="ips")
    if one.type != other.type:
        yield errors.Invalid(f"{one} is {one.type}, {other} is {other.type}. Make both static first.", field="ips")
    if one.shared != other.shared:
        yield errors.Invalid(f"{both} are not shared alike. Take two that are, or none.", field="ips")
    if one.machine_ids != other.machine_ids:
        hosts = [f"machine {held.machine}" if held.machine_id else "no machine" for held in (one, other)]
        yield errors.Invalid(f"{both} are of two hosts: {hosts[0]} and {hosts[1]}.", field="ips")
    elif one.machine_id is None and one.name != other.name:
        names = [f"“{held.name}”" if held.name else "nothing" for held in (one, other)]
        yield errors.Invalid(
            f"{one} is called {names[0]}, {other} {names[1]}. Give both one name first, if they are of one host.",
            field="ips",
        )


def _hindrances(held: Sequence[IPAddress]) -> Iterator[errors.IpamError]:
    """What each of them is bound to already."""
    allocations = {one.allocation: one for one in held}
    if len(allocations) < 2:
        yield errors.InUse(f"{held[0]} and {held[1]} are one allocation already.", field="ips")
        return
    for partner in IPAddress.objects.filter(allocation__in=allocations).exclude(pk__in=[one.pk for one in held]):
        yield errors.InUse(
            f"{allocations[partner.allocation]} is a pair with {partner} already. Part that first.", field="ips"
        )
    yield from _bonds(held)


def _bonds(held: Sequence[IPAddress]) -> Iterator[errors.IpamError]:
    """A controller knows what it claims by allocation, and a cluster what it owns, so that stays as it is."""
    yield from map(address_rules.owned, (one for one in held if one.cluster_id))
    for claim in Claim.objects.filter(allocation__in=[one.allocation for one in held]):
        address = next(one for one in held if one.allocation == claim.allocation)
        yield errors.InUse(f"A controller claims {address} as “{claim.name}”. Release the claim of that name.")
