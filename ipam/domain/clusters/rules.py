"""What a cluster plan must keep, beside what there is already: rules of Kubernetes, and of what sets it up.

Each function returns what is broken, so that all of it is reported together. Sources: the API server's
`--service-cluster-ip-range`, kubeadm's and the controller-manager's validation, Gardener's API, as of the versions that
`ipam.domain.clusters.manifests.catalogue.KINDS` were checked against.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Cidr, Family
from ipam.domain.clusters import gardener_rules
from ipam.domain.clusters.plan import Plan, capacity, pods_per_node
from ipam.domain.networks.rules import violations_of_canonical
from ipam.domain.space import usable_space
from ipam.models.clusters import Platform, PodIpam

MIN_SERVICE_BITS = 4  # 16 addresses
MAX_SERVICE_BITS = 20  # IPv4 /12, IPv6 /108
_LARGE_SERVICES_SINCE = 34  # Kubernetes 1.34
FURTHER_SERVICES_SINCE = 33  # Kubernetes 1.33: ServiceCIDR of networking.k8s.io/v1
MAX_FURTHER_SERVICES = 16  # ranges; each is judged against all others
_SHORTEST_SERVICES = {Family.IPV4: 0, Family.IPV6: 64}
MAX_NODE_BITS = 16  # 65,536 blocks of nodes


def violations(plan: Plan) -> list[errors.IpamError]:
    """Every rule that the plan breaks, on the platform that it is for; whether it is large enough comes last."""
    return (
        violations_of_shape(plan)
        or [
            *_violations_of_usable(plan),
            *violations_of_disjoint(plan),
            *_violations_of_pods(plan),
            *_violations_of_version(plan),
            *violations_of_platform(plan, plan.platform),
        ]
        or list(violations_of_wanted_nodes(plan))
    )


def violations_of_platform(plan: Plan, platform: str) -> Iterator[errors.IpamError]:
    """The rules that differ between Gardener, kubeadm and Kubernetes itself."""
    for family in plan.families:
        yield from _violations_of_services(plan, family, platform)
        yield from _violations_of_blocks(plan, family, platform)
    if platform == Platform.GARDENER:
        yield from gardener_rules.violations(plan)


def violations_of_shape(plan: Plan) -> list[errors.IpamError]:
    """Ranges without host bits, and masks that fit into them: without that nothing can be counted."""
    broken = [*_violations_of_families(plan)]
    for field, ranges in (("pods", plan.pods), ("services", plan.services)):
        broken += violations_of_canonical(ranges.values(), field)
    broken += violations_of_canonical(plan.service_cidrs, "services")
    for family, mask in plan.node_mask.items():
        pods = plan.pods.get(family)
        if pods is not None and Family.of(pods) is family and not pods.prefixlen <= mask <= family.bits:
            broken.append(
                errors.NodeMaskTooShort(
                    f"Each node gets a /{mask} of the {family.label} pods {pods}, which has none. Use a node mask of "
                    f"/{pods.prefixlen} or longer, or a larger range of pods.",
                    field="node_mask",
                )
            )
    return broken


def _violations_of_families(plan: Plan) -> Iterator[errors.IpamError]:
    """Ranges and masks of families that there are, and each range of its family."""
    for field, values in _per_family(plan).items():
        for family, value in values.items():
            if family not in plan.families:
                yield errors.RangeFamily(f"The cluster has no {family.label}. Leave it out of {field}.", field=field)
            elif isinstance(value, Cidr) and Family.of(value) is not family:
                yield errors.RangeFamily(f"{value} is no {family.label} CIDR.", field=field)
    if len(plan.service_cidrs) > MAX_FURTHER_SERVICES:
        detail = f"A cluster has at most {MAX_FURTHER_SERVICES} further ranges of services. Take some away first."
        yield errors.Invalid(detail, field="services")
    for cidr in plan.service_cidrs:
        if (family := Family.of(cidr)) not in plan.families:
            yield errors.RangeFamily(f"The cluster has no {family.label}, so {cidr} serves nobody.", field="services")


def _per_family(plan: Plan) -> Mapping[str, Mapping[Family, object]]:
    return {"pods": plan.pods, "services": plan.services, "node_mask": plan.node_mask}


def _violations_of_usable(plan: Plan) -> Iterator[errors.IpamError]:
    """Rule 4a. Of what Gardener keeps for itself its own rule speaks: there the setting would not help."""
    for family in plan.families:
        for name, cidr in plan.ranges_of(family):
            if not (plan.platform == Platform.GARDENER and any(cidr in kept for kept in gardener_rules.RESERVED)):
                yield from usable_space.violations_of_taken([cidr], field=name, what=f"{name} ")


def violations_of_disjoint(plan: Plan) -> Iterator[errors.IpamError]:
    """Nodes, pods and services share no address. Kubernetes itself does not look at pods and services."""
    for family in plan.families:
        for (name, cidr), (other_name, other) in itertools.combinations(plan.ranges_of(family), 2):
            if cidr in other or other in cidr:
                yield errors.RangesOverlap(
                    f"{other_name} {other} and {name} {cidr} overlap: one address would be both. Move one of them.",
                    field=other_name,
                )


def _violations_of_pods(plan: Plan) -> Iterator[errors.IpamError]:
    """A node has an address for each of its pods, in every family (Gardener looks at IPv4 only); Calico's IPAM gives
    a node as many blocks as it needs.
    """
    for family in plan.families:
        mask = plan.node_mask[family]
        if plan.ipam == PodIpam.HOST_LOCAL and pods_per_node(family, mask) < plan.max_pods:
            yield errors.TooManyPods(
                f"A node's {family.label} /{mask} has {max(pods_per_node(family, mask), 0):,} addresses for "
                f"{plan.max_pods:,} pods. Use a shorter node mask, or fewer pods.",
                field="max_pods",
            )


def _violations_of_version(plan: Plan) -> Iterator[errors.IpamError]:
    """Services beyond the first range are objects of Kubernetes itself since 1.33."""
    if plan.service_cidrs and plan.minor_version < FURTHER_SERVICES_SINCE:
        yield errors.VersionNotSupported(
            f"Kubernetes {plan.kubernetes_version} takes no further range of services; 1.{FURTHER_SERVICES_SINCE} and "
            "later do.",
            field="services",
        )


def violations_of_wanted_nodes(plan: Plan) -> Iterator[errors.IpamError]:
    """There is room for the nodes that are wanted, beside those that come before others go."""
    held = capacity(plan)
    if plan.wanted_nodes is not None and held.nodes < plan.wanted_nodes:
        remedy = "a larger node network" if held.reason == "nodes" else "a larger range of pods or a longer node mask"
        beside = f" and {plan.surge:,} that come before others go" if plan.surge else ""
        yield errors.TooFewNodes(
            f"There is room for {held.nodes:,} nodes{beside}, not {plan.wanted_nodes:,}: the "
            f"{held.family.label} {held.reason} bind. Use {remedy}.",
            field="wanted_nodes",
        )


def _violations_of_services(plan: Plan, family: Family, platform: str) -> Iterator[errors.IpamError]:
    """At least 16 addresses, for the API server takes the 1st and DNS the 10th; at most 2^20 of kubeadm and before
    Kubernetes 1.34, which looks at no size of IPv4 and takes IPv6 up to /64.
    """
    is_newer = plan.minor_version >= _LARGE_SERVICES_SINCE and platform != Platform.KUBEADM
    older = "Kubernetes" if is_newer else f"Kubernetes before 1.{_LARGE_SERVICES_SINCE}"
    because = f"{'kubeadm' if platform == Platform.KUBEADM else older} takes"
    shortest = _SHORTEST_SERVICES[family] if is_newer else family.bits - MAX_SERVICE_BITS
    for services in [cidr for name, cidr in plan.ranges_of(family) if name == "services"]:
        yield from _violations_of_size(services, family, shortest, because)


def _violations_of_size(services: IPNetwork, family: Family, shortest: int, because: str) -> Iterator[errors.IpamError]:
    if services.prefixlen < shortest:
        yield errors.ServicesTooLarge(
            f"{services} is too large a range of {family.label} services: {because} /{shortest} or longer.",
            field="services",
        )
    if services.size < 1 << MIN_SERVICE_BITS:
        yield errors.ServicesTooSmall(
            f"{services} has {services.size} addresses; the API server takes the 1st and DNS the 10th. "
            f"Use /{family.bits - MIN_SERVICE_BITS} or shorter.",
            field="services",
        )


def _violations_of_blocks(plan: Plan, family: Family, platform: str) -> Iterator[errors.IpamError]:
    """At most 2^16 blocks: of IPv6 the controller-manager cannot count more, of either family kubeadm takes no more."""
    bits = plan.node_mask[family] - plan.pods[family].prefixlen
    if bits > MAX_NODE_BITS and (family is Family.IPV6 or platform == Platform.KUBEADM):
        whose = "kubeadm takes" if platform == Platform.KUBEADM else "the controller-manager counts"
        mask = plan.node_mask[family]
        yield errors.TooManyNodeBlocks(
            f"{plan.pods[family]} has 2^{bits} blocks of /{mask}; {whose} at most 2^{MAX_NODE_BITS}. "
            f"Use pods of /{mask - MAX_NODE_BITS} or longer, or a shorter node mask.",
            field="pods",
        )


def unannounced(plan: Plan) -> list[IPNetwork]:
    """The pods whose routes the leaf switches drop, for they lie in no announcable CIDR; none with an overlay."""
    if not plan.native_routing:
        return []
    return [pods for pods in plan.pods.values() if not is_announced(pods, plan.announcable)]


def is_announced(pods: IPNetwork, announcable: Iterable[IPNetwork]) -> bool:
    """Whether leaf switches let the routes to all of these pods pass."""
    return any(pods in cidr for cidr in announcable)
