"""Halves of a pair: what one host took address by address becomes one allocation, and is parted again (rule 37a)."""

import uuid
from collections.abc import Iterator, Sequence

from django.db.models import Q

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups
from ipam.domain.core.operations import operation
from ipam.models import Claim, IPAddress, Network
from ipam.models.events import Verb

_MOST_OFFERED = 5


@operation
def join(keys: Sequence[object]) -> list[IPAddress]:
    """Let two addresses, named by their ids, be one allocation under the id of the IPv4 one; IPv4 first.

    They are of different families, of one network, project and type, and of one machine, or of none and of one name;
    Invalid or WrongProject say all that differs. InUse when one of them is half of a pair already, or claimed.
    """
    if len({str(key) for key in keys}) != 2:
        raise errors.Invalid("Two addresses are joined. Name one of each family.", field="ips")
    first, _ = (lookups.get(IPAddress, key, field="ips") for key in keys)
    held = _lock(first.network_id, Q(pk__in=keys))
    if len(held) < 2:
        raise errors.NotFound("One of the addresses has just been released. Look again.", field="ips")
    access.demand_change(*held)
    errors.raise_all([*_differences(*held), *_hindrances(held)])
    ipv4, ipv6 = held
    before, after = ipv6.allocation, ipv4.allocation
    ipv6.revise(allocation=after)
    history.record_addresses(Verb.JOIN, unchanged=held, changed={"allocation": [str(before), str(after)]})
    return held


@operation
def part(allocation: uuid.UUID) -> list[IPAddress]:
    """Let each address of a pair be an allocation of its own; the IPv4 one keeps the id. IPv4 first.

    Invalid when there is only one, InUse when a controller claims them.
    """
    seen = access.visible(IPAddress.objects.filter(allocation=allocation)).first()
    held = _lock(seen.network_id, Q(allocation=allocation)) if seen else []
    if not held:
        raise errors.NotFound(f"There is no allocation {allocation}. It may have been released already.")
    access.demand_change(*held)
    if len(held) < 2:
        raise errors.Invalid(f"{held[0]} is the only address of its allocation. There is nothing to part.")
    errors.raise_all(list(_claims(held)))
    _, ipv6 = held
    ipv6.revise(allocation=uuid.uuid4())
    changed = {"allocation": [str(allocation), str(ipv6.allocation)]}
    history.record_addresses(Verb.PART, unchanged=held, changed=changed)
    return held


def joinable(half: IPAddress) -> list[IPAddress]:
    """A few addresses that `half`, the only one of its allocation, can be joined with: those of the same host.

    None for what has neither machine nor name, for then nothing says whose it is. One statement, by the index of
    machines or that of names.
    """
    if not (half.machine_id or half.name):
        return []
    shared = ("network_id", "project_id", "machine_id", "type", *(() if half.machine_id else ("name",)))
    alike = IPAddress.objects.filter(**{name: getattr(half, name) for name in shared})
    unclaimed = alike.exclude(allocation__in=Claim.objects.values("allocation"))
    return list(access.visible(unclaimed.lacking(Family(half.family)))[:_MOST_OFFERED])


def _lock(network_id: str, wanted: Q) -> list[IPAddress]:
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
        yield errors.Invalid(f"{both} are of two networks: {one.network_id} and {other.network_id}.", field="ips")
    if one.project_id != other.project_id:
        yield errors.WrongProject(f"{both} belong to two projects: {one.project} and {other.project}.", field="ips")
    if one.type != other.type:
        yield errors.Invalid(f"{one} is {one.type}, {other} is {other.type}. Make both static first.", field="ips")
    if one.machine_id != other.machine_id:
        hosts = [f"machine {held.machine_id}" if held.machine_id else "no machine" for held in (one, other)]
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
    yield from _claims(held)


def _claims(held: Sequence[IPAddress]) -> Iterator[errors.IpamError]:
    """A controller knows what it claims by allocation, so that stays as it is."""
    for claim in Claim.objects.filter(allocation__in=[one.allocation for one in held]):
        address = next(one for one in held if one.allocation == claim.allocation)
        yield errors.InUse(f"A controller claims {address} as “{claim.name}”. Release the claim of that name.")
