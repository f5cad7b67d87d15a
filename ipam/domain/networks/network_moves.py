"""A network moves to another VRF, partition or project, as its type has it at creation; with its children and what
lives in it, or not at all (rule 28c). Whoever takes from it meanwhile, tenures refuse (`tenures.begin`)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ipam import errors
from ipam.addressing import some
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import (
    child_rules,
    children,
    network_changes,
    network_contents,
    network_fields,
    networks,
    vrfs,
)
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import reservations
from ipam.models import ClusterRange, MachineNetwork, Network, Partition, Project
from ipam.models.events import Verb

_MODELS = {"project": Project, "partition": Partition}


@operation
def move(network: Network, *, with_children: bool = False, **places: Any) -> Network:
    """Let a network be in another `vrf` (a VNI, or None), `partition` or `project`: each that is named, all or nothing.

    Rules and errors are those of creation (2, 7, 8, 10, 12, 21 and 31), judged for all that is there. Children that
    follow their super network are HasChildren unless they come `with_children`. To a project goes what its own has in
    the network: addresses, machines with all of theirs, clusters and ranges; InUse, HasMachines or WrongProject say
    what cannot. InUse, too, while clusters have reserved ranges in the VRF.
    """
    if not places:
        raise errors.Invalid("Say where it goes: name a vrf, a project or a partition.", field="vrf")
    current = network_changes.lock(network)
    access.require_change(current)
    errors.raise_all(_violations_of_places(current, places))
    wanted = {name: (_MODELS[name], one.pk) for name, one in places.items() if name in _MODELS and one is not None}
    places |= lookups.get_all(wanted)
    _require(current, places)
    with history.as_one_event(Verb.MOVE):
        moved = [current, *_children_along(current, places, with_children=with_children)]
        before = [states.of(one) for one in moved]
        if "vrf" in places:
            _to_vrf(moved, places["vrf"])
        if "partition" in places:
            _to_partition(moved, places["partition"])
        owner = places.get("project", current.project)
        handed = network_contents.hand_over(moved, owner) if owner != current.project else {}
        history.record_each(Verb.MOVE, list(zip(moved, before, strict=True))[1:])
        history.record(Verb.MOVE, current, before=before[0], after=states.of(current), **handed)
    return current


def _violations_of_places(network: Network, places: Mapping[str, Any]) -> list[errors.IpamError]:
    """Rule 2: what a network of its type never has, and what it always has."""
    if network.is_child and "partition" in places:
        detail = f"{network} is in the partition of {network.parent}. Move that one, with its children."
        return [errors.ForbiddenField(detail, field="partition")]
    gone = [name for name, place in places.items() if place is None]
    return [
        *network_fields.violations_of_changed_fields(network, places),
        *network_fields.violations_of_removed_fields(network, gone),
    ]


def _require(network: Network, places: Mapping[str, Any]) -> None:
    """Who may: of the platform its operators, of a child those who may carve one for the project that gets it."""
    if places.keys() - {"project"}:
        access.require(Permission.OPERATE)
    if (project := places.get("project")) is None or network.parent is None:
        return
    new = NewNetwork(type=network.type, project=project)
    children.require(new)
    child_rules.check_owner(new, network.parent)


def _children_along(network: Network, places: Mapping[str, Any], *, with_children: bool) -> list[Network]:
    """The children that cannot stay as they are, locked; HasChildren if they shall not come along."""
    following = network.children.order_by("pk")
    if not places.keys() & {"vrf", "partition"}:
        following = following.exclude(project=places["project"]) if places["project"] else following.none()
    found = lookups.lock_all(following, no_key=True) if with_children else list(following[:3])
    is_left = places.get("vrf", 0) is None  # each would need one of its own
    if found and (is_left or not with_children):
        detail = f"{some([str(one) for one in found])} follow {network}, which is their parent. "
        remedy = "Name a VRF for them." if is_left else "Say with_children to move all children along."
        raise errors.HasChildren(detail + remedy, field="vrf" if is_left else "with_children")
    access.require_own(*found)
    return found


def _to_vrf(moved: Sequence[Network], vni: int | None) -> None:
    """Rules 7 and 38. The VRF that its last network leaves goes, as `networks.delete` has it."""
    network = moved[0]
    parents = network.parent.vrf_id if network.parent else None
    if parents is not None and vni != parents:
        detail = f"Children of {network.parent} are in its VRF {parents}. Move that one, with its children."
        raise errors.VrfInherited(detail, field="vrf")
    leaving = [one for one in moved if one.vrf_id != vni]
    reserved = ClusterRange.objects.reserved().filter(cluster__network__in=[one.pk for one in leaving])
    if (held := reserved.select_related("cluster").first()) is not None:
        detail = f"{reservations.named(held)}, is reserved in VRF {held.reserved_vrf_id}. Release the cluster first."
        raise errors.InUse(detail, field="vrf")
    left = {one.vrf_id: one.vrf_shared for one in leaving if one.vrf_id is not None}
    if vni is not None and network in leaving:
        vrfs.claim(vni, shared=network.vrf_shared)
    for one in leaving:
        one.revise(vrf_id=vni)
    cidrs = [prefix.cidr for prefix in network.known_prefixes]
    errors.raise_all(list(reservations.find_reserved(cidrs, field="vrf", network=network).values()))
    for former, is_shared in sorted(left.items()):
        vrfs.give_up(former, shared=is_shared)


def _to_partition(moved: Sequence[Network], partition: Partition | None) -> None:
    """Rules 8 and 31."""
    network = moved[0]
    if partition == network.partition:
        return
    joined = MachineNetwork.objects.filter(network__in=[one.pk for one in moved]).select_related("machine__partition")
    if partition and (other := joined.exclude(machine__partition=partition).order_by("machine").first()):
        detail = f"Machine {other.machine} is in partition {other.machine.partition}. Release it first."
        raise errors.WrongPartition(detail, field="partition")
    for one in moved:
        one.partition = partition
    errors.raise_all(networks.violations_of_partition(network))
    for one in moved:
        one.revise(partition=partition)
