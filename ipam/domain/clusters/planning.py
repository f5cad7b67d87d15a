"""From what somebody asks for to a plan that is judged and stored: proposals fill in what was left out."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from netaddr import IPAddress as Address

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import proposing, rules, sizing
from ipam.domain.clusters.plan import NewCluster, Plan, plan_of
from ipam.domain.core import access, lookups
from ipam.domain.networks import child_rules, networks
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import reservations
from ipam.models import Cluster, ClusterRange, Network
from ipam.models.clusters import FamilyOrder
from ipam.models.networks import NetworkType

_WORDS = ("name", "description", "platform", "kubernetes_version", "max_pods", "wanted_nodes", "native_routing")


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
    nodes = new.wanted_nodes or 1
    lengths = {
        family: min(length, sizing.nodes_length(family, nodes))
        for family, length in usual.items()
        if not new.families or family in new.families
    }
    return networks.create(replace(wanted, length={} if lengths.items() <= usual.items() else lengths))


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


def save_plan(cluster: Cluster, asked: NewCluster) -> Cluster:
    """Complete what was asked for, judge it, and store it as the plan of a new or locked cluster.

    Plans below one super network take turns: what is free for one proposal must not be proposed to another.
    """
    lookups.get(Network, reservations.reach(cluster.network), lock=True)
    families = asked.families or tuple(sorted({one.address_family for one in cluster.network.prefixes.all()}))
    held = cluster.labels
    _assign(cluster, replace(asked, families=families))
    wanted = proposing.complete(replace(asked, families=families), cluster.network)
    errors.raise_all(
        rules.violations(wanted)
        or [*_violations_of_network(cluster), *_violations_of_name(cluster), *_violations_of_overlaps(cluster, wanted)]
    )
    for family in Family:
        setattr(cluster, f"node_mask_{family.key}", wanted.node_mask.get(family))
    if cluster._state.adding:
        cluster.save(force_insert=True)
    else:
        labels = {} if cluster.labels == held else {"labels": cluster.labels}  # older ones may be longer than today's
        cluster.revise(families=cluster.families, **labels, **_columns(cluster))
    _write_ranges(cluster, wanted)
    return reload(cluster)


def validate(cluster: Cluster) -> list[errors.IpamError]:
    """Every rule that a stored plan breaks as the world is now."""
    held = plan(cluster)
    return rules.violations(held) or [*_violations_of_network(cluster), *_violations_of_overlaps(cluster, held)]


def plans(clusters: Iterable[Cluster]) -> dict[Any, Plan]:
    """The plans of clusters that were fetched `with_plan`, by their id; one statement."""
    by_id = {cluster.pk: cluster for cluster in clusters}
    held = proposing.firewalls(cluster.network_id for cluster in by_id.values())
    return {key: plan_of(cluster, firewalls=held.count(cluster.network_id)) for key, cluster in by_id.items()}


def reload(cluster: Cluster) -> Cluster:
    """The cluster as it is stored, with all that its plan is made of."""
    return get(cluster.pk)


def plan(cluster: Cluster) -> Plan:
    """The plan of a cluster that was fetched `with_plan`; one statement."""
    return plans([cluster])[cluster.pk]


def get(key: UUID) -> Cluster:
    """The cluster with this id, with all that its plan is made of, or NotFound."""
    found = access.visible(Cluster.objects.with_plan()).filter(pk=key).first()
    return found or lookups.get(Cluster, key)


def _violations_of_overlaps(cluster: Cluster, wanted: Plan) -> list[errors.IpamError]:
    """Pods and services lie outside of all networks, and of what other clusters have reserved."""
    return [
        error
        for name, ranges in (("pods", wanted.pods), ("services", wanted.services))
        for cidr in ranges.values()
        for error in reservations.find_overlaps(cluster, cidr, field=name)
    ]


def _assign(cluster: Cluster, asked: NewCluster) -> None:
    """Set what is said in words and numbers; Invalid for what no cluster can be called or have."""
    order = ",".join(family.key for family in asked.families)
    if order not in FamilyOrder.values:
        raise errors.Invalid("A cluster has one family, or both, each once; the first is primary.", field="families")
    for name in _WORDS:
        setattr(cluster, name, getattr(asked, name))
    cluster.families, cluster.labels = order, dict(asked.labels)
    try:
        cluster.clean_fields(exclude=["project", "network", "labels"])
    except ValidationError as error:
        broken = [(name, text) for name, texts in error.message_dict.items() for text in texts]
        errors.raise_all([errors.Invalid(f"{name}: {text}", field=name) for name, text in broken])


def _columns(cluster: Cluster) -> dict[str, Any]:
    names = (*_WORDS, "node_mask_ipv4", "node_mask_ipv6")
    return {name: getattr(cluster, name) for name in names}


def _violations_of_network(cluster: Cluster) -> list[errors.IpamError]:
    """A node network has one cluster: its ranges are that cluster's nodes."""
    other = Cluster.objects.filter(network=cluster.network_id, state=Cluster.State.RESERVED).exclude(pk=cluster.pk)
    return [
        errors.NodeNetworkTaken(
            f"The nodes of {held if access.sees(held) else 'another cluster'} are in {cluster.network_id} already. "
            "Carve a node network of its own.",
            field="network",
        )
        for held in other[:1]
    ]


def _violations_of_name(cluster: Cluster) -> list[errors.IpamError]:
    named = Cluster.objects.filter(project=cluster.project_id, name=cluster.name).exclude(pk=cluster.pk)
    return [
        errors.AlreadyExists(f"The project already has a cluster {held}. Choose another name.", field="name")
        for held in named.exclude(state=Cluster.State.RELEASED)[:1]
    ]


def _write_ranges(cluster: Cluster, wanted: Plan) -> None:
    """The pods and services as rows; of a reserved cluster they are reserved."""
    cluster.ranges.all().delete()
    reserved_in = reservations.reach(cluster.network) if cluster.is_reserved else None
    ClusterRange.objects.bulk_create(
        ClusterRange(
            cluster=cluster,
            purpose=purpose,
            family=family,
            first=Address(cidr.first, cidr.version),
            last=Address(cidr.last, cidr.version),
            length=cidr.prefixlen,
            reserved_in_id=reserved_in,
        )
        for purpose, ranges in (("pods", wanted.pods), ("services", wanted.services))
        for family, cidr in ranges.items()
    )
