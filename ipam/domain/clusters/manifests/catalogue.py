"""What a cluster plan says, in the words of those who make the cluster: documents to copy, download and apply.

Each is text with comments, as a person would write it. What Twofold cannot know stands as <placeholder>.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ipam import errors
from ipam.domain.clusters import rules
from ipam.domain.clusters.manifests import cluster_api, controller_manager, gardener, kubeadm, load_balancers, pod_pools
from ipam.domain.clusters.manifests.subject import Subject
from ipam.domain.clusters.plan import Plan
from ipam.models import Cluster, IPAddress, Machine, MachineNetwork
from ipam.models.clusters import Platform
from ipam.models.networks import NetworkType


@dataclass(frozen=True)
class Kind:
    """A kind of document: its name for people, the versions whose rules it was checked against, how it is written.

    It is made for a `platform`, whose rules the plan has to keep; empty for those that every plan fits.
    """

    label: str
    checked: str
    write: Callable[[Subject], str]
    platform: str = ""
    suffix: str = "yaml"


KINDS: Mapping[str, Kind] = {
    "gardener": Kind("Gardener Shoot", gardener.CHECKED, gardener.write, Platform.GARDENER),
    "kubeadm": Kind("kubeadm", kubeadm.CHECKED, kubeadm.write, Platform.KUBEADM),
    "controller-manager": Kind(
        "kube-controller-manager", controller_manager.CHECKED, controller_manager.write, Platform.KUBERNETES, "txt"
    ),
    "cluster-api": Kind("Cluster API", cluster_api.CHECKED, cluster_api.write, Platform.KUBEADM),
    "metallb": Kind("MetalLB pool", load_balancers.METALLB_CHECKED, load_balancers.write_metallb),
    "cilium": Kind("Cilium pool", load_balancers.CILIUM_CHECKED, load_balancers.write_cilium),
    "calico": Kind("Calico pools", pod_pools.CHECKED, pod_pools.write),
}


@dataclass(frozen=True)
class Document:
    """A manifest, or why the plan has none of this kind."""

    kind: str
    label: str
    file_name: str
    text: str
    refusal: str


def documents(cluster: Cluster, plan: Plan, *, kind: str = "", pool: str = "") -> list[Document]:
    """The manifests of a cluster and its plan: of one kind, or of all.

    Load balancers get the project's static addresses in the external network `pool`, or in all of them, without
    those that machines have. Invalid for a kind that is not offered; a plan that the platform of a kind would refuse
    has its refusal in the place of the text.
    """
    if kind and kind not in KINDS:
        raise errors.Invalid(f"A kind is one of {', '.join(KINDS)}.", field="kind")
    subject = _subject(cluster, plan, pool)
    return [_document(name, subject) for name in ([kind] if kind else KINDS)]


def _document(name: str, subject: Subject) -> Document:
    kind = KINDS[name]
    broken = list(rules.violations_of_platform(subject.plan, kind.platform)) if kind.platform else []
    refusal = " ".join(error.detail for error in broken)
    header = f"# {kind.label}: {subject.name}\n# Checked against the rules of {kind.checked}.\n"
    if not subject.is_reserved:
        header += "# Its ranges are not reserved: others may take them.\n"
    text = "" if refusal else header + kind.write(subject)
    return Document(name, kind.label, f"{subject.name}-{name}.{kind.suffix}", text, refusal)


def _subject(cluster: Cluster, plan: Plan, pool: str) -> Subject:
    beside = MachineNetwork.objects.filter(machine__attachments__network=cluster.network_id)
    external = beside.filter(network__type=NetworkType.EXTERNAL, machine__role=Machine.Role.FIREWALL)
    free = IPAddress.objects.filter(project=cluster.project_id, type=IPAddress.Type.STATIC, machine=None)
    pooled = free.filter(network__type=NetworkType.EXTERNAL, family__in=cluster.address_families)
    if pool:
        pooled = pooled.filter(network=pool)
    return Subject(
        name=cluster.name,
        is_reserved=cluster.is_reserved,
        project=str(cluster.project_id),
        partition=cluster.network.partition_id or "",
        network=cluster.network_id,
        externals=tuple(external.order_by("network").values_list("network", flat=True).distinct()),
        pool=tuple(pooled.order_by("address").values_list("address", flat=True)),
        plan=plan,
    )
