"""What a cluster plan says, as plain values, and how much it holds. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family, reserved_count, size
from ipam.domain.clusters import sizing
from ipam.models import Cluster, Network, Partition, Project
from ipam.models.clusters import Platform
from ipam.values import parse_cidr

Ranges = Mapping[Family, IPNetwork]
DEFAULT_VERSION = "1.33"  # of Kubernetes
API_SERVER, DNS = 1, 10  # which address of the services they get: the API server's defaults and kubeadm's


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
    max_pods: int = sizing.DEFAULT_MAX_PODS
    wanted_nodes: int | None = None
    native_routing: bool = True


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A cluster: `families` in order, the first is primary, and per family its ranges and node mask.

    A node mask is the prefix length of the block of pods that each node gets. `firewalls` is how many addresses of
    the node network firewalls have; `announcable` the CIDRs that the leaf switches of its super network let pass.
    """

    platform: str
    kubernetes_version: str
    families: Sequence[Family]
    nodes: Ranges
    pods: Ranges
    services: Ranges
    node_mask: Mapping[Family, int]
    max_pods: int
    wanted_nodes: int | None = None
    native_routing: bool = True
    firewalls: int = 0
    announcable: Sequence[IPNetwork] = field(default_factory=tuple)

    @property
    def minor_version(self) -> int:
        """33 for Kubernetes 1.33.4."""
        return int(self.kubernetes_version.split(".")[1])

    @property
    def is_dual(self) -> bool:
        return len(self.families) > 1

    @property
    def primary(self) -> Family:
        return self.families[0]


@dataclass(frozen=True, kw_only=True)
class FamilyCapacity:
    """How much one family of a plan holds: nodes by the node network and by the pods, and what each node gets."""

    family: Family
    nodes_by_network: int
    nodes_by_pods: int
    pods_per_node: int
    services: int
    api_server: Address
    dns: Address


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much a plan holds: its smallest family binds, by the node network (“nodes”) or by the “pods”."""

    families: Sequence[FamilyCapacity]
    nodes: int
    family: Family
    reason: str

    @property
    def services(self) -> int:
        """How many services can have an address of every family."""
        return min(one.services for one in self.families)


def plan_of(cluster: Cluster, *, firewalls: int = 0) -> Plan:
    """The plan of a stored cluster, fetched `with_plan`."""
    return Plan(
        platform=cluster.platform,
        kubernetes_version=cluster.kubernetes_version,
        families=cluster.address_families,
        nodes=cluster.nodes,
        pods=cluster.pods,
        services=cluster.services,
        node_mask=cluster.node_mask,
        max_pods=cluster.max_pods,
        wanted_nodes=cluster.wanted_nodes,
        native_routing=cluster.native_routing,
        firewalls=firewalls,
        announcable=announcable(cluster.network),
    )


def announcable(network: Network) -> list[IPNetwork]:
    """The CIDRs besides its prefixes that the switches of a network's super network let pass."""
    return [parse_cidr(text) for text in network.parent.additional_announcable_cidrs] if network.parent else []


def capacity(plan: Plan) -> Capacity:
    """How many nodes, pods and services fit, per family and together."""
    families = [_capacity(plan, family) for family in plan.families]
    limits = [(one.nodes_by_network, "nodes", one.family) for one in families]
    limits += [(one.nodes_by_pods, "pods", one.family) for one in families]
    nodes, reason, family = min(limits, key=lambda limit: limit[0])
    return Capacity(families=families, nodes=nodes, family=family, reason=reason)


def usable(cidr: IPNetwork) -> int:
    """How many addresses of a range can be given: all but the reserved ones."""
    return int(cidr.size) - reserved_count(Family.of(cidr), cidr.prefixlen)


def pods_per_node(family: Family, mask: int) -> int:
    """How many pods have an address in a node's block: all of it but the first and the last address."""
    return size(family, mask) - 2


def _capacity(plan: Plan, family: Family) -> FamilyCapacity:
    pods, services, mask = plan.pods[family], plan.services[family], plan.node_mask[family]
    return FamilyCapacity(
        family=family,
        nodes_by_network=usable(plan.nodes[family]) - plan.firewalls,
        nodes_by_pods=1 << (mask - pods.prefixlen),
        pods_per_node=pods_per_node(family, mask),
        services=usable(services),
        api_server=Address(services.first + API_SERVER, family),
        dns=Address(services.first + DNS, family),
    )
