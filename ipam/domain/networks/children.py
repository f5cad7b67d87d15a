"""Child networks: prefixes carved out of a super network, one per family, all or nothing."""

import dataclasses
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Deed
from ipam.domain.networks import ids, rules, vrfs
from ipam.domain.networks.rules import NewNetwork
from ipam.domain.space import free_space, usable_space
from ipam.models import VRF, FreeBlock, Network, Prefix
from ipam.models.events import Verb
from ipam.models.networks import NetworkType, Stack
from ipam.values import parse_cidr


def carve(new: NewNetwork) -> Network:
    """Make a child network (rules 10 to 15). The set of its fields has been judged."""
    _demand(new)
    parent = find_parent(new)
    _check_owner(new, parent)
    _refuse_second_shared_child(new)
    stack = _stack_of_child(new, parent)
    prefixes = list(parent.prefixes.in_order())
    lengths = choose_lengths(parent, prefixes, new.length, new.address_family, Stack(stack).families)
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
def adopt(new: NewNetwork) -> Network:
    """Make a child network that comes from elsewhere: with the id, prefixes and VRF that it has there.

    The rules are those of `carve` (10 to 15), but nothing is chosen: each prefix has to be free in a prefix of the
    parent. A VRF is named only when the parent has none, or is the parent's. NAT type and destinations are its own.
    """
    _check_adopted_fields(new)
    _demand(new)
    parent = find_parent(new)
    _check_owner(new, parent)
    _refuse_second_shared_child(new)
    network = Network(
        id=new.id,
        stack=_stack_of_child(new, parent),
        nat_type=new.nat_type or parent.nat_type,
        destination_prefixes=[str(cidr) for cidr in new.destination_prefixes],
        **_inherited(new, parent),
    )
    sources = {cidr: _source(parent, cidr) for cidr in new.prefixes}
    errors.raise_all(
        [
            *rules.judge(network, new.prefixes),
            *usable_space.judge_taken(new.prefixes, field="prefixes"),
            *_judge_adopted_lengths(parent, sources),
        ]
    )
    is_parents = parent.vrf_id is not None and new.vrf == parent.vrf_id
    network.vrf = _vrf_of_child(dataclasses.replace(new, vrf=None) if is_parents else new, parent)
    network.save(force_insert=True)
    if network.namespace_id:
        free_space.open_namespace(parent, network.namespace_id)
    held = []
    for cidr, source in sources.items():
        find_holder = partial(_overlap, source, cidr, network.namespace_id)
        free_space.acquire_exactly(source, cidr, network.namespace_id, find_holder=find_holder, field="prefixes")
        held.append(_store_prefix(network, source, cidr))
    history.record(Verb.CREATE, network, after=states.of(network, prefixes=held), blocks_begun=held)
    return network


@operation
def add_family(network: Network, family: Family, *, length: int | None = None) -> Network:
    """Give a child network its second family, carved from its parent by the rules of creation (rule 36).

    `length` is the prefix length, by default the parent's. The parent's destinations of that family come along.
    """
    current = lookups.get(Network, network.pk, lock=True)
    access.demand_change(current)
    if not current.is_child or current.parent is None:
        raise errors.NetworkNotUsable(
            f"{current.pk} was not carved from a super network. Add a prefix of {family.label} to it instead."
        )
    held = list(current.prefixes.in_order())
    if any(prefix.family == family for prefix in held):
        raise errors.AlreadyExists(f"{current.pk} already has {family.label}.", field="address_family")
    _check_stack(current.allowed_families, family, current)
    parent = current.parent
    prefixes = list(parent.prefixes.in_order())
    asked = {} if length is None else {family: length}
    lengths = choose_lengths(parent, prefixes, asked, [family], Stack(parent.stack).families)
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
    access.demand(Deed.ALLOCATE, project_id)
    if new.type == NetworkType.CHILD_SHARED:
        access.demand(Deed.MANAGE, project_id, doing="make a network that every project may join")
    if new.vrf is not None:
        access.demand(Deed.OPERATE)


def choose_lengths(
    parent: Network,
    prefixes: Sequence[Prefix],
    asked: Mapping[Family, int],
    families: Sequence[Family],
    allowed: Sequence[Family],
) -> dict[Family, int]:
    """The prefix length of each family that a child gets (rule 13).

    `asked` replaces the parent's defaults as a whole. `families` keeps just those, and demands each of them.
    `allowed` is what the child's stack permits: defaults of other families are left out, asking for one is refused.
    """
    longest = {
        family: max(prefix.length for prefix in prefixes if prefix.family == family)
        for family in {prefix.address_family for prefix in prefixes}
    }
    errors.raise_all(list(rules.judge_child_lengths(asked, longest, field="length")))
    for family in [*asked, *families]:
        _check_stack(allowed, family, None)
    lengths = dict(asked) or {
        family: length for family, length in parent.default_child_prefix_length.items() if family in allowed
    }
    for family in families:
        if family not in lengths:
            raise errors.FamilyNotInNetwork(
                f"{parent.pk} gives no {family.label} child prefixes here. Add {family.label} to it, or ask for "
                "another family.",
                field="address_family",
            )
    lengths = {family: lengths[family] for family in sorted(lengths) if not families or family in families}
    if not lengths:
        raise errors.FamilyNotInNetwork(f"{parent.pk} has no family that this child's stack allows.", field="stack")
    for family, minimum in parent.min_child_prefix_length.items():
        if lengths.get(family, minimum) < minimum:
            raise _below_minimum(parent, family, lengths[family], field="length")
    return lengths


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


