"""From what somebody asks for to a plan that is judged and stored: proposals fill in what was left out."""

from collections.abc import Container, Mapping
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, prefetch_related_objects
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import proposing, rules, seeds, sizing, words
from ipam.domain.clusters.plan import NewCluster, Plan, plan_of
from ipam.domain.core import access, lookups, writes
from ipam.domain.networks import child_rules, networks
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import reservations
from ipam.models import Cluster, ClusterRange, Machine, MachineNetwork, Network
from ipam.models.base import know
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.networks import NetworkType

_WORDS = (
    *("name", "description", "platform", "kubernetes_version", "max_pods", "wanted_nodes", "native_routing"),
    *("ipam", "max_surge", "gardener_project", "gardener_version", "is_seed", "seed"),
)
_Fault = tuple[str, str, str]  # code, field and sentence: another range or number of the same field is another one


def carve_node_network(new: NewCluster) -> Network:
    """The node network, named like its cluster; its prefixes are shorter than usual only if the nodes need the room."""
    wanted = NewNetwork(
        type=NetworkType.CHILD,
        name=new.name,
        project=new.project,
        parent=new.parent,
        partition=new.partition,
        address_family=sorted(new.families),
    )
    usual = child_rules.find_parent(wanted).default_child_prefix_length
    nodes = (new.wanted_nodes or 1) + new.surge + int(new.platform == Platform.GARDENER)  # and the firewall
    lengths = {
        family: min(length, sizing.nodes_length(family, nodes))
        for family, length in usual.items()
        if not new.families or family in new.families
    }
    carved = networks.create(replace(wanted, length={} if lengths.items() <= usual.items() else lengths))
    return know(carved, prefixes=carved.known_prefixes)


def with_changes(cluster: Cluster, changes: Mapping[str, Any]) -> NewCluster:
    """What one would ask for to get a stored plan with these changes; of families that go nothing is asked."""
    stored: dict[str, Any] = {one.name: getattr(cluster, one.name, None) for one in fields(NewCluster)}
    asked = NewCluster(**stored | {"families": cluster.address_families} | dict(changes))
    kept: dict[str, Any] = {
        name: {family: value for family, value in getattr(asked, name).items() if family in asked.families}
        for name in ("pods", "services", "node_mask")
        if name not in changes
    }
    return replace(asked, **kept)


def save_plan(cluster: Cluster, asked: NewCluster, *, runs: bool = False) -> Cluster:
    """Complete what was asked for, judge it, and store it as the plan of a new or locked cluster, which knows it then.

    What the plan of a reserved cluster broke before is no hindrance: rules change, and it runs. Of one that `runs`
    already, only what cannot be stored is.
    """
    seeds.lock(asked.seed)
    lock_super(cluster)
    prefetch_related_objects([cluster], "network__prefixes")
    families = asked.families or tuple(sorted({one.address_family for one in cluster.network.prefixes.all()}))
    held = cluster.labels
    known = set() if cluster._state.adding or not cluster.is_reserved else set(map(_told, _faults(cluster)))
    _assign(cluster, replace(asked, families=families))
    wanted = proposing.complete(replace(asked, families=families), cluster.network, firewalls=cluster.firewalls)
    given = replace(wanted, pods=asked.pods, services=asked.services)  # what is proposed is nobody's
    _judge(cluster, wanted, given, known, runs=runs)
    for family in Family:
        setattr(cluster, f"node_mask_{family.key}", wanted.node_mask.get(family))
    with writes.together():
        if cluster._state.adding:
            writes.insert([know(cluster, ranges=[])])
        else:
            labels = {} if cluster.labels == held else {"labels": cluster.labels}  # older may be longer than today's
            cluster.revise(families=cluster.families, **labels, **_columns(cluster))
        _write_ranges(cluster, wanted, given)
    return cluster


def lock_super(cluster: Cluster) -> None:
    """Let plans below one super network take turns: nothing is proposed to two, and whether it is strict is known."""
    within = lookups.get(Network, reservations.reach(cluster.network), lock=True)
    if cluster.network.parent_id:
        cluster.network.parent = within


def _judge(cluster: Cluster, wanted: Plan, given: Plan, known: Container[_Fault], *, runs: bool) -> None:
    """Raise all that is wrong with a plan, of which something was given, but what is known."""
    if runs:
        errors.raise_all(_violations_of_storage(cluster, wanted, given))
        return
    broken = [error for error in rules.violations(wanted) if _told(error) not in known] or [
        *rules.violations_of_wanted_nodes(wanted),
        *_violations_of_world(cluster, wanted, given),
    ]
    errors.raise_all([error for error in broken if _told(error) not in known])


def _violations_of_storage(cluster: Cluster, wanted: Plan, given: Plan) -> list[errors.IpamError]:
    """What cannot be kept of a plan, whether a cluster runs by it or not."""
    return rules.violations_of_shape(wanted) or [
        *rules.violations_of_disjoint(wanted),
        *_violations_of_others(cluster),
        *_violations_of_overlaps(cluster, given, with_firewalls=False),
    ]


def validate(cluster: Cluster) -> list[errors.IpamError]:
    """Every rule that a stored plan breaks as the world is now."""
    held = plan_of(cluster)
    return rules.violations(held) or _violations_of_world(cluster, held, held)


