"""What a cluster plan says, in the words of those who make the cluster: documents to copy, download and apply.

Each is text with comments. What Twofold cannot know stands as <placeholder>, where the type takes a text.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ipam import errors
from ipam.domain.clusters import rules, support
from ipam.domain.clusters.manifests import (
    cluster_api,
    controller_manager,
    gardener,
    kubeadm,
    load_balancers,
    names_and_services,
    pod_pools,
    yaml_text,
)
from ipam.domain.clusters.manifests.subject import Subject, nodes_of
from ipam.domain.clusters.plan import Plan
from ipam.domain.core import lookups
from ipam.models import Cluster, Machine
from ipam.models.clusters import Platform

_METAL = (
    "On metal-stack this is made by Gardener's extensions and by metal-stack's controller, which deletes what is not "
    "its own. A service names its address instead: see the Gardener Shoot."
)


def _anything(subject: Subject) -> str:
    return ""


def _nothing(subject: Subject) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Kind:
    """A kind of document: its name for people, the schemas it was checked against, how it is written.

    It is made for a `platform`, whose rules the plan has to keep; empty for those that every plan fits. `lacks` says
    what has to be there first, `notes` what is left out; what is not for Gardener is refused on metal-stack.
    """

    label: str
    checked: str
    write: Callable[[Subject], str | Iterable[yaml_text.Document]]
    platform: str = ""
    suffix: str = "yaml"
    lacks: Callable[[Subject], str] = _anything
    for_gardener: bool = True
    notes: Callable[[Subject], Iterable[str]] = _nothing


KINDS: Mapping[str, Kind] = {
    "metal-network": Kind("Node network for metal-api", gardener.NETWORK_CHECKED, gardener.network),
    "gardener": Kind("Gardener Shoot", gardener.CHECKED, gardener.write, Platform.GARDENER),
    "kubeadm": Kind("kubeadm", kubeadm.CHECKED, kubeadm.init, Platform.KUBEADM),
    "kubeadm-join": Kind(
        "kubeadm join",
        kubeadm.CHECKED,
        kubeadm.join,
        Platform.KUBEADM,
        lacks=kubeadm.no_machine,
        notes=kubeadm.left_out,
    ),
    "controller-manager": Kind(
        "kube-controller-manager", controller_manager.CHECKED, controller_manager.write, Platform.KUBERNETES, "txt"
    ),
    "cluster-api": Kind("Cluster API", cluster_api.CHECKED, cluster_api.write, Platform.KUBEADM),
    "metallb": Kind(
        "MetalLB pool",
        load_balancers.METALLB_CHECKED,
        load_balancers.write_metallb,
        lacks=load_balancers.no_address,
        for_gardener=False,
    ),
    "cilium": Kind(
        "Cilium pool",
        load_balancers.CILIUM_CHECKED,
        load_balancers.write_cilium,
        lacks=load_balancers.no_address,
        for_gardener=False,
    ),
    "calico": Kind("Calico pools", pod_pools.CHECKED, pod_pools.write, for_gardener=False),
    "external-dns": Kind(
        "external-dns names",
        names_and_services.DNS_CHECKED,
        names_and_services.write_names,
        lacks=names_and_services.no_claim,
        notes=names_and_services.left_out,
    ),
    "service-cidr": Kind(
        "Further services",
        names_and_services.SERVICE_CIDR_CHECKED,
        names_and_services.write_service_cidrs,
        lacks=names_and_services.no_range,
    ),
}


@dataclass(frozen=True)
class Document:
    """A manifest, or why the plan has none of this kind."""

    kind: str
    label: str
    file_name: str
    text: str
    refusal: str


def documents(cluster: Cluster, plan: Plan, *, kind: str = "", pool: str = "", machine: str = "") -> list[Document]:
    """The manifests of a cluster and its plan: of one kind, or of all.

    Load balancers give out what the cluster owns in the external network `pool`, or in all; a `machine`, by its id, is
    the one that joins. Invalid for a kind that is not offered, NotFound for a machine that can be no node of it;
    a plan that cannot have a kind has its refusal in the place of the text.
    """
    if kind and kind not in KINDS:
        raise errors.Invalid(f"A kind is one of {', '.join(KINDS)}.", field="kind")
    subject = Subject(cluster=cluster, plan=plan, pool=pool, machine=_machine(cluster, machine))
    return [_document(name, subject) for name in ([kind] if kind else KINDS)]


def _machine(cluster: Cluster, key: str) -> Machine | None:
    if not key:
        return None
    found = lookups.get(Machine, key, field="machine")
    if not nodes_of(cluster).filter(pk=found.pk).exists():
        detail = (
            f"Machine {found} is no node of {cluster}: name a machine of its project, no firewall, that is in the node "
            f"network {cluster.network}."
        )
        raise errors.NotFound(detail, field="machine")
    return found


def _document(name: str, subject: Subject) -> Document:
    kind = KINDS[name]
    refusal = _refusal(kind, subject)
    text = "" if refusal else yaml_text.comment(_header(kind, subject)) + _body(kind.write(subject))
    return Document(name, kind.label, f"{subject.name}-{name}.{kind.suffix}", text, refusal)


def _refusal(kind: Kind, subject: Subject) -> str:
    if subject.plan.platform == Platform.GARDENER and not kind.for_gardener:
        return _METAL
    broken = rules.violations_of_platform(subject.plan, kind.platform) if kind.platform else ()
    return " ".join(error.detail for error in broken) or kind.lacks(subject)


def _header(kind: Kind, subject: Subject) -> str:
    plan = subject.plan
    gardener_version = f", Gardener {plan.gardener_version}" if plan.gardener_version else ""
    lines = [
        f"{kind.label}: {subject.name}",
        f"Of the plan: Kubernetes {plan.kubernetes_version}{gardener_version}.",
        f"Checked against the schemas of {kind.checked}.",
    ]
    if not subject.cluster.is_reserved:
        lines.append("Its ranges are not reserved: others may take them.")
    if kind.platform == plan.platform:
        lines += [one.detail for one in support.warnings(plan) if one.issues]
    lines += kind.notes(subject)
    return "\n".join(lines)


def _body(written: str | Iterable[yaml_text.Document]) -> str:
    return written if isinstance(written, str) else yaml_text.written(written)
