"""What a cluster plan says, as plain values, and how much it holds. No database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family, reserved_count, size
from ipam.domain.clusters import sizing
from ipam.models import Cluster, Network, Partition, Project
from ipam.models.clusters import Platform, PodIpam
from ipam.values import parse_cidr

Ranges = Mapping[Family, IPNetwork]
DEFAULT_VERSION = "1.35"  # of Kubernetes; one that `support` knows to be kept up
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
    ipam: str = PodIpam.HOST_LOCAL
    max_surge: int | None = None  # none: the platform's own
    gardener_project: str = ""
    gardener_version: str = ""
    is_seed: bool = False
    seed: Cluster | None = None
    service_cidrs: Sequence[IPNetwork] = ()  # of services, beyond the first ones

    @property
    def surge(self) -> int:
        """How many nodes come before others go."""
        return Platform(self.platform).surge(self.max_surge)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A cluster: `families` in order, the first is primary, and per family its ranges and node mask.

    A node mask is the prefix length of the block of pods that each node gets. `firewalls` is how many addresses of
    the node network firewalls have; `announcable` the CIDRs that the leaf switches of its super network let pass.
    `service_cidrs` are the ranges of services beyond the first ones.
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
    ipam: str = PodIpam.HOST_LOCAL
    max_surge: int | None = None
    name: str = ""
    gardener_project: str = ""
    gardener_version: str = ""
    service_cidrs: Sequence[IPNetwork] = ()
    firewalls: int = 0
    announcable: Sequence[IPNetwork] = field(default_factory=tuple)

    @property
    def surge(self) -> int:
        """How many nodes come before others go."""
        return Platform(self.platform).surge(self.max_surge)

    @property
    def reserve(self) -> int:
        """How many addresses of nodes are kept for a firewall that comes before another goes."""
        return int(self.platform == Platform.GARDENER)

    @property
    def firewall_addresses(self) -> int:
        """How many addresses of nodes firewalls have."""
        return firewall_addresses(self.platform, self.firewalls)

    def ranges_of(self, family: Family) -> Iterator[tuple[str, IPNetwork]]:
        """Each range of a family with the field that names it, further services last."""
        for name, ranges in (("nodes", self.nodes), ("pods", self.pods), ("services", self.services)):
            if family in ranges:
                yield name, ranges[family]
        for cidr in self.service_cidrs:
            if Family.of(cidr) is family:
                yield "services", cidr

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
    """How much one family of a plan holds: addresses of nodes, blocks of pods (None where no block binds), and what
    each node gets. `nodes` is what is left of the smaller after firewalls and surge, `reason` which that is.
    """

    family: Family
    nodes_by_network: int
    nodes_by_pods: int | None
    nodes: int
    reason: str
    pods_per_node: int
    services: int
    api_server: Address | None  # none where services that run are too few
    dns: Address | None


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How much a plan holds: its smallest family binds, by the node network (“nodes”) or by the “pods”."""

    families: Sequence[FamilyCapacity]
    nodes: int
    family: Family
    reason: str
    reserve: int
    ipam: str

    @property
    def services(self) -> int:
        """How many services can have an address of every family."""
        return min(one.services for one in self.families)


def plan_of(cluster: Cluster) -> Plan:
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
        ipam=cluster.ipam,
        max_surge=cluster.max_surge,
        name=cluster.name,
        gardener_project=cluster.gardener_project,
        gardener_version=cluster.gardener_version,
        service_cidrs=cluster.service_cidrs,
        firewalls=cluster.firewalls,
        announcable=announcable(cluster.network),
    )


def announcable(network: Network) -> list[IPNetwork]:
    """The CIDRs besides its prefixes that the switches of a network's super network let pass."""
    return [parse_cidr(text) for text in network.parent.additional_announcable_cidrs] if network.parent else []


def capacity(plan: Plan) -> Capacity:
    """How many nodes, pods and services fit, per family and together."""
    families = [_capacity(plan, family) for family in plan.families]
    least = min(families, key=lambda one: one.nodes)
    return Capacity(
        families=families,
        nodes=least.nodes,
        family=least.family,
        reason=least.reason,
        reserve=plan.reserve,
        ipam=plan.ipam,
    )


def usable(cidr: IPNetwork) -> int:
    """How many addresses of a range can be given: all but the reserved ones."""
    return int(cidr.size) - reserved_count(Family.of(cidr), cidr.prefixlen)


def pods_per_node(family: Family, mask: int) -> int:
    """How many pods have an address in a node's block: all of it but the first and the last address."""
    return size(family, mask) - 2


def firewall_addresses(platform: str, firewalls: int) -> int:
    """How many addresses of nodes firewalls have: on metal-stack one, whatever is being replaced."""
    return 1 if platform == Platform.GARDENER else firewalls


def node_blocks(ipam: str, mask: int, length: int) -> int | None:
    """How many blocks for nodes pods of this length have; None where no block binds."""
    return 1 << (mask - length) if ipam == PodIpam.HOST_LOCAL else None


def room(addresses: int, blocks: int | None, surge: int) -> int:
    """For how many nodes there is room, when these addresses are left to them beside firewalls; never below 0."""
    return max((addresses if blocks is None else min(addresses, blocks)) - surge, 0)


def _capacity(plan: Plan, family: Family) -> FamilyCapacity:
    pods, services, mask = plan.pods[family], plan.services[family], plan.node_mask[family]
    addresses = usable(plan.nodes[family])
    blocks = node_blocks(plan.ipam, mask, pods.prefixlen)
    left = addresses - plan.firewall_addresses
    further = [cidr for cidr in plan.service_cidrs if Family.of(cidr) is family]
    return FamilyCapacity(
        family=family,
        nodes_by_network=addresses,
        nodes_by_pods=blocks,
        nodes=room(left, blocks, plan.surge),
        reason="nodes" if blocks is None or left <= blocks else "pods",
        pods_per_node=pods_per_node(family, mask),
        services=sum(usable(cidr) for cidr in (services, *further)),
        api_server=_nth(services, API_SERVER),
        dns=_nth(services, DNS),
    )


def _nth(cidr: IPNetwork, number: int) -> Address | None:
    return Address(cidr.first + number, cidr.version) if number < cidr.size else None