def _faults(cluster: Cluster) -> list[errors.IpamError]:
    """The same to the last one, also of those that are looked at only when nothing else is wrong."""
    held = plan_of(cluster)
    broken = [*rules.violations(held), *rules.violations_of_wanted_nodes(held)]
    return [*broken, *_violations_of_world(cluster, held, held)]


def _violations_of_world(cluster: Cluster, wanted: Plan, given: Plan) -> list[errors.IpamError]:
    """What a plan has against it beside itself."""
    return [
        *_violations_of_others(cluster),
        *_violations_of_overlaps(cluster, given),
        *seeds.violations(cluster, wanted),
    ]


def get(key: UUID, *, lock: bool = False) -> Cluster:
    """The cluster with this id, with all that its plan is made of, or NotFound; `lock` as in `lookups`."""
    found = access.visible(Cluster.objects.with_plan(beside=True))
    if lock:
        found = found.select_for_update(no_key=True, of=("self",))
    known = found.filter(pk=key).first() if lookups.is_id(Cluster, key) else None
    return known or lookups.get(Cluster, key)


def lock(cluster: Cluster) -> Cluster:
    """The cluster as it is now, with its plan, held until the transaction ends by whoever may change it."""
    current = get(cluster.pk, lock=True)
    access.require_change(current)
    return current


def count_firewalls(network: Network) -> int:
    """How many firewalls are in a network."""
    return MachineNetwork.objects.filter(network=network, machine__role=Machine.Role.FIREWALL).count()


def _violations_of_overlaps(cluster: Cluster, wanted: Plan, *, with_firewalls: bool = True) -> list[errors.IpamError]:
    """Pods and services lie outside of all networks, and of what other clusters have reserved."""
    fields = {"pods": wanted.pods, "services": wanted.services}
    ranges = [(field, cidr) for field, held in fields.items() for cidr in held.values()]
    ranges += [("services", cidr) for cidr in wanted.service_cidrs]
    found = reservations.find_overlaps(cluster, ranges, with_firewalls=with_firewalls)
    return list(found) if ranges else []


def _told(error: errors.IpamError) -> _Fault:
    return error.code, error.field, error.detail


def _assign(cluster: Cluster, asked: NewCluster) -> None:
    """Set what is said in words and numbers; Invalid for what no cluster can be called or have."""
    order = ",".join(family.key for family in asked.families)
    if order not in FamilyOrder.values:
        raise errors.Invalid("A cluster has one family, or both, each once; the first is primary.", field="families")
    for name in _WORDS:
        setattr(cluster, name, getattr(asked, name))
    cluster.families, cluster.labels = order, dict(asked.labels)
    words.check(cluster, {*_WORDS, "families"} - {"seed"})


def _columns(cluster: Cluster) -> dict[str, Any]:
    names = (*_WORDS, "node_mask_ipv4", "node_mask_ipv6", "migration_step")
    return {name: getattr(cluster, name) for name in names}


def _violations_of_others(cluster: Cluster) -> list[errors.IpamError]:
    """A node network has one cluster, as its ranges are that cluster's nodes; a project has one of each name."""
    there = Q(network=cluster.network_id, state=Cluster.State.RESERVED)
    namesakes = Q(project=cluster.project_id, name=cluster.name) & ~Q(state=Cluster.State.RELEASED)
    others = list(Cluster.objects.filter(there | namesakes).exclude(pk=cluster.pk))
    taken = [held for held in others if held.is_reserved and held.network_id == cluster.network_id]
    named = [held for held in others if (held.project_id, held.name) == (cluster.project_id, cluster.name)]
    return [
        *(
            errors.NodeNetworkTaken(
                f"The nodes of {held if access.sees(held) else 'another cluster'} are in {cluster.network} already. "
                "Carve a node network of its own.",
                field="network",
            )
            for held in taken
        ),
        *(
            errors.AlreadyExists(f"The project already has a cluster {held}. Choose another name.", field="name")
            for held in named
        ),
    ]


def _write_ranges(cluster: Cluster, wanted: Plan, given: Plan) -> None:
    """The pods and services as rows; of a reserved cluster they are reserved, and what was proposed is nobody's."""
    reserved = reservations.columns(cluster)
    named = {*given.pods.values(), *given.services.values(), *given.service_cidrs}
    further = [(Family.of(cidr), cidr) for cidr in wanted.service_cidrs]
    purposes = (("pods", wanted.pods.items()), ("services", wanted.services.items()), ("further", further))
    rows = [
        ClusterRange(
            cluster=cluster,
            purpose=purpose,
            family=family,
            first=Address(cidr.first, cidr.version),
            last=Address(cidr.last, cidr.version),
            length=cidr.prefixlen,
            **reserved,
        )
        for purpose, ranges in purposes
        for family, cidr in ranges
    ]
    held = {(one.purpose, one.cidr) for one in cluster.ranges.all()}
    if held == {(one.purpose, one.cidr) for one in rows}:
        return
    if held:
        ClusterRange.objects.filter(cluster=cluster).delete()
    writes.insert(rows)
    for row in rows:
        if row.cidr not in named:
            row.other = row.holder = None
    know(cluster, ranges=rows)
