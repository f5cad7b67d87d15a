"""Addresses move to another network or prefix, host part kept, or to another project (rule 28b); pairs together."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from typing import Any

from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups
from ipam.domain.core.operations import operation
from ipam.domain.networks import acquisition, address_rules, addresses, quotas
from ipam.models import IPAddress, Machine, MachineNetwork, Network, Prefix, Project
from ipam.models.events import Verb


@operation
def move(
    allocation: uuid.UUID,
    *,
    network: Network | None = None,
    prefix: Prefix | None = None,
    project: Project | None = None,
) -> list[IPAddress]:
    """Move all addresses of an allocation to a network, to a `prefix` (within one network those of its family alone),
    or to a project; one of the three. All or nothing; IPv4 first.

    To another place each keeps what it is within its prefix: AlreadyAllocated where somebody has that, and else as
    for a named address (21 to 26, 4a); NetworkNotUsable where its machine is not. InUse for what a cluster owns or a
    controller claims, and, to another project, for a machine's.
    """
    if [network, prefix, project].count(None) != 2:
        raise errors.Invalid("Name one of network, prefix and project: where it goes.", field="network")
    held = addresses.lock_allocation(allocation)
    access.require_change(*held)
    address_rules.check_unbound(held)
    owner = held[0].project if project is None else lookups.get(Project, project.pk, field="project")
    prefix = lookups.get(Prefix, prefix.pk, field="prefix") if prefix else None  # as it is at this try
    target = lookups.get(Network, network.pk, field="network") if network else prefix.network if prefix else None
    target = target or held[0].network
    addresses.require_allocation(target, owner)
    address_rules.check_may_take(target, owner)
    if project is not None:
        return _give(held, owner)
    moving = [one for one in held if not prefix or one.family == prefix.family or one.network_id != target.pk]
    return _put(held, moving, target, prefix)


@operation
def move_many(keys: Collection[uuid.UUID], **place: Any) -> None:
    """Move these allocations to one network or project, as `move` has it: all of them, or none."""
    if len(place) != 1:
        raise errors.Invalid("Name a network or a project: where they go.", field="network")
    with history.as_one_event(Verb.MOVE):
        for key in sorted(keys):
            move(key, **place)
        history.record(Verb.MOVE, *place.values(), count=len(keys))


def _give(held: list[IPAddress], owner: Project) -> list[IPAddress]:
    """Let a project have these addresses."""
    if (one := next((one for one in held if one.machine_id), None)) is not None:
        raise errors.InUse(f"{one} belongs to machine {one.machine}. Take it off that first.", field="project")
    before = [copy(one) for one in held]
    if held[0].project_id != owner.pk:
        for one in held:
            one.revise(project=owner)
        _tell(before, held, {"project": [str(before[0].project_id), str(owner.pk)]})
    return held


def _put(held: list[IPAddress], moving: list[IPAddress], target: Network, prefix: Prefix | None) -> list[IPAddress]:
    """Let addresses be what they are in the prefixes of another network, or in this one."""
    known = [prefix] if prefix else []
    known += [one for one in target.prefixes.in_order() if not prefix or one.family != prefix.family]
    sources = Prefix.objects.in_bulk({one.prefix_id for one in moving})
    into = {one.pk: _prefix_for(one, sources[one.prefix_id], target, known) for one in moving}
    _lock([*sources.values(), *into.values()])
    places = {one.pk: _place(one, sources[one.prefix_id], into[one.pk]) for one in moving}
    moving = [one for one in moving if places[one.pk] != one.address or one.network_id != target.pk]
    if not moving:
        return held
    _check_machines(moving, target)
    wanted = [places[one.pk] for one in moving]
    taken = {row.family: row for row in acquisition.draw(target, addresses=wanted, project_id=moving[0].project_id)}
    before = [copy(one) for one in moving]
    for one in moving:
        row = taken[one.family]
        one.revise(address=row.address, prefix=row.prefix, network=target, namespace_id=target.namespace_id)
    acquisition.free(before)
    _tell(before, moving, {"ips": [list(map(str, before)), list(map(str, moving))]})
    return held


def _lock(prefixes: Iterable[Prefix]) -> None:
    """Lock prefixes between which addresses move, all before anything is taken, in the order of who gives back.

    Busy where one has been changed since it was read.
    """
    read = {one.pk: one.generation for one in prefixes}
    held = Prefix.objects.filter(pk__in=read).order_by("network_id", "family", "pk").select_for_update(no_key=True)
    if {one.pk: one.generation for one in held} != read:
        raise errors.Busy("Others change these prefixes at this moment. Nothing was changed; send it again.")


def _place(one: IPAddress, source: Prefix, into: Prefix) -> Address:
    """What an address will be: as far into a prefix as it is into its own."""
    return Address(into.first.value + one.address.value - source.first.value, one.family)


def _prefix_for(one: IPAddress, source: Prefix, target: Network, known: Sequence[Prefix]) -> Prefix:
    """The first of these prefixes that is large enough for an address to be in it where it is in its own."""
    mine = [prefix for prefix in known if prefix.family == one.family]
    if not mine:
        raise address_rules.without_family(target, Family(one.family))
    offset = one.address.value - source.first.value
    into = next((prefix for prefix in mine if offset < prefix.cidr.size), None)
    if into is None:
        have = ", ".join(map(str, mine))
        detail = f"{one} is address {offset:,} of {source}, and none of {have} has so many. Take another instead."
        raise errors.NotInPrefix(detail, field="prefix")
    return into


def _check_machines(moving: Sequence[IPAddress], target: Network) -> None:
    """An address of a machine stays in the networks of it."""
    for one in moving:
        if keys := one.machine_ids:
            joined = set(
                MachineNetwork.objects.filter(machine__in=keys, network=target).values_list("machine", flat=True)
            )
            for machine in Machine.objects.filter(pk__in=keys).order_by("pk"):
                address_rules.check_machine(machine, target, one.project, is_joined=machine.pk in joined)


def _tell(before: list[IPAddress], after: list[IPAddress], changed: dict[str, list[object]]) -> None:
    history.record_addresses(Verb.MOVE, ended=before, begun=after, changed=changed)
    quotas.charge(ended=before, begun=after)
