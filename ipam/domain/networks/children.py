"""Child networks: prefixes carved out of a super network, one per family, all or nothing."""

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, states, writes
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import child_rules, child_space, ids, network_changes, network_fields, quotas, rules, vrfs
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.networks.prefixes import NO_FIELDS, PrefixFields, violations_of_fields
from ipam.domain.space import reservations, usable_space
from ipam.models import Network, Prefix
from ipam.models.events import Verb
from ipam.models.networks import NetworkType, Stack


class Exits(NamedTuple):
    """Where a child leads to, in the place of what its parent says."""

    nat_type: str
    destination_prefixes: Sequence[IPNetwork]


@writes.together()
def carve(new: NewNetwork, exits: Exits | None = None, source: Prefix | None = None) -> Network:
    """Make a child network (rules 10 to 15), perhaps out of this prefix of its parent alone. The set of its fields has
    been judged.
    """
    require(new)
    parent = child_rules.parent_for(new)
    stack = child_rules.stack_of_child(new, parent)
    lengths = child_rules.choose_lengths(parent, new.length, new.address_family, Stack(stack).families)
    network = _carved(new, parent, lengths, exits)
    carved = child_space.take(network, parent, lengths, source)
    if exits is not None:
        errors.raise_all(rules.violations(network, [prefix.cidr for prefix in carved]))
    if new.vrf is not None:  # shared, perhaps with a cluster below another super network
        reservations.check_carved(network, carved)
    writes.insert([network])
    return _told(network, carved)


def carve_exactly(new: NewNetwork) -> Network:
    """Make a child network of the prefixes that it names, with what it says of each (rules 10 to 13, 15, 25a), and no
    others: each is free in one of its parent's, else NotInPrefix, Overlap or InRange. The set of its fields has been
    judged.
    """
    require(new)
    parent = child_rules.parent_for(new)
    network = _carved(new, parent, map(Family.of, new.prefixes))
    sources = child_space.find_sources(parent, new.prefixes)
    check_prefixes(network, new.prefixes, parent, sources, new.prefix_fields)
    network.save(force_insert=True)
    carved = child_space.take_exactly(network, parent, sources, new.prefix_fields)
    if new.vrf is not None:
        reservations.check_carved(network, carved)
    return _told(network, carved)


@operation
def carve_as_metal_api(new: NewNetwork, exits: Exits) -> Network:
    """Make a child as metal-api does: it leads where its request says, and not where its parent does (rules 2 and 11
    give way), and lengths that it names are merged over the parent's (rule 13). Else as `networks.create`.

    metal-stack: `metalctl network allocate --dmz` names all three. PrefixNotCanonical for destinations with host bits,
    FamilyNotInNetwork for those of a family that the child has not (rule 5).
    """
    errors.raise_all(network_fields.violations_of_given(new.type, vars(new)))
    new = network_fields.look_up(new)
    if new.length:
        defaults = child_rules.find_parent(new).default_child_prefix_length
        new = dataclasses.replace(new, length={**defaults, **new.length})
    return carve(new, exits)


@operation
def carve_within(new: NewNetwork, source: Prefix) -> Network:
    """Make a child out of one prefix of its parent and no other, as go-ipam does; else as `networks.create`."""
    errors.raise_all(network_fields.violations_of_given(new.type, vars(new)))
    return carve(network_fields.look_up(new), source=source)


@operation
def import_child(new: NewNetwork) -> Network:
    """Make a child network that comes from elsewhere: with the id, prefixes and VRF that it has there.

    The rules are those of `carve` (10 to 15), but nothing is chosen: each prefix is free in one of the parent's, else
    NotInPrefix or Overlap. A VRF is named only when the parent has none, or is the parent's. Destinations are its own.
    """
    ids.check_new_id(Network, new.id)
    child_rules.check_imported_fields(new)
    require(new := network_fields.look_up(new))
    parent = child_rules.parent_for(new)
    network = unstored(new, parent)
    sources = child_space.find_sources(parent, new.prefixes)
    check_prefixes(network, new.prefixes, parent, sources)
    is_parents = parent.vrf_id is not None and new.vrf == parent.vrf_id
    network.vrf_id = _vni_of_child(dataclasses.replace(new, vrf=None) if is_parents else new, parent)
    network.save(force_insert=True)
    held = child_space.take_exactly(network, parent, sources)
    history.record(Verb.CREATE, network, after=states.of(network, prefixes=held), blocks_begun=held)
    quotas.charge(blocks_begun=held)
    return network


