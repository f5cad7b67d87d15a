"""What is said of a plan that holds, because it will disappoint: nothing is refused for it."""

from collections.abc import Collection, Iterator, Mapping
from itertools import starmap
from uuid import UUID

from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.clusters import gardener_rules, rules, support
from ipam.domain.clusters.plan import Plan, plan_of
from ipam.domain.clusters.plan_warnings import PlanWarning
from ipam.domain.space import reservations
from ipam.models import Cluster
from ipam.models.clusters import Platform
from ipam.special_ranges import Column, touching

_UNIQUE_LOCAL = IPNetwork("fc00::/7")


def warnings(plan: Plan) -> list[PlanWarning]:
    """Whether it will come up, before all else; then what the fabric or another platform would not take."""
    return [
        *support.warnings(plan),
        *_warn_of_broken_rules(plan),
        *_warn_of_routes(plan),
        *_warn_of_egress(plan),
        *(gardener_rules.warnings(plan) if plan.platform == Platform.GARDENER else ()),
        *_warn_of_other_platforms(plan),
        *_warn_of_special_ranges(plan),
    ]


def of_clusters(plans: Mapping[UUID, Plan], clusters: Collection[Cluster]) -> dict[UUID, list[PlanWarning]]:
    """The warnings of stored clusters, among them what another VRF has too; as many statements as for one."""
    elsewhere = reservations.find_elsewhere([one for one in clusters if one.state != Cluster.State.RELEASED])
    return {one.pk: [*warnings(plans[one.pk]), *starmap(_same_range, elsewhere.get(one.pk, ()))] for one in clusters}


def of_cluster(cluster: Cluster) -> list[PlanWarning]:
    """The same of one."""
    return of_clusters({cluster.pk: plan_of(cluster)}, [cluster])[cluster.pk]


def _same_range(field: str, cidr: IPNetwork, holder: str) -> PlanWarning:
    return PlanWarning(
        "same_range_other_vrf",
        field,
        f"{field} {cidr} overlaps {holder}, in another VRF. They never meet, unless somebody joins the two, as a "
        "firewall does; set cluster_ranges of the super network to strict if they shall not.",
    )


def _warn_of_broken_rules(plan: Plan) -> Iterator[PlanWarning]:
    """Of a cluster that ran before it was registered, or was planned by older rules."""
    for error in rules.violations(plan):
        yield PlanWarning(
            error.code, error.field, f"It is kept as it runs, and would not be planned so: {error.detail}"
        )


def _warn_of_egress(plan: Plan) -> Iterator[PlanWarning]:
    pods = plan.pods.get(Family.IPV6)
    if pods is not None and pods in _UNIQUE_LOCAL:
        yield PlanWarning(
            "pods_without_egress",
            "pods",
            f"IPv6 pods {pods} are unique local: nothing outside answers them. Let the nodes translate their addresses "
            "(the documents say natOutgoing), or take pods out of the super network's global prefix.",
        )


def _warn_of_special_ranges(plan: Plan) -> Iterator[PlanWarning]:
    for name in ("nodes", "pods", "services"):
        for family in plan.families:
            for cidr in (one for field, one in plan.ranges_of(family) if field == name):
                special = " and ".join(map(str, touching(cidr, Column.WARNED_OF)))
                if not special:
                    continue
                yield PlanWarning(
                    "special_range",
                    name,
                    f"{name} {cidr} shares addresses with {special}. Hosts and routers may treat them in a "
                    "way of their own: plan other space for anything that lasts.",
                )


def _warn_of_routes(plan: Plan) -> Iterator[PlanWarning]:
    for pods in rules.unannounced(plan):
        yield PlanWarning(
            "pods_not_announcable",
            "pods",
            f"The leaf switches drop the routes to {Family.of(pods).label} pods: {pods} lies in no announcable CIDR of "
            f"the super network. Add {pods} there.",
        )


def _warn_of_other_platforms(plan: Plan) -> Iterator[PlanWarning]:
    own = {error.detail for error in rules.violations_of_platform(plan, plan.platform)}
    for platform in Platform:
        for error in rules.violations_of_platform(plan, platform):
            if error.detail not in own:
                yield PlanWarning(error.code, error.field, f"On {platform.label} this would be refused: {error.detail}")
