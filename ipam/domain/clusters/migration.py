"""From one family to two with a cluster that runs, and back: what its platform allows, as a checked step.

Gardener's dual-stack migration (docs/usage/networking/dual-stack-networking-migration.md) goes from IPv4 to IPv4 and
IPv6; it wants native routing, and new nodes. Its way back is closed since 1.138: the IPv6 node mask of a Shoot can be
neither kept nor removed. By hand the second family comes and goes, whichever is primary, in overlays too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import lifecycle, planning, support
from ipam.domain.clusters.plan import Ranges, plan_of
from ipam.domain.clusters.plan_warnings import PlanWarning
from ipam.domain.core import history
from ipam.domain.core.operations import operation
from ipam.models import Cluster, IPAddress, Machine
from ipam.models.clusters import FamilyOrder, MigrationStep, Platform
from ipam.models.events import Verb

_GARDENER_STEPS = {FamilyOrder.IPV4: FamilyOrder.IPV4_FIRST}
_STEPS_BACK = {FamilyOrder.IPV4_FIRST: FamilyOrder.IPV4}
_STEPS_BY_HAND = {
    **{FamilyOrder.IPV4: FamilyOrder.IPV4_FIRST, FamilyOrder.IPV6: FamilyOrder.IPV6_FIRST},
    **{FamilyOrder.IPV4_FIRST: FamilyOrder.IPV4, FamilyOrder.IPV6_FIRST: FamilyOrder.IPV6},
}


@dataclass(frozen=True, kw_only=True)
class Precondition:
    """Something that has to hold before the families change; `sentence` says what is, or what to do."""

    code: str
    is_met: bool
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """The families that come next, what that takes, what upstream does not support of it, and how many nodes have an
    address of each of them.
    """

    families: Sequence[Family]
    preconditions: Sequence[Precondition]
    warnings: Sequence[PlanWarning]
    machines: int
    machines_ready: int


def readiness(cluster: Cluster, *, roll_nodes: bool = False) -> Readiness:
    """What stands between a reserved cluster and its next families. MigrationNotSupported when there are none.

    `roll_nodes` is somebody's word that the nodes will be replaced, for Twofold cannot see that.
    """
    if not cluster.is_reserved:
        raise errors.WrongState(f"{cluster} is {cluster.state}: the families of a draft are changed like all of it.")
    target = next_families(cluster)
    if not target:
        raise errors.MigrationNotSupported(_no_step(cluster), field="families")
    nodes = nodes_of(cluster)
    ready = nodes.filter(**{f"has_{family.key}": True for family in target}).count()
    total = nodes.count()
    conditions = [_nodes_roll(roll_nodes)]
    if cluster.platform == Platform.GARDENER:
        conditions.insert(0, _native_routing(cluster))
    if len(target) > 1:
        conditions = [_network_has_both(cluster), _machines_have_both(cluster, ready, total), *conditions]
    warnings = support.of_step(plan_of(cluster), target)
    return Readiness(families=target, preconditions=conditions, warnings=warnings, machines=total, machines_ready=ready)


def nodes_of(cluster: Cluster) -> QuerySet[Machine]:
    """The machines in the node network, without firewalls, each with `has_ipv4` and `has_ipv6`: its addresses there."""
    held = IPAddress.objects.filter(machine=OuterRef("pk"), network=cluster.network_id)
    nodes = Machine.objects.filter(attachments__network=cluster.network_id, role=Machine.Role.MACHINE)
    return nodes.annotate(**{f"has_{family.key}": Exists(held.filter(family=family)) for family in Family})


def count_nodes(cluster: Cluster) -> dict[Family, int]:
    """How many nodes have an address of each family in the node network; one statement."""
    counts = {family.key: Count("pk", filter=Q(**{f"has_{family.key}": True})) for family in Family}
    found = nodes_of(cluster).order_by().aggregate(**counts)
    return {family: found[family.key] for family in Family}


def next_families(cluster: Cluster) -> Sequence[Family]:
    """The families that a cluster may have next; none unless it is reserved and there is a step."""
    steps = _STEPS_BY_HAND
    if cluster.platform == Platform.GARDENER:
        steps = _GARDENER_STEPS | (_STEPS_BACK if _goes_back(cluster) else {})
    step = steps.get(FamilyOrder(cluster.families))
    return step.families if step and cluster.is_reserved else ()


def _goes_back(cluster: Cluster) -> bool:
    version = cluster.gardener_version
    return bool(version) and support.gardener_minor(version) < support.GARDENER_ONE_WAY


def _no_step(cluster: Cluster) -> str:
    if cluster.platform == Platform.GARDENER and cluster.families == FamilyOrder.IPV4_FIRST:
        return (
            f"From Gardener 1.{support.GARDENER_ONE_WAY} on a cluster never goes back to one family: its IPv6 node "
            "mask can be neither kept nor removed. Plan another one, or say with gardener_version that yours is older."
        )
    return (
        "Gardener takes a running cluster from IPv4 to IPv4 and IPv6. This one is "
        f"{FamilyOrder(cluster.families).label}; plan another one."
    )


@operation
def change(
    cluster: Cluster,
    families: Sequence[Family],
    *,
    roll_nodes: bool = False,
    pods: Ranges | None = None,
    services: Ranges | None = None,
    node_mask: Mapping[Family, int] | None = None,
) -> Cluster:
    """Give a running cluster its second family, or take it away; what was there keeps its ranges and masks.

    Ranges and the mask of the new family are proposed unless they are given. MigrationNotSupported for other steps,
    MigrationNotReady while something is missing, each with its sentence.
    """
    current = planning.lock(cluster)
    _check_ready(current, families, roll_nodes=roll_nodes)
    given = {"pods": dict(pods or {}), "services": dict(services or {}), "node_mask": dict(node_mask or {})}
    errors.raise_all(_violations_of_given(current, given))
    changes = {
        name: {family: value for family, value in getattr(current, name).items() if family in families} | values
        for name, values in given.items()
    }
    before = lifecycle.state(current)
    current.migration_step = MigrationStep.SPEC if len(families) > 1 else MigrationStep.NONE
    current = planning.save_plan(current, planning.with_changes(current, {"families": tuple(families), **changes}))
    history.record(Verb.UPDATE, current, before=before, after=lifecycle.state(current))
    return current


def _check_ready(cluster: Cluster, families: Sequence[Family], *, roll_nodes: bool) -> None:
    found = readiness(cluster, roll_nodes=roll_nodes)
    if tuple(families) != tuple(found.families):
        raise errors.MigrationNotSupported(
            f"The next families of {cluster} are {' and '.join(family.label for family in found.families)}, in this "
            "order. Other steps need a new cluster.",
            field="families",
        )
    errors.raise_all(
        [
            errors.MigrationNotReady(one.sentence, field="roll_nodes" if one.code == "nodes_roll" else "")
            for one in found.preconditions
            if not one.is_met
        ]
    )


def _violations_of_given(cluster: Cluster, given: Mapping[str, Mapping[Family, object]]) -> list[errors.IpamError]:
    return [
        errors.ClusterFrozen(f"The {family.label} {name} of {cluster} stay as they are. Leave them out.", field=name)
        for name, values in given.items()
        for family in values
        if family in cluster.address_families
    ]


def _network_has_both(cluster: Cluster) -> Precondition:
    held = {prefix.address_family for prefix in cluster.network.prefixes.all()}
    has_both = len(held) == len(Family)
    lacking = cluster.address_families[0].other.label
    what = "has both families" if has_both else f"has no {lacking} prefix: add {lacking} to it"
    return Precondition(
        code="network_has_both", is_met=has_both, sentence=f"The node network {cluster.network} {what}."
    )


def _machines_have_both(cluster: Cluster, ready: int, total: int) -> Precondition:
    lacking = total - ready
    remedy = f"; complete what is missing in {cluster.network}" if lacking else ""
    return Precondition(
        code="machines_have_both",
        is_met=not lacking,
        sentence=f"{ready:,} of {total:,} machines have an address of both families{remedy}.",
    )


def _native_routing(cluster: Cluster) -> Precondition:
    is_met = cluster.native_routing
    what = "Pods are routed natively" if is_met else "Pods go through an overlay: only native routing carries IPv6 here"
    return Precondition(code="native_routing", is_met=is_met, sentence=f"{what}.")


def _nodes_roll(roll_nodes: bool) -> Precondition:
    return Precondition(
        code="nodes_roll",
        is_met=roll_nodes,
        sentence="All nodes have to be replaced: only new ones get the new families. Confirm that they will be.",
    )