@operation
def add_family(network: Network, family: Family, *, length: int | None = None, widen: bool = False) -> Network:
    """Give a child network its second family, carved from its parent by the rules of creation (rule 36).

    `length` is the prefix length, by default the parent's. The parent's destinations of that family come along;
    with `widen` the stack becomes dual.
    AlreadyExists when it has the family, FamilyNotAllowed by its stack, Exhausted when the parent has no room.
    """
    current = network_changes.lock(network)
    access.require_change(current)
    if not current.is_child or current.parent is None:
        raise errors.NetworkNotUsable(
            f"{current} was not carved from a super network. Add a prefix of {family.label} to it instead."
        )
    held = current.known_prefixes
    if any(prefix.family == family for prefix in held):
        raise errors.AlreadyExists(f"{current} already has {family.label}.", field="address_family")
    stack = Stack.DUAL if widen else Stack(current.stack)
    child_rules.check_stack(stack.families, family, current)
    access.require_own(parent := current.parent)
    asked = {} if length is None else {family: length}
    lengths = child_rules.choose_lengths(parent, asked, [family], Stack(parent.stack).families)
    before = states.of(current, prefixes=held)
    carved = child_space.take(current, parent, lengths)
    inherited = child_rules.of_families(parent.destination_prefixes, lengths)
    current.revise(stack=stack, destination_prefixes=[*dict.fromkeys([*current.destination_prefixes, *inherited])])
    current.known_prefixes = held = sorted([*held, *carved], key=lambda prefix: prefix.family)
    after = states.of(current, prefixes=held)
    history.record(Verb.ADD_FAMILY, current, before=before, after=after, blocks_begun=carved)
    quotas.charge(blocks_begun=carved)
    return current


def unstored(new: NewNetwork, parent: Network) -> Network:
    """A child that comes from elsewhere, without its VRF; FamilyNotAllowed for a stack that its parent has not."""
    return Network(
        id=new.id,
        stack=child_rules.stack_of_child(new, parent),
        nat_type=new.nat_type or parent.nat_type,
        destination_prefixes=[str(cidr) for cidr in new.destination_prefixes],
        **_inherited(new, parent),
    )


def check_prefixes(
    network: Network,
    prefixes: Sequence[IPNetwork],
    parent: Network,
    sources: Mapping[IPNetwork, Prefix],
    fields: PrefixFields = NO_FIELDS,
) -> None:
    """Raise all that is wrong with given prefixes of a child, each with the parent's that it lies in."""
    errors.raise_all(
        [
            *rules.violations(network, prefixes),
            *usable_space.violations_of_taken(prefixes, field="prefixes"),
            *child_rules.violations_of_imported_lengths(parent, sources),
            *(error for cidr in prefixes for error in violations_of_fields(network, cidr, fields.get(cidr, {}))),
        ]
    )


def require(new: NewNetwork) -> None:
    """Who may carve for the project, and what every project may join (12); naming a VRF is about the platform."""
    project_id = new.project.pk if new.project else None
    access.require(Permission.ALLOCATE, project_id)
    if new.type == NetworkType.CHILD_SHARED and not access.current().edits_everywhere:
        access.require(Permission.MANAGE, project_id, doing="make a network that every project may join")
    if new.vrf is not None:
        access.require(Permission.OPERATE)


def _carved(new: NewNetwork, parent: Network, families: Iterable[Family], exits: Exits | None = None) -> Network:
    """A child that is made here, not stored yet, with its VRF."""
    return Network(
        id=str(uuid.uuid4()),
        stack=child_rules.stack_of_child(new, parent),
        vrf_id=_vni_of_child(new, parent),
        nat_type=parent.nat_type if exits is None else exits.nat_type,
        destination_prefixes=child_rules.of_families(parent.destination_prefixes, families)
        if exits is None
        else list(map(str, exits.destination_prefixes)),
        **_inherited(new, parent),
    )


def _told(network: Network, carved: list[Prefix]) -> Network:
    """A child that was made here, with its event, charged to the quotas."""
    network.known_prefixes = carved
    after = network_changes.state_with(network, carved)
    history.record(Verb.CARVE, network, after=after, blocks_begun=carved, is_undoable=True)
    quotas.charge(blocks_begun=carved)
    return network


def _inherited(new: NewNetwork, parent: Network) -> dict[str, Any]:
    """The columns that a child has from its request and its parent, however it is made (rule 11)."""
    return {
        "type": new.type,
        **new.described,
        **new.cooling,
        "project": new.project,
        "parent": parent,
        "partition_id": parent.partition_id,
        "namespace": new.project if parent.is_namespaced else None,
        "vrf_shared": new.vrf_shared,
    }


def _vni_of_child(new: NewNetwork, parent: Network) -> int:
    """Rule 7: the parent's VRF; else the one named; else one from the pool."""
    if parent.vrf_id is not None:
        if new.vrf is not None:
            raise errors.VrfInherited(
                f"Children of {parent} are in its VRF {parent.vrf_id}. Leave the VRF out.", field="vrf"
            )
        return parent.vrf_id
    return (vrfs.draw() if new.vrf is None else vrfs.claim(new.vrf, shared=new.vrf_shared)).pk
