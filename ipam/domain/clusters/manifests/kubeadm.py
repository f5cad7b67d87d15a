"""What `kubeadm init --config` and `kubeadm join --config` take."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from netaddr import IPAddress as Address

from ipam.addressing import Family
from ipam.domain.clusters.manifests.subject import MAX_MACHINES, Subject, api_server, joined, masks, nodes_of
from ipam.domain.clusters.manifests.yaml_text import Document
from ipam.models import Machine

CHECKED = "kubeadm.k8s.io/v1beta4 (Kubernetes 1.36) and v1beta3, kubelet.config.k8s.io/v1beta1"
_PORT = 6443
_NODE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # else a node is named by its host
_LISTS_SINCE = 31  # minor version: v1beta4, whose arguments are lists


def init(subject: Subject) -> list[Document]:
    """Three documents: the cluster, the first control plane node, and every kubelet."""
    plan, api = subject.plan, _api_server(subject)
    cluster = {
        **_type(subject, "ClusterConfiguration"),
        "clusterName": subject.name,
        "kubernetesVersion": subject.version if plan.kubernetes_version.count(".") == 2 else _newest(subject),
        **({"controlPlaneEndpoint": api} if api else {}),
        "networking": {"podSubnet": joined(plan.pods), "serviceSubnet": joined(plan.services)},
        **api_server(subject),
        "controllerManager": {"extraArgs": _args(subject, dict(masks(plan)))},
    }
    node = subject.node_addresses(subject.machine) if subject.machine else {}
    own = {family: str(node.get(family, f"<{family.label}-address-of-this-node>")) for family in subject.families}
    first = {
        **_type(subject, "InitConfiguration"),
        "localAPIEndpoint": {"advertiseAddress": own[plan.primary], "bindPort": _PORT},
        "nodeRegistration": {"kubeletExtraArgs": _args(subject, {"node-ip": ",".join(own.values())})},
    }
    return [cluster, first, _kubelet(subject)]


def join(subject: Subject) -> list[Document]:
    """How each machine of the node network joins: with its addresses of all families."""
    return [_join(subject, machine) for machine in subject.machines]


def no_machine(subject: Subject) -> str:
    """Why nobody joins: there is no machine, or it has no address that a kubelet could have."""
    if not subject.machines:
        network = subject.cluster.network
        return f"No machine is in the node network {network} yet. Allocate machines that join it, then come again."
    lacking = [one for one in subject.machines if not subject.node_addresses(one)]
    return f"{lacking[0]} has no address in the node network. Give it one first." if lacking else ""


def left_out(subject: Subject) -> Iterator[str]:
    """The machines that are too many for one document."""
    if len(subject.machines) == MAX_MACHINES and (more := nodes_of(subject.cluster).count() - MAX_MACHINES) > 0:
        yield (
            f"The first {MAX_MACHINES:,} machines by their ids; {more:,} more are left out. Name each of them by "
            "“machine” for a document of its own."
        )


def _join(subject: Subject, machine: Machine) -> Document:
    addresses, name = subject.node_addresses(machine), (machine.hostname or machine.name or machine.pk).lower()
    return {
        **_type(subject, "JoinConfiguration"),
        "discovery": {
            "bootstrapToken": {
                "apiServerEndpoint": _api_server(subject) or f"<address-of-the-API-server>:{_PORT}",
                "token": "<token>",
                "caCertHashes": ["<hash-of-the-CA>"],
            }
        },
        "nodeRegistration": {
            **({"name": name} if _NODE.fullmatch(name) else {}),
            "kubeletExtraArgs": _args(subject, {"node-ip": _texts(addresses)}),
        },
    }


def _kubelet(subject: Subject) -> Document:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "maxPods": subject.plan.max_pods,
    }


def _type(subject: Subject, kind: str) -> dict[str, Any]:
    version = "v1beta4" if subject.plan.minor_version >= _LISTS_SINCE else "v1beta3"
    return {"apiVersion": f"kubeadm.k8s.io/{version}", "kind": kind}


def _args(subject: Subject, values: Mapping[str, object]) -> Sequence[dict[str, str]] | dict[str, str]:
    """Arguments of components: a list, and before v1beta4 a map."""
    if subject.plan.minor_version < _LISTS_SINCE:
        return {name: str(value) for name, value in values.items()}
    return [{"name": name, "value": str(value)} for name, value in values.items()]


def _newest(subject: Subject) -> str:
    """Of a version without a patch the newest, which kubeadm looks up."""
    return f"stable-{subject.plan.kubernetes_version}"


def _api_server(subject: Subject) -> str:
    """Where the API server is reached: by the cluster's own address of the primary family, if it has one."""
    address = next(iter(subject.api.values()), None)
    if address is None:
        return ""
    return f"[{address}]:{_PORT}" if address.version == Family.IPV6 else f"{address}:{_PORT}"


def _texts(addresses: Mapping[Family, Address]) -> str:
    return ",".join(str(address) for address in addresses.values())
