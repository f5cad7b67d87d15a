"""Child networks: prefixes carved out of a super network, one per family, all or nothing."""

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import child_rules, rules, vrfs
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import allocator, free_space, usable_space
from ipam.models import VRF, Network, Prefix
from ipam.models.events import Verb
from ipam.models.networks import NetworkType, Stack
from ipam.values import parse_cidr


def carve(new: NewNetwork) -> Network:
    """Make a child network (rules 10 to 15). The set of its fields has been judged."""
    _demand(new)
    parent = child_rules.parent_for(new)
    stack = child_rules.stack_of_child(new, parent)
    prefixes = list(parent.prefixes.in_order())
    lengths = child_rules.choose_lengths(parent, prefixes, new.length, new.address_family, Stack(stack).families)
    network = Network(
        id=str(uuid.uuid4()),
        stack=stack,
        vrf=_vrf_of_child(new, parent),
        nat_type=parent.nat_type,
        destination_prefixes=_of_families(parent.destination_prefixes, lengths),
        **_inherited(new, parent),
    )
    network.save(force_insert=True)
    carved = _take_prefixes(network, parent, prefixes, lengths)
    history.record(Verb.CARVE, network, after=states.of(network, prefixes=carved), blocks_begun=carved)
    return network


@operation
def import_child(new: NewNetwork) -> Network:
    """Make a child network that comes from elsewhere: with the id, prefixes and VRF that it has there.

    The rules are those of `carve` (10 to 15), but nothing is chosen: each prefix is free in one of the parent's, else
    NotInPrefix or Overlap. A VRF is named only when the parent has none, or is the parent's. Destinations are its own.
    """
    child_rules.check_adopted_fields(new)
    _demand(new)
    parent = child_rules.parent_for(new)
    network = Network(
        id=new.id,
        stack=child_rules.stack_of_child(new, parent),
        nat_type=new.nat_type or parent.nat_type,
        destination_prefixes=[str(cidr) for cidr in new.destination_prefixes],
        **_inherited(new, parent),
    )
    sources = {cidr: _source(parent, cidr) for cidr in new.prefixes}
    errors.raise_all(
        [
            *rules.violations(network, new.prefixes),
            *usable_space.violations_of_taken(new.prefixes, field="prefixes"),
            *child_rules.violations_of_adopted_lengths(parent, sources),
        ]
    )
    is_parents = parent.vrf_id is not None and new.vrf == parent.vrf_id
    network.vrf = _vrf_of_child(dataclasses.replace(new, vrf=None) if is_parents else new, parent)
    network.save(force_insert=True)
    held = _take_exactly(network, parent, sources)
    history.record(Verb.CREATE, network, after=states.of(network, prefixes=held), blocks_begun=held)
    return network


@operation
def add_family(network: Network, family: Family, *, length: int | None = None) -> Network:
    """Give a child network its second family, carved from its parent by the rules of creation (rule 36).

    `length` is the prefix length, by default the parent's. The parent's destinations of that family come along.
    AlreadyExists when it has the family, FamilyNotAllowed by its stack, Exhausted when the parent has no room.
    """
    current = lookups.get(Network, network.pk, lock=True)
    access.require_change(current)
    if not current.is_child or current.parent is None:
        raise errors.NetworkNotUsable(
            f"{current.pk} was not carved from a super network. Add a prefix of {family.label} to it instead."
        )
    held = list(current.prefixes.in_order())
    if any(prefix.family == family for prefix in held):
        raise errors.AlreadyExists(f"{current.pk} already has {family.label}.", field="address_family")
    child_rules.check_stack(current.allowed_families, family, current)
    parent = current.parent
    prefixes = list(parent.prefixes.in_order())
    asked = {} if length is None else {family: length}
    lengths = child_rules.choose_lengths(parent, prefixes, asked, [family], Stack(parent.stack).families)
    before = states.of(current, prefixes=held)
    carved = _take_prefixes(current, parent, prefixes, lengths)
    inherited = _of_families(parent.destination_prefixes, lengths)
    known = current.destination_prefixes
    current.revise(destination_prefixes=known + [cidr for cidr in inherited if cidr not in known])
    held = sorted([*held, *carved], key=lambda prefix: prefix.family)
    after = states.of(current, prefixes=held)
    history.record(Verb.ADD_FAMILY, current, before=before, after=after, blocks_begun=carved)
    return current


