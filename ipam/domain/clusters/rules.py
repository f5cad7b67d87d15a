"""What a cluster plan must keep, beside what there is already: rules of Kubernetes, and of what sets it up.

Each function returns what is broken, so that all of it is reported together. Sources: the API server's
`--service-cluster-ip-range`, kubeadm's and the controller-manager's validation, Gardener's API, as of the versions in
`ipam.domain.clusters.manifests.catalogue.CHECKED`.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Cidr, Family
from ipam.domain.clusters.plan import Plan, capacity, pods_per_node
from ipam.domain.networks.rules import violations_of_canonical
from ipam.domain.space import usable_space
from ipam.models.clusters import Platform
from ipam.special_ranges import Column, touching

MIN_SERVICE_BITS = 4  # 16 addresses
MAX_SERVICE_BITS = 20  # IPv4 /12, IPv6 /108
SHORTEST_IPV6_SERVICES = 64  # of API servers from 1.34 on
_LARGE_IPV6_SERVICES_SINCE = 34
MAX_NODE_BITS = 16  # 65,536 blocks of nodes
GARDENER_MASKS = {Family.IPV4: (16, 28), Family.IPV6: (64, 124)}
# Gardener's own tunnels, and the range that a shoot's networks are mapped to when they overlap the seed's.
GARDENER_RESERVED = (
    *(IPNetwork(f"{first}.0.0.0/8") for first in range(240, 245)),
    IPNetwork("fd8f:6d53:b97a:1::/96"),
)


@dataclass(frozen=True)
class PlanWarning:
    """What holds, but will disappoint: nothing is refused for it."""

    code: str
    field: str
    detail: str


def violations(plan: Plan) -> list[errors.IpamError]:
    """Every rule that the plan breaks, on the platform that it is for; whether it is large enough comes last."""
    return (
        _violations_of_shape(plan)
        or [
            *_violations_of_usable(plan),
            *_violations_of_disjoint(plan),
            *_violations_of_pods(plan),
            *violations_of_platform(plan, plan.platform),
        ]
        or list(_violations_of_wanted_nodes(plan))
    )


def warnings(plan: Plan) -> list[PlanWarning]:
    """What the fabric or another platform would not take of a plan that holds."""
    return [*_warn_of_routes(plan), *_warn_of_other_platforms(plan), *_warn_of_special_ranges(plan)]


def violations_of_platform(plan: Plan, platform: str) -> Iterator[errors.IpamError]:
    """The rules that differ between Gardener, kubeadm and Kubernetes itself."""
    for family in plan.families:
        yield from _violations_of_services(plan, family, platform)
        yield from _violations_of_blocks(plan, family, platform)
    if platform == Platform.GARDENER:
        yield from _violations_of_gardener(plan)


def _violations_of_shape(plan: Plan) -> list[errors.IpamError]:
    """Ranges without host bits, and masks that fit into them."""
    broken = [*_violations_of_families(plan)]
    for field, ranges in (("pods", plan.pods), ("services", plan.services)):
        broken += violations_of_canonical(ranges.values(), field)
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


def _per_family(plan: Plan) -> Mapping[str, Mapping[Family, object]]:
    return {"pods": plan.pods, "services": plan.services, "node_mask": plan.node_mask}


def _violations_of_usable(plan: Plan) -> Iterator[errors.IpamError]:
    """Rule 4a. Of what Gardener keeps for itself its own rule speaks: there the setting would not help."""
    for name, ranges in _ranges(plan).items():
        for family in plan.families:
            if not (plan.platform == Platform.GARDENER and any(ranges[family] in kept for kept in GARDENER_RESERVED)):
                yield from usable_space.violations_of_taken([ranges[family]], field=name, what=f"{name} ")


def _violations_of_disjoint(plan: Plan) -> Iterator[errors.IpamError]:
    """Nodes, pods and services share no address. Kubernetes itself does not look at pods and services."""
    for family in plan.families:
        named = [(name, ranges[family]) for name, ranges in _ranges(plan).items()]
        for (name, cidr), (other_name, other) in itertools.combinations(named, 2):
            if cidr in other or other in cidr:
                yield errors.RangesOverlap(
                    f"{other_name} {other} and {name} {cidr} overlap: one address would be both. Move one of them.",
                    field=other_name,
                )


def _ranges(plan: Plan) -> Mapping[str, Mapping[Family, IPNetwork]]:
    return {"nodes": plan.nodes, "pods": plan.pods, "services": plan.services}


def _violations_of_pods(plan: Plan) -> Iterator[errors.IpamError]:
    """A node has an address for each of its pods, in every family."""
    for family in plan.families:
        mask = plan.node_mask[family]
        if pods_per_node(family, mask) < plan.max_pods:
            yield errors.TooManyPods(
                f"A node's {family.label} /{mask} has {max(pods_per_node(family, mask), 0):,} addresses for "
                f"{plan.max_pods:,} pods. Use a shorter node mask, or fewer pods.",
                field="max_pods",
            )


def _violations_of_wanted_nodes(plan: Plan) -> Iterator[errors.IpamError]:
    held = capacity(plan)
    if plan.wanted_nodes is not None and held.nodes < plan.wanted_nodes:
        remedy = "a larger node network" if held.reason == "nodes" else "a larger range of pods or a longer node mask"
        yield errors.TooFewNodes(
            f"There is room for {max(held.nodes, 0):,} nodes, not {plan.wanted_nodes:,}: the {held.family.label} "
            f"{held.reason} bind. Use {remedy}.",
            field="wanted_nodes",
        )


def _violations_of_services(plan: Plan, family: Family, platform: str) -> Iterator[errors.IpamError]:
    """At least 16 addresses, for the API server takes the 1st and DNS the 10th; at most 2^20, with one exception."""
    services = plan.services[family]
    shortest = family.bits - MAX_SERVICE_BITS
    because = "kubeadm takes" if platform == Platform.KUBEADM else f"Kubernetes {plan.kubernetes_version} takes"
    is_newer = plan.minor_version >= _LARGE_IPV6_SERVICES_SINCE
    if family is Family.IPV6 and is_newer and platform != Platform.KUBEADM:
        shortest = SHORTEST_IPV6_SERVICES
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


def _violations_of_gardener(plan: Plan) -> Iterator[errors.IpamError]:
    for family in plan.families:
        shortest, longest = GARDENER_MASKS[family]
        if not shortest <= plan.node_mask[family] <= longest:
            yield errors.NodeMaskNotAllowed(
                f"Gardener takes {family.label} node masks of /{shortest} to /{longest}, not "
                f"/{plan.node_mask[family]}.",
                field="node_mask",
            )
        for name, ranges in _ranges(plan).items():
            for kept in GARDENER_RESERVED:
                if ranges[family] in kept or kept in ranges[family]:
                    yield errors.RangeNotAllowed(
                        f"{name} {ranges[family]} overlaps {kept}, which Gardener keeps for itself. Choose another.",
                        field=name,
                    )


def unannounced(plan: Plan) -> list[IPNetwork]:
    """The pods whose routes the leaf switches drop, for they lie in no announcable CIDR; none with an overlay."""
    if not plan.native_routing:
        return []
    return [pods for pods in plan.pods.values() if not is_announced(pods, plan.announcable)]


def is_announced(pods: IPNetwork, announcable: Iterable[IPNetwork]) -> bool:
    """Whether leaf switches let the routes to all of these pods pass."""
    return any(pods in cidr for cidr in announcable)


def _warn_of_special_ranges(plan: Plan) -> Iterator[PlanWarning]:
    for name, ranges in _ranges(plan).items():
        for family in plan.families:
            if special := " and ".join(map(str, touching(ranges[family], Column.WARNED_OF))):
                yield PlanWarning(
                    "special_range",
                    name,
                    f"{name} {ranges[family]} shares addresses with {special}. Hosts and routers may treat them in a "
                    "way of their own: plan other space for anything that lasts.",
                )


def _warn_of_routes(plan: Plan) -> Iterator[PlanWarning]:
    for pods in unannounced(plan):
        yield PlanWarning(
            "pods_not_announcable",
            "pods",
            f"The leaf switches drop the routes to {Family.of(pods).label} pods: {pods} lies in no announcable CIDR of "
            f"the super network. Add {pods} there.",
        )


def _warn_of_other_platforms(plan: Plan) -> Iterator[PlanWarning]:
    own = {error.detail for error in violations_of_platform(plan, plan.platform)}
    for platform in Platform:
        for error in violations_of_platform(plan, platform):
            if error.detail not in own:
                yield PlanWarning(error.code, error.field, f"On {platform.label} this would be refused: {error.detail}")