def _check_adopted_fields(new: NewNetwork) -> None:
    ids.check_new_id(Network, new.id)
    errors.raise_all(
        [
            errors.Required(f"A child network that comes from elsewhere needs “{name}”.", field=name)
            for name in ("project", "parent", "prefixes")
            if not getattr(new, name)
        ]
    )


def _check_owner(new: NewNetwork, parent: Network) -> None:
    if parent.project and parent.project != new.project:
        raise errors.WrongProject(
            f"{parent.pk} belongs to another project. Carve from a super network of yours or of nobody.", field="parent"
        )


def _source(parent: Network, cidr: IPNetwork) -> Prefix:
    """The parent's prefix that the child's lies in."""
    first, last = IPAddress(cidr.first, cidr.version), IPAddress(cidr.last, cidr.version)
    source = parent.prefixes.containing(first).filter(last__gte=last).first()
    if source is None:
        have = ", ".join(map(str, parent.prefixes.in_order()))
        raise errors.NotInPrefix(f"{cidr} lies in no prefix of {parent.pk}, which has {have}.", field="prefixes")
    return source


def _judge_adopted_lengths(parent: Network, sources: Mapping[IPNetwork, Prefix]) -> Iterator[errors.IpamError]:
    for cidr, source in sources.items():
        family = Family.of(cidr)
        longest = {family: source.length}
        yield from rules.judge_child_lengths({family: cidr.prefixlen}, longest, field="prefixes")
        if cidr.prefixlen < parent.min_child_prefix_length.get(family, 0):
            yield _below_minimum(parent, family, cidr.prefixlen, field="prefixes")


def _below_minimum(parent: Network, family: Family, length: int, *, field: str) -> errors.IpamError:
    minimum = parent.min_child_prefix_length[family]
    return errors.MinChildPrefixLength(
        f"{parent.pk} gives {family.label} children of /{minimum} or longer, not /{length}.", field=field
    )


def _overlap(source: Prefix, cidr: IPNetwork, namespace_id: uuid.UUID | None) -> errors.IpamError | None:
    holder = source.children.filter(namespace=namespace_id).overlapping(cidr).first()
    if holder is None:
        return None
    return errors.Overlap(
        f"{cidr} overlaps {holder} of network {holder.network_id}. Choose space outside of it.", field="prefixes"
    )


def find_parent(new: NewNetwork) -> Network:
    """The super network that a new child is carved from (rule 10)."""
    if new.parent and new.partition:
        raise errors.AmbiguousParent("Name the parent or the partition, not both.", field="parent")
    if new.parent:
        if not new.parent.is_super:
            raise errors.ParentNotSuper(
                f"{new.parent.pk} is of type {new.parent.type}; children are carved from super networks only.",
                field="parent",
            )
        return lookups.get(Network, new.parent.pk, field="parent")  # as it is now, not when the caller read it
    if not new.partition:
        raise errors.Required("Name the parent network, or a partition whose super network is used.", field="parent")
    parent = Network.objects.supers().filter(partition=new.partition, project=None).first()
    if parent is None:
        raise errors.NoParentNetwork(
            f"Partition {new.partition.pk} has no super network for every project. Name a parent, or create one.",
            field="partition",
        )
    return parent


def _refuse_second_shared_child(new: NewNetwork) -> None:
    """Rule 12."""
    if new.type != NetworkType.CHILD_SHARED:
        return
    shared = Network.objects.filter(type=NetworkType.CHILD_SHARED, project=new.project).first()
    if shared is not None:
        raise errors.OneSharedChildPerProject(
            f"The project already has the shared network {shared.pk}. Use that one, or delete it first.", field="type"
        )


def _stack_of_child(new: NewNetwork, parent: Network) -> str:
    """Rule 2: at most what the parent has, which is also the default."""
    stack = new.stack or parent.stack
    for family in Stack(stack).families:
        if family not in parent.allowed_families:
            raise errors.FamilyNotAllowed(
                f"{parent.pk} is {Stack(parent.stack).label}, so its children cannot be {Stack(stack).label}.",
                field="stack",
            )
    return stack


def _check_stack(allowed: Sequence[Family], family: Family, network: Network | None) -> None:
    if family not in allowed:
        name = network.pk if network else "The network"
        raise errors.FamilyNotAllowed(
            f"{name} has a stack without {family.label}. Set its stack to dual first, or leave {family.label} out.",
            field="stack",
        )


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
            source, cidr = free_space.acquire_child(candidates, length, network.namespace_id)
        except free_space.NoSpace:
            raise _exhausted(parent, family, length, network) from None
        taken.append(_store_prefix(network, source, cidr))
    return taken


def _store_prefix(network: Network, source: Prefix, cidr: IPNetwork) -> Prefix:
    prefix = Prefix.objects.create(
        network=network,
        parent=source,
        namespace_id=network.namespace_id,
        family=cidr.version,
        first=IPAddress(cidr.first, cidr.version),
        last=IPAddress(cidr.last, cidr.version),
        length=cidr.prefixlen,
    )
    free_space.open_prefix(prefix, network)
    return prefix


def _exhausted(parent: Network, family: Family, length: int, child: Network) -> errors.Exhausted:
    largest = FreeBlock.objects.filter(network=parent, family=family, namespace=child.namespace_id).order_by(
        "length", "prefix", "first"
    )[:3]
    blocks = ", ".join(str(free) for free in largest)
    have = f"The largest free blocks are {blocks}" if blocks else "Nothing is free"
    return errors.Exhausted(
        f"{family.label} of {parent.pk} has no room for a /{length}. {have}. Add an {family.label} prefix to "
        f"{parent.pk}, ask for a longer prefix length, or delete children. Nothing was taken.",
        field="address_family",
    )
