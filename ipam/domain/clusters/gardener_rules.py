"""What Gardener refuses of a plan, and what it lets pass though it will disappoint.

Sources: pkg/api/core/validation/shoot.go and pkg/utils/validation/cidr of gardener/gardener 1.150; its usage document
on dual-stack migration says that both families and IPv6 alone go with native routing only.
"""

from collections.abc import Iterator, Mapping

from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters.plan import Plan
from ipam.domain.clusters.plan_warnings import PlanWarning

MASKS: Mapping[Family, tuple[int, int]] = {Family.IPV4: (16, 28), Family.IPV6: (64, 124)}
# Gardener's own tunnels, and the range that a shoot's networks are mapped to when they overlap the seed's.
RESERVED = (
    *(IPNetwork(f"{first}.0.0.0/8") for first in range(240, 245)),
    IPNetwork("fd8f:6d53:b97a:1::/96"),
)
NODE_LOCAL_DNS = IPAddress("fd30:1319:f1e:230b::1")
LONGEST_NAMES = 21  # of project and shoot together: both are in the names of machines and namespaces


def violations(plan: Plan) -> Iterator[errors.IpamError]:
    """What Gardener's API server refuses, or a seed when the shoot is assigned to it."""
    if "--" in plan.name:
        yield errors.Invalid(
            f"Gardener takes no name with two hyphens in a row, such as {plan.name}. Use one.", field="name"
        )
    if Family.IPV6 in plan.families and not plan.native_routing:
        yield errors.NativeRoutingRequired(
            "Gardener runs IPv6 with native routing only. Set native_routing, or plan IPv4 alone.",
            field="native_routing",
        )
    for family in plan.families:
        if _has_unusual_mask(plan, family) and not (plan.is_dual and family is Family.IPV4):
            shortest, longest = MASKS[family]
            yield errors.NodeMaskNotAllowed(
                f"Gardener takes {family.label} node masks of /{shortest} to /{longest}, not "
                f"/{plan.node_mask[family]}.",
                field="node_mask",
            )
        for name, cidr in plan.ranges_of(family):
            for kept in RESERVED:
                if cidr in kept or kept in cidr:
                    yield errors.RangeNotAllowed(
                        f"{name} {cidr} overlaps {kept}, which Gardener keeps for itself. Choose another.", field=name
                    )


def warnings(plan: Plan) -> Iterator[PlanWarning]:
    """What Gardener takes, but what will not work as one expects."""
    names = len(plan.gardener_project) + len(plan.name)
    if plan.gardener_project and names > LONGEST_NAMES:
        yield PlanWarning(
            "name_too_long",
            "name",
            f"The names of project {plan.gardener_project} and cluster {plan.name} have {names} characters together; "
            f"Gardener takes {LONGEST_NAMES}. Use a shorter name.",
        )
    if plan.is_dual and _has_unusual_mask(plan, Family.IPV4):
        shortest, longest = MASKS[Family.IPV4]
        yield PlanWarning(
            "node_mask_unusual",
            "node_mask",
            f"The IPv4 node mask /{plan.node_mask[Family.IPV4]} is outside of /{shortest} to /{longest}. Gardener "
            "looks at it in single-stack clusters only, so nobody else runs it: use a mask in between.",
        )
    for family in plan.families:
        for name, cidr in plan.ranges_of(family):
            if NODE_LOCAL_DNS in cidr:
                yield PlanWarning(
                    "node_local_dns",
                    name,
                    f"{name} {cidr} holds {NODE_LOCAL_DNS}, at which Gardener's node-local DNS listens on every node. "
                    "Choose a range without it.",
                )


def _has_unusual_mask(plan: Plan, family: Family) -> bool:
    shortest, longest = MASKS[family]
    return not shortest <= plan.node_mask[family] <= longest