def _demand(new: NewNetwork) -> None:
    """Who may carve for the project, and what every project may join (12); naming a VRF is about the platform."""
    project_id = new.project.pk if new.project else None
    access.require(Permission.ALLOCATE, project_id)
    if new.type == NetworkType.CHILD_SHARED:
        access.require(Permission.MANAGE, project_id, doing="make a network that every project may join")
    if new.vrf is not None:
        access.require(Permission.OPERATE)


def _inherited(new: NewNetwork, parent: Network) -> dict[str, Any]:
    """The columns that a child has from its request and its parent, however it is made (rule 11)."""
    return {
        "type": new.type,
        **new.described,
        "project": new.project,
        "parent": parent,
        "partition": parent.partition,
        "namespace": new.project if parent.is_namespaced else None,
        "vrf_shared": new.vrf_shared,
    }


def _source(parent: Network, cidr: IPNetwork) -> Prefix:
    """The parent's prefix that the child's lies in."""
    first, last = IPAddress(cidr.first, cidr.version), IPAddress(cidr.last, cidr.version)
    source = parent.prefixes.containing_address(first).filter(last__gte=last).first()
    if source is None:
        have = ", ".join(map(str, parent.prefixes.in_order()))
        raise errors.NotInPrefix(f"{cidr} lies in no prefix of {parent.pk}, which has {have}.", field="prefixes")
    return source


def _vrf_of_child(new: NewNetwork, parent: Network) -> VRF:
    """Rule 7: the parent's VRF; else the one named; else one from the pool."""
    if parent.vrf is not None:
        if new.vrf is not None:
            raise errors.VrfInherited(
                f"Children of {parent.pk} are in its VRF {parent.vrf_id}. Leave the VRF out.", field="vrf"
            )
        return parent.vrf
    return vrfs.draw() if new.vrf is None else vrfs.claim(new.vrf, shared=new.vrf_shared)


def _of_families(cidrs: Iterable[str], families: Iterable[Family]) -> list[str]:
    wanted = set(families)
    return [text for text in cidrs if Family.of(parse_cidr(text)) in wanted]


def _take_exactly(network: Network, parent: Network, sources: Mapping[IPNetwork, Prefix]) -> list[Prefix]:
    """Take just these prefixes, each from the parent's that it lies in; Overlap when a child holds a part of one."""
    if network.namespace_id:
        free_space.open_namespace(parent, network.namespace_id)
    taken = []
    for cidr, source in sources.items():
        find_holder = partial(child_rules.overlap, source, cidr, network.namespace_id)
        allocator.acquire_exactly(source, cidr, network.namespace_id, find_holder=find_holder, field="prefixes")
        taken.append(_store_prefix(network, source, cidr))
    return taken


def _take_prefixes(
    network: Network, parent: Network, prefixes: Sequence[Prefix], lengths: Mapping[Family, int]
) -> list[Prefix]:
    """Carve one prefix per family; when one family has no room, `Exhausted` undoes the others (rule 14)."""
    taken = []
    if network.namespace_id:
        free_space.open_namespace(parent, network.namespace_id)
    for family, length in lengths.items():
        candidates = [prefix for prefix in prefixes if prefix.family == family]
        try:
            source, cidr = allocator.acquire_child(candidates, length, network.namespace_id)
        except allocator.NoSpace:
            raise child_rules.exhausted(parent, family, length, network) from None
        taken.append(_store_prefix(network, source, cidr))
    return taken


def _store_prefix(network: Network, source: Prefix, cidr: IPNetwork) -> Prefix:
    prefix = Prefix.of(cidr, network=network, parent=source, namespace_id=network.namespace_id)
    prefix.save(force_insert=True)
    free_space.open_prefix(prefix, network)
    return prefix
