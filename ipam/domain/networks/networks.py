"""Networks: make, change, remove. How a child is carved out of its parent is in `ipam.domain.networks.children`."""

from collections.abc import Iterable
from typing import Any

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import (
    address_rules,
    child_rules,
    children,
    ids,
    network_changes,
    network_fields,
    removal,
    rules,
    vrfs,
)
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import Network
from ipam.models.events import Verb
from ipam.models.networks import CHILD_TYPES, SUPER_TYPES, NatType, NetworkType, Stack
from ipam.models.super_networks import ChildChoice, ClusterRanges

MAX_CHILDREN = 256  # of one request
# PATCH takes these, and `force` (rule 17).
UPDATABLE = (
    *Network.texts,
    "labels",
    "nat_type",
    "prefixes",
    "destination_prefixes",
    "default_child_prefix_length",
    "min_child_prefix_length",
    "additional_announcable_cidrs",
    "child_choice",
    "stack",
    "quarantine",
    "quarantine_strict",
    "cluster_ranges",
)
_ASSIGNED = (  # whose columns are not named as they are
    "destination_prefixes",
    "additional_announcable_cidrs",
    "default_child_prefix_length",
    "min_child_prefix_length",
)


@operation
def create(new: NewNetwork) -> Network:
    """Make a network of any type with its prefixes and VRF; a child's prefixes are carved out of its parent.

    What is wrong with the set of fields is reported together (rule 2), then what is wrong with their values.
    """
    if new.type not in NetworkType.values:
        raise errors.Invalid(f"A network type is one of {', '.join(NetworkType.values)}.", field="type")
    errors.raise_all(network_fields.violations_of_given(new.type, vars(new)))
    new = network_fields.look_up(new)
    if new.type in CHILD_TYPES:
        return children.carve_exactly(new) if new.prefixes else children.carve(new)
    access.require(Permission.OPERATE)
    return _create_root(new)


@operation
def create_many(new: NewNetwork, count: int) -> list[Network]:
    """Carve `count` children, 1 to 256, that differ in id, prefixes and VRF alone: all of them or none.

    ForbiddenField for other types and beside named prefixes; TooLarge; else as `create`.
    """
    access.require_anywhere(Permission.ALLOCATE)  # before anything is judged; where, says each
    if new.type not in CHILD_TYPES or new.prefixes:
        raise errors.ForbiddenField(
            "Only children whose prefixes are chosen for them can be many. Leave the count out.", field="count"
        )
    if not 1 <= count <= MAX_CHILDREN:
        raise errors.Invalid(f"count is a number from 1 to {MAX_CHILDREN}.", field="count")
    address_rules.check_room(count, new.name, new.description, new.labels)
    with history.as_one_event(Verb.CARVE):
        made = [create(new) for _ in range(count)]
        history.record(Verb.CARVE, child_rules.find_parent(network_fields.look_up(new)), count=count)
    return made


@operation
def update(network: Network, *, force: bool = False, **changes: Any) -> Network:
    """Change fields of a network; what is not named stays as it is (rules 17 to 19).

    Takes the names in `UPDATABLE`. `prefixes` is the whole new list of `IPNetwork`; child lengths are whole new
    {family: prefix length}. Everything is judged against the state after the change. `force` lets an
    announcable CIDR go. Owners describe any network of their project; the rest of one that is no child is the
    operator's (19a).
    """
    current = network_changes.lock(network)
    access.require_change(current, fields=changes)
    return network_changes.change(current, changes, force=force)


@operation
def add_prefix(
    network: Network, cidr: IPNetwork, *, default_child_prefix_length: int | None = None, **fields: Any
) -> Network:
    """Give a network one more prefix; a super network that gains a family by it takes its child length too (36).

    `fields` are its gateway, as `prefixes.update` has it.

    Overlap, PrefixNotCanonical, RangeNotUsable or FamilyNotAllowed as for a new network (rules 4 to 6);
    PrefixesImmutable for a child.
    """
    current = network_changes.lock(network)
    access.require_change(current)
    changes: dict[str, Any] = {"prefixes": [*_cidrs(current), cidr], "prefix_fields": {cidr: fields}}
    if default_child_prefix_length is not None:
        lengths = current.default_child_prefix_length
        changes["default_child_prefix_length"] = {**lengths, Family.of(cidr): default_child_prefix_length}
    return network_changes.change(current, changes)


@operation
def remove_prefix(network: Network, cidr: IPNetwork) -> Network:
    """Take a prefix from a network (rules 17 and 18).

    NotFound when it has no such prefix, LastPrefix, HasIps or HasChildren when it has to stay.
    """
    current = network_changes.lock(network)
    access.require_change(current)
    errors.raise_all(list(rules.violations_of_canonical([cidr], "prefix")))  # netaddr compares without host bits
    cidrs = _cidrs(current)
    if cidr not in cidrs:
        raise errors.NotFound(f"{current} has no prefix {cidr}. It has {_listed(cidrs)}.", field="prefix")
    return network_changes.change(current, {"prefixes": [kept for kept in cidrs if kept != cidr]})


@operation
def delete(network: Network) -> None:
    """Remove a network without children, machines and addresses (rule 20).

    Its space goes back to its parent and merges there; a VRF that nobody else uses returns to the pool.
    HasChildren, HasMachines, HasIps or InUse, all that hold it together.
    """
    removal.remove(network)


def _create_root(new: NewNetwork) -> Network:
    """Make a network whose prefixes are given: every type but the children."""
    ids.check_new_id(Network, new.id)
    network = Network(
        id=new.id,
        type=new.type,
        stack=new.stack or Stack.DUAL,
        **new.described,
        **new.cooling,
        project=new.project,
        partition=new.partition,
        vrf_shared=new.vrf_shared,
        nat_type=new.nat_type or NatType.NONE,
        child_choice=new.child_choice or ChildChoice.BEST_FIT,
        cluster_ranges=new.cluster_ranges or ClusterRanges.PER_VRF,
        vrf_id=new.vrf,
    )
    for name in _ASSIGNED:
        network_changes.assign(network, name, getattr(new, name))
    broken = network_changes.violations_of_prefixes(network, new.prefixes, new.prefixes, new.prefix_fields)
    errors.raise_all([*broken, *violations_of_partition(network)])
    if new.vrf is not None:
        network.vrf = vrfs.claim(new.vrf, shared=new.vrf_shared)
    network.save(force_insert=True)
    stored = network_changes.add_prefixes(network, new.prefixes, new.prefix_fields)
    network.known_prefixes = network_changes.in_order(stored)
    history.record(Verb.CREATE, network, after=network_changes.state_with(network, stored))
    return network


def violations_of_partition(network: Network) -> list[errors.IpamError]:
    """Rule 8: a partition has at most one super and at most one underlay network."""
    kinds = SUPER_TYPES if network.is_super else (network.type,)
    if network.partition is None or not (network.is_super or network.is_underlay):
        return []
    holder = Network.objects.filter(partition=network.partition, type__in=kinds).first()
    if holder is None:
        return []
    kind = "super" if network.is_super else "underlay"
    return [
        errors.OneSuperPerPartition(
            f"Partition {network.partition_id} already has the {kind} network {holder}. "
            "Add prefixes to that one, or leave the partition out.",
            field="partition",
        )
    ]


def _cidrs(network: Network) -> list[IPNetwork]:
    return [prefix.cidr for prefix in network.known_prefixes]


def _listed(cidrs: Iterable[IPNetwork]) -> str:
    return ", ".join(map(str, cidrs))
