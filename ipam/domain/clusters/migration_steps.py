"""A running cluster on its way to two families: which step is next, its command, and what to watch.

Twofold changes nothing in a cluster: people do a step and say that it is done. Sources: Gardener's
docs/usage/networking/dual-stack-networking-migration.md; https://kubernetes.io/docs/concepts/services-networking/
dual-stack/ for clusters that are set up by hand.
"""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from ipam import errors
from ipam.domain.clusters import migration, planning, support
from ipam.domain.clusters.plan import Plan, plan_of
from ipam.domain.core import history
from ipam.domain.core.operations import operation
from ipam.models import Cluster, IPAddress
from ipam.models.clusters import MigrationStep, Platform

ORDER = (MigrationStep.SPEC, MigrationStep.NODES, MigrationStep.DNS, MigrationStep.SERVICES)
DONE, CURRENT, LATER = "done", "current", "later"
_DUAL = '-p \'{"spec":{"ipFamilyPolicy":"PreferDualStack"}}\''
_SERVICE = f"kubectl -n <namespace> patch service <name> {_DUAL}"
_FAMILIES_OF_SERVICES = "kubectl get services -A -o custom-columns=NAME:.metadata.name,FAMILIES:.spec.ipFamilies"


@dataclass(frozen=True)
class Step:
    """A step, how far it is, what does it, and what tells that it is done."""

    code: str
    label: str
    state: str
    command: str
    watch: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a cluster is, and what still lacks a family: of its nodes, and of the addresses it has anywhere."""

    step: str
    steps: Sequence[Step]
    nodes: int
    nodes_ready: int
    addresses_lacking: int


def progress(cluster: Cluster) -> Progress:
    """How far a cluster is; three statements."""
    plan, nodes = plan_of(cluster), migration.nodes_of(cluster)
    ready = nodes.filter(**{f"has_{family.key}": True for family in cluster.address_families}).count()
    own = IPAddress.objects.filter(Q(network=cluster.network_id) | Q(cluster=cluster))
    commands = _COMMANDS.get(cluster.platform, _by_hand)(cluster, plan)
    place = ORDER.index(MigrationStep(cluster.migration_step)) if cluster.migration_step else len(ORDER)
    steps = [
        Step(str(step), str(step.label), DONE if at < place else CURRENT if at == place else LATER, *commands[step])
        for at, step in enumerate(ORDER)
    ]
    return Progress(
        step=cluster.migration_step,
        steps=steps if plan.is_dual else [],
        nodes=nodes.count(),
        nodes_ready=ready,
        addresses_lacking=own.single().count() if plan.is_dual else 0,
    )


@operation
def finish(cluster: Cluster, step: str) -> Cluster:
    """Somebody has done this step, so the next one comes: spec, nodes, dns, services, and then none.

    WrongState unless it is the current one, MigrationNotReady while nodes lack a family.
    """
    current = planning.lock(cluster)
    if not step or current.migration_step != step:
        now = MigrationStep(current.migration_step)
        raise errors.WrongState(f"The step of {current} is “{now.label}”. Only that can be done next.", field="done")
    found = progress(current)
    if step == MigrationStep.NODES and found.nodes_ready < found.nodes:
        raise errors.MigrationNotReady(
            f"{found.nodes_ready:,} of {found.nodes:,} nodes have an address of both families. Replace the others "
            "first.",
            field="done",
        )
    following = [*ORDER, MigrationStep.NONE][ORDER.index(MigrationStep(step)) + 1]
    return history.revise(current, migration_step=following)


Commands = Mapping[MigrationStep, tuple[str, str]]


def _by_gardener(cluster: Cluster, plan: Plan) -> Commands:
    project = shlex.quote(cluster.gardener_project) if cluster.gardener_project else "<project>"
    shoot = f"kubectl -n garden-{project}"
    spec: dict[str, object] = {"networking": {"ipFamilies": [family.label for family in plan.families]}}
    if plan.gardener_version and support.gardener_minor(plan.gardener_version) >= support.GARDENER_ONE_WAY:
        mask = cluster.node_mask_ipv6
        spec["kubernetes"] = {"kubeControllerManager": {"nodeCIDRMaskSizeIPv6": mask}}
    constraints = f"{shoot} get shoot {cluster} -o jsonpath='{{.status.constraints}}'"
    operation = f"{shoot} annotate shoot {cluster} gardener.cloud/operation"
    return {
        MigrationStep.SPEC: (
            f"{shoot} patch shoot {cluster} --type merge -p {shlex.quote(json.dumps({'spec': spec}))}",
            f"{shoot} get shoot {cluster} -o jsonpath='{{.status.networking}}' shows two nodes, pods and services",
        ),
        MigrationStep.NODES: (
            f"{operation}=rollout-workers=workers",
            f"{constraints} has DualStackNodesMigrationReady with status True",
        ),
        MigrationStep.DNS: (
            f"{operation}=reconcile",
            f"{constraints} has DNSServiceMigrationReady with status True, and then no more",
        ),
        MigrationStep.SERVICES: (_SERVICE, f"{_FAMILIES_OF_SERVICES} shows both where they are wanted"),
    }


def _by_hand(cluster: Cluster, plan: Plan) -> Commands:
    pods, services = (",".join(map(str, ranges.values())) for ranges in (plan.pods, plan.services))
    masks = " ".join(f"--node-cidr-mask-size-{family.key}={mask}" for family, mask in plan.node_mask.items())
    dns = "kubectl -n kube-system"
    return {
        MigrationStep.SPEC: (
            f"kube-apiserver --service-cluster-ip-range={services}\n"
            f"kube-controller-manager --cluster-cidr={pods} --service-cluster-ip-range={services} {masks}\n"
            f"kube-proxy --cluster-cidr={pods}",
            f"{dns} get pods shows all of them running again",
        ),
        MigrationStep.NODES: (
            "kubectl drain <node> --ignore-daemonsets && kubectl delete node <node>\n"
            f"kubelet --node-ip={','.join(f'<{family.label}-address>' for family in plan.families)}, and join it again",
            "kubectl get nodes -o custom-columns=NAME:.metadata.name,PODS:.spec.podCIDRs shows two ranges each",
        ),
        MigrationStep.DNS: (
            f"{dns} patch service kube-dns {_DUAL}",
            f"{dns} get service kube-dns -o jsonpath='{{.spec.clusterIPs}}' shows two addresses",
        ),
        MigrationStep.SERVICES: (_SERVICE, f"{_FAMILIES_OF_SERVICES} shows both where they are wanted"),
    }


_COMMANDS: Mapping[str, Callable[[Cluster, Plan], Commands]] = {Platform.GARDENER: _by_gardener}
