"""Networks: make, change, remove. How a child is carved out of its parent is in `ipam.domain.networks.children`."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, bulk_insert, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Deed
from ipam.domain.networks import children, ids, rules, vrfs
from ipam.domain.networks.rules import NewNetwork
from ipam.domain.space import free_space, usable_space
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.events import Verb
from ipam.models.networks import CHILD_TYPES, SUPER_TYPES, NatType, NetworkType, Stack

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
    "stack",
)


@operation
def create(new: NewNetwork) -> Network:
    """Make a network of any type with its prefixes and VRF; a child's prefixes are carved out of its parent.

    What is wrong with the set of fields is reported together (rule 2), then what is wrong with their values.
    """
    if new.type not in NetworkType.values:
        raise errors.Invalid(f"A network type is one of {', '.join(NetworkType.values)}.", field="type")
    errors.raise_all(rules.judge_fields(new))
    if new.type in CHILD_TYPES:
        return children.carve(new)
    access.demand(Deed.OPERATE)
    return _create_root(new)


@operation
def update(network: Network, *, force: bool = False, **changes: Any) -> Network:
    """Change fields of a network; what is not named stays as it is (rules 17 to 19).

    Takes the names in `UPDATABLE`. `prefixes` is the whole new list of `IPNetwork`; child lengths are whole new
    {family: prefix length}. Everything is judged against the state after the change. `force` lets an
    announcable CIDR go. Owners describe any network of their project; the rest of one that is no child is the
    operator's (19a).
    """
    current = lookups.get(Network, network.pk, lock=True)
    access.demand_change(current, fields=changes)
    return _change(current, changes, force=force)


@operation
def add_prefix(network: Network, cidr: IPNetwork, *, default_child_prefix_length: int | None = None) -> Network:
    """Give a network one more prefix; a super network that gains a family by it takes its child length too (36)."""
    current = lookups.get(Network, network.pk, lock=True)
    access.demand_change(current)
    changes: dict[str, Any] = {"prefixes": [*_cidrs(current), cidr]}
    if default_child_prefix_length is not None:
        lengths = current.default_child_prefix_length
        changes["default_child_prefix_length"] = {**lengths, Family.of(cidr): default_child_prefix_length}
    return _change(current, changes)


@operation
def remove_prefix(network: Network, cidr: IPNetwork) -> Network:
    """Take a prefix from a network; refused for the last one, and while it holds addresses or children (17, 18)."""
    current = lookups.get(Network, network.pk, lock=True)
    access.demand_change(current)
    errors.raise_all(list(rules.judge_canonical([cidr], "prefix")))  # netaddr compares without host bits
    cidrs = _cidrs(current)
    if cidr not in cidrs:
        raise errors.NotFound(f"{current.pk} has no prefix {cidr}. It has {_listed(cidrs)}.", field="prefix")
    return _change(current, {"prefixes": [kept for kept in cidrs if kept != cidr]})


@operation
def delete(network: Network) -> None:
    """Remove a network without children, machines and addresses (rule 20).

    Its space goes back to its parent and merges there; a VRF that nobody else uses returns to the pool.
    """
    current = lookups.get(Network, network.pk, lock=True)
    access.demand_change(current)
    free_space.hold(current.prefixes.all())
    _refuse_while_used(current)
    vrf, prefixes = current.vrf, list(current.prefixes.in_order())
    ended = [prefix for prefix in prefixes if prefix.parent_id is not None]
    history.record(Verb.DELETE, current, before=states.of(current, prefixes=prefixes), blocks_ended=ended)
    _delete_prefixes(prefixes)
    current.delete()
    if vrf is not None:
        vrfs.give_up(vrf)  # before the space, as carving locks them
    for prefix in prefixes:
        if prefix.parent_id is not None:
            free_space.release(prefix.parent_id, [prefix.cidr], prefix.namespace_id)


def _create_root(new: NewNetwork) -> Network:
    """Make a network whose prefixes are given: every type but the children."""
    ids.check_new_id(Network, new.id)
    network = Network(
        id=new.id,
        type=new.type,
        stack=new.stack or Stack.DUAL,
        **new.described,
        project=new.project,
        partition=new.partition,
        vrf_shared=new.vrf_shared,
        nat_type=new.nat_type or NatType.NONE,
    )
    _assign(network, "destination_prefixes", new.destination_prefixes)
    _assign(network, "additional_announcable_cidrs", new.additional_announcable_cidrs)
    _assign(network, "default_child_prefix_length", new.default_child_prefix_length)
    _assign(network, "min_child_prefix_length", new.min_child_prefix_length)
    errors.raise_all(
        [
            *rules.judge(network, new.prefixes),
            *usable_space.judge_prefixes(new.prefixes),
            *rules.find_overlaps(new.prefixes),
            *_one_per_partition(network),
        ]
    )
    if new.vrf is not None:
        network.vrf = vrfs.claim(new.vrf, shared=new.vrf_shared)
    network.save(force_insert=True)
    _add_prefixes(network, new.prefixes)
    history.record(Verb.CREATE, network, after=states.of(network, prefixes=_in_order(new.prefixes)))
    return network


def _change(network: Network, changes: dict[str, Any], *, force: bool = False) -> Network:
    """Judge the state after the changes, then make them. The network is locked."""
    if "prefixes" in changes and network.is_child:
        raise errors.PrefixesImmutable(
            f"{network.pk} was carved from {network.parent_id}: its prefixes stay. "
            "Add a family to it, or carve another child.",
            field="prefixes",
        )
    errors.raise_all(rules.judge_changed_fields(network, changes))
    stored = list(network.prefixes.in_order())
    before = [prefix.cidr for prefix in stored]
    after: Sequence[IPNetwork] = changes.get("prefixes", before)
    known, kept = set(before), set(after)
    added = [cidr for cidr in after if cidr not in known]
    removed = [prefix for prefix in stored if prefix.cidr not in kept]
    # Of a prefix that is made wider, `find_overlaps` says what to do instead.
    wider = set(added)
    gone = [prefix for prefix in removed if wider.isdisjoint(prefix.cidr.supernet())]
    announcable_before = network.additional_announcable_cidrs
    state_before = states.of(network, prefixes=before)

    columns: set[str] = set()
    for name, value in changes.items():
        columns |= _assign(network, name, value)
    errors.raise_all(
        [
            *_judge_removed_prefixes(network, gone, after),  # first: what is in use is what has to go first
            *rules.judge(network, after),
            *usable_space.judge_prefixes(added),
            *rules.find_overlaps(added, own=before, removed=removed),
            *_judge_dropped_announcable(network, announcable_before, force=force),
        ]
    )
    _delete_prefixes(removed)
    _add_prefixes(network, added)
    network.revise(**{column: getattr(network, column) for column in sorted(columns)})
    history.record(Verb.UPDATE, network, before=state_before, after=states.of(network, prefixes=_in_order(after)))
    return network


def _assign(network: Network, name: str, value: Any) -> set[str]:
    """Set a field, named as in the API, on the instance; returns the columns that hold it."""
    if name == "prefixes":
        return set()
    if name in ("destination_prefixes", "additional_announcable_cidrs"):
        setattr(network, name, [str(cidr) for cidr in value])
        return {name}
    if name in ("default_child_prefix_length", "min_child_prefix_length"):
        stem = name.replace("_prefix", "")
        for family in Family:
            setattr(network, f"{stem}_{family.key}", value.get(family))
        return {f"{stem}_{family.key}" for family in Family}
    setattr(network, name, value)
    return {name}


def _add_prefixes(network: Network, cidrs: Iterable[IPNetwork]) -> None:
    """Store them in this order, in as many statements as for one."""
    prefixes = [
        Prefix(
            network=network,
            family=cidr.version,
            first=IPAddress(cidr.first, cidr.version),
            last=IPAddress(cidr.last, cidr.version),
            length=cidr.prefixlen,
        )
        for cidr in cidrs
    ]
    bulk_insert.store(Prefix, prefixes)
    free_space.open_prefixes(prefixes, network)


def _delete_prefixes(prefixes: Sequence[Prefix]) -> None:
    keys = [prefix.pk for prefix in prefixes]
    FreeBlock.objects.filter(prefix__in=keys).delete()
    Prefix.objects.filter(pk__in=keys).delete()


def _one_per_partition(network: Network) -> list[errors.IpamError]:
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
            f"Partition {network.partition_id} already has the {kind} network {holder.pk}. "
            "Add prefixes to that one, or leave the partition out.",
            field="partition",
        )
    ]


def _judge_removed_prefixes(
    network: Network, removed: Sequence[Prefix], after: Sequence[IPNetwork]
) -> list[errors.IpamError]:
    """Rules 17 and 18: the last prefix stays; a prefix with addresses or children stays."""
    if not after:
        return [
            errors.LastPrefix(f"{network.pk} would have no prefix left. Delete the network instead.", field="prefixes")
        ]
    free_space.hold(network.prefixes.filter(pk__in=[prefix.pk for prefix in removed]))
    broken: list[errors.IpamError] = []
    held, children = _count_by(removed, "addresses"), _count_by(removed, "children")
    for prefix in removed:
        if addresses := held.get(prefix.pk):
            broken.append(
                errors.HasIps(f"{prefix} holds {addresses:,} addresses. Release them first.", field="prefixes")
            )
        if carved := children.get(prefix.pk):
            broken.append(
                errors.HasChildren(
                    f"{prefix} holds {carved:,} child prefixes. Delete their networks first.", field="prefixes"
                )
            )
    return broken


def _count_by(prefixes: Sequence[Prefix], what: str) -> dict[int, int]:
    """How many addresses or children each of these prefixes has, of those that have any."""
    counted = Prefix.objects.filter(pk__in=[prefix.pk for prefix in prefixes], **{f"{what}__isnull": False})
    return dict(counted.order_by().values("pk").annotate(number=Count(what)).values_list("pk", "number"))


def _judge_dropped_announcable(network: Network, before: Sequence[str], *, force: bool) -> list[errors.IpamError]:
    """Rule 19: clusters may announce from these CIDRs, so dropping one needs force."""
    dropped = set(before) - set(network.additional_announcable_cidrs)
    if not dropped or force:
        return []
    return [
        errors.AnnouncableCidrNeedsForce(
            f"Clusters may still announce addresses of {', '.join(sorted(dropped))}; switches would drop them. "
            "Send force: true if none do.",
            field="additional_announcable_cidrs",
        )
    ]


def _refuse_while_used(network: Network) -> None:
    broken: list[errors.IpamError] = []
    if count := network.children.count():
        broken.append(errors.HasChildren(f"{network.pk} has {count:,} child networks. Delete them first."))
    if count := network.clusters.count():
        broken.append(errors.InUse(f"{count:,} cluster plans stand on {network.pk}. Release and delete them first."))
    if count := network.attachments.count():
        broken.append(errors.HasMachines(f"{count:,} machines are in {network.pk}. Release them first."))
    if count := network.addresses.count():
        broken.append(errors.HasIps(f"{network.pk} holds {count:,} addresses. Release them first."))
    errors.raise_all(broken)


def _cidrs(network: Network) -> list[IPNetwork]:
    return [prefix.cidr for prefix in network.prefixes.in_order()]


def _in_order(cidrs: Iterable[IPNetwork]) -> list[IPNetwork]:
    """As a network shows them: IPv4 before IPv6, else as they were added."""
    return sorted(cidrs, key=lambda cidr: cidr.version)


def _listed(cidrs: Iterable[IPNetwork]) -> str:
    return ", ".join(map(str, cidrs))
