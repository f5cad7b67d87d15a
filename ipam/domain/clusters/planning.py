"""From what somebody asks for to a plan that is judged and stored: proposals fill in what was left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import rules
from ipam.domain.clusters import sizing as proposals
from ipam.domain.clusters.plan import Plan, Ranges, announcable, plan_of, usable
from ipam.domain.core import access, lookups
from ipam.domain.networks import child_rules, networks
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import gaps, reservations, usable_space
from ipam.models import Cluster, ClusterRange, LocalSpace, Machine, MachineNetwork, Network, Partition, Project
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.networks import NetworkType

DEFAULT_VERSION = "1.33"
_MOST_PROPOSED_NODES = 4096  # of a node network that holds more, as every IPv6 prefix does
_WORDS = ("name", "description", "platform", "kubernetes_version", "max_pods", "wanted_nodes", "native_routing")


@dataclass(frozen=True, kw_only=True)
class NewCluster:
    """What a request says about a cluster; whatever is left out is proposed.

    The node network is named, or carved from `parent` or from the super network of `partition`. Without `families`
    the cluster has those of its node network, IPv4 first.
    """

    name: str
    project: Project
    network: Network | None = None
    parent: Network | None = None
    partition: Partition | None = None
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: str = Platform.GARDENER
    kubernetes_version: str = DEFAULT_VERSION
    families: Sequence[Family] = ()
    pods: Ranges = field(default_factory=dict)
    services: Ranges = field(default_factory=dict)
    node_mask: Mapping[Family, int] = field(default_factory=dict)
    max_pods: int = proposals.DEFAULT_MAX_PODS
    wanted_nodes: int | None = None
    native_routing: bool = True


def carve(new: NewCluster) -> Network:
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
        family: min(length, proposals.nodes_length(family, nodes))
        for family, length in usual.items()
        if not new.families or family in new.families
    }
    return networks.create(replace(wanted, length={} if lengths.items() <= usual.items() else lengths))


def changed(cluster: Cluster, changes: Mapping[str, Any]) -> NewCluster:
    """What one would ask for to get a stored plan with these changes; of families that go nothing is asked."""
    stored: dict[str, Any] = {one.name: getattr(cluster, one.name, None) for one in fields(NewCluster)}
    asked = NewCluster(**stored | {"families": cluster.address_families} | dict(changes))
    kept: dict[str, Any] = {
        name: {family: value for family, value in getattr(asked, name).items() if family in asked.families}
        for name in ("pods", "services", "node_mask")
        if name not in changes
    }
    return replace(asked, **kept)


def store(cluster: Cluster, asked: NewCluster) -> Cluster:
    """Complete what was asked for, judge it, and store it as the plan of a new or locked cluster.

    Plans below one super network take turns: what is free for one proposal must not be proposed to another.
    """
    lookups.get(Network, reservations.reach(cluster.network), lock=True)
    families = asked.families or tuple(sorted({one.address_family for one in cluster.network.prefixes.all()}))
    held = cluster.labels
    _assign(cluster, replace(asked, families=families))
    wanted = _complete(replace(asked, families=families), cluster.network)
    errors.raise_all(
        rules.judge(wanted) or [*_judge_network(cluster), *_judge_name(cluster), *_judge_overlaps(cluster, wanted)]
    )
    for family in Family:
        setattr(cluster, f"node_mask_{family.key}", wanted.node_mask.get(family))
    if cluster._state.adding:
        cluster.save(force_insert=True)
    else:
        labels = {} if cluster.labels == held else {"labels": cluster.labels}  # older ones may be longer than today's
        cluster.revise(families=cluster.families, **labels, **_columns(cluster))
    _write_ranges(cluster, wanted)
    return fetch(cluster)


def judge(cluster: Cluster) -> list[errors.IpamError]:
    """Every rule that a stored plan breaks as the world is now."""
    held = plan(cluster)
    return rules.judge(held) or [*_judge_network(cluster), *_judge_overlaps(cluster, held)]


def plans(clusters: Iterable[Cluster]) -> dict[Any, Plan]:
    """The plans of clusters that were fetched `with_plan`, by their id; one statement."""
    by_id = {cluster.pk: cluster for cluster in clusters}
    held = _firewalls(cluster.network_id for cluster in by_id.values())
    return {key: plan_of(cluster, firewalls=held.count(cluster.network_id)) for key, cluster in by_id.items()}


def fetch(cluster: Cluster) -> Cluster:
    """The cluster as it is stored, with all that its plan is made of."""
    return find(cluster.pk)


def plan(cluster: Cluster) -> Plan:
    """The plan of a cluster that was fetched `with_plan`; one statement."""
    return plans([cluster])[cluster.pk]


def find(key: UUID) -> Cluster:
    """The cluster with this id, with all that its plan is made of, or NotFound."""
    found = access.visible(Cluster.objects.with_plan()).filter(pk=key).first()
    return found or lookups.get(Cluster, key)


def _judge_overlaps(cluster: Cluster, wanted: Plan) -> list[errors.IpamError]:
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


def _complete(asked: NewCluster, network: Network) -> Plan:
    """The plan that was asked for, with masks and ranges for all that was left out."""
    nodes = _nodes(asked.families, network)
    count = asked.wanted_nodes or min(_MOST_PROPOSED_NODES, *(usable(cidr) for cidr in nodes.values()))
    mask = {family: proposals.node_mask(family, asked.max_pods) for family in asked.families} | dict(asked.node_mask)
    shortest = {family: proposals.pods_length(family, mask[family], count) for family in asked.families}
    lengths = {  # without a wish for so many nodes, as many as there is room for
        family: range(length, 1 + (length if asked.wanted_nodes else mask[family]))
        for family, length in shortest.items()
    }
    pods = _propose("pods", asked.pods, lengths, network, [*nodes.values(), *asked.services.values()])
    lengths = {family: range(length := proposals.SERVICES_LENGTH[family], length + 1) for family in asked.families}
    services = _propose("services", asked.services, lengths, network, [*nodes.values(), *pods.values()])
    return Plan(
        platform=asked.platform,
        kubernetes_version=asked.kubernetes_version,
        families=asked.families,
        nodes=nodes,
        pods=pods,
        services=services,
        node_mask=mask,
        max_pods=asked.max_pods,
        wanted_nodes=asked.wanted_nodes,
        native_routing=asked.native_routing,
        firewalls=len(_firewalls([network.pk])),
        announcable=announcable(network),
    )


def _nodes(families: Sequence[Family], network: Network) -> dict[Family, IPNetwork]:
    held = {one.address_family: one.cidr for one in network.prefixes.all()}
    for family in families:
        if family not in held:
            raise errors.FamilyNotInNetwork(
                f"{network.pk} has no {family.label} prefix for the nodes. Add {family.label} to it, or plan without.",
                field="families",
            )
    return {family: held[family] for family in families}


def _propose(
    purpose: str, given: Ranges, lengths: Mapping[Family, range], network: Network, own: Sequence[IPNetwork]
) -> dict[Family, IPNetwork]:
    """What was given, and of other families the largest free range of these lengths, away from the cluster's own."""
    proposed = {}
    for family, possible in lengths.items():
        if family in given:
            continue
        sources = _sources(family, network)
        taken = [cidr for source in sources for cidr in reservations.taken_in(source, network)]
        taken += [never for source in sources for never in usable_space.never_used_blocks(source)]
        tried = (gaps.free_range(sources, [*own, *taken], length) for length in possible)
        found = next(filter(None, tried), None)
        if found is None:
            raise errors.Exhausted(
                f"No {family.label} /{possible.start} for {purpose} is free in {', '.join(map(str, sources))}. "
                "Want fewer nodes, name a range yourself, or add an announcable CIDR to the super network.",
                field=purpose,
            )
        proposed[family] = found
    return {**proposed, **given}


def _sources(family: Family, network: Network) -> list[IPNetwork]:
    """Where ranges are sought: what the switches announce, then what is nobody's."""
    usual = proposals.IPV4_SPACE if family is Family.IPV4 else LocalSpace.objects.get().cidr
    return [*(cidr for cidr in announcable(network) if Family.of(cidr) is family), usual]


def _judge_network(cluster: Cluster) -> list[errors.IpamError]:
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


def _judge_name(cluster: Cluster) -> list[errors.IpamError]:
    named = Cluster.objects.filter(project=cluster.project_id, name=cluster.name).exclude(pk=cluster.pk)
    return [
        errors.AlreadyExists(f"The project already has a cluster {held}. Choose another name.", field="name")
        for held in named.exclude(state=Cluster.State.RELEASED)[:1]
    ]


def _firewalls(networks: Iterable[str]) -> list[str]:
    """The network of each firewall in these networks: it has an address that no node can have."""
    joined = MachineNetwork.objects.filter(network__in=list(networks), machine__role=Machine.Role.FIREWALL)
    return list(joined.values_list("network", flat=True))


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
