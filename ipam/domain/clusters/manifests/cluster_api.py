"""A Cluster of Cluster API on metal-stack: what it is made of, and pools for its in-cluster IPAM provider."""

from netaddr import cidr_merge

from ipam.addressing import Family, host
from ipam.domain.clusters.manifests.subject import Subject, api_server, masks, texts
from ipam.domain.clusters.manifests.yaml_text import Document
from ipam.models.clusters import Platform

CHECKED = (
    "cluster.x-k8s.io/v1beta2 (Cluster API 1.14), infrastructure.cluster.x-k8s.io/v1alpha1 (metal-stack 0.8), "
    "ipam.cluster.x-k8s.io/v1alpha2 (in-cluster 1.1)"
)
_INFRASTRUCTURE, _CONTROL_PLANE = "infrastructure.cluster.x-k8s.io", "controlplane.cluster.x-k8s.io"
_PORT = 6443
_REPLICAS = 3


def write(subject: Subject) -> list[Document]:
    """The Cluster, its infrastructure, its control plane with the machines that it is made of, then the pools.

    Pools are for the in-cluster IPAM provider; on metal-stack nodes get their addresses from metal-api.
    """
    is_metal = subject.plan.platform == Platform.GARDENER
    pools = [] if is_metal else [_pool(subject, family) for family in subject.families]
    return [_cluster(subject), _infrastructure(subject), _control_plane(subject), _machines(subject), *pools]


def _head(subject: Subject, group: str, version: str, kind: str, suffix: str = "") -> Document:
    metadata = {"name": f"{subject.name}{suffix}", "namespace": "default"}
    return {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": metadata}


def _cluster(subject: Subject) -> Document:
    plan = subject.plan
    blocks = {"pods": {"cidrBlocks": texts(plan.pods)}, "services": {"cidrBlocks": texts(plan.services)}}
    return {
        **_head(subject, "cluster.x-k8s.io", "v1beta2", "Cluster"),
        "spec": {
            "clusterNetwork": blocks,
            **_endpoint(subject),
            "controlPlaneRef": {"apiGroup": _CONTROL_PLANE, "kind": "KubeadmControlPlane", "name": subject.name},
            "infrastructureRef": {"apiGroup": _INFRASTRUCTURE, "kind": "MetalStackCluster", "name": subject.name},
        },
    }


def _infrastructure(subject: Subject) -> Document:
    """Without a claimed address metal-stack takes one for the control plane by itself."""
    endpoint = _endpoint(subject)
    claimed = {"controlPlaneIP": endpoint["controlPlaneEndpoint"]["host"], **endpoint} if endpoint else {}
    return {
        **_head(subject, _INFRASTRUCTURE, "v1alpha1", "MetalStackCluster"),
        "spec": {
            "projectID": str(subject.cluster.project_id),
            "partition": subject.cluster.network.partition_id or "<partition>",
            "nodeNetworkID": subject.cluster.network_id,
            **claimed,
        },
    }


def _endpoint(subject: Subject) -> Document:
    """Where the API server is reached: by the cluster's own address of the primary family, if it has one."""
    api = next(iter(subject.api.values()), None)
    return {"controlPlaneEndpoint": {"host": str(api), "port": _PORT}} if api else {}


def _control_plane(subject: Subject) -> Document:
    kubelet = {"nodeRegistration": {"kubeletExtraArgs": [{"name": "max-pods", "value": str(subject.plan.max_pods)}]}}
    flags = [{"name": name, "value": str(mask)} for name, mask in masks(subject.plan)]
    template = {"apiGroup": _INFRASTRUCTURE, "kind": "MetalStackMachineTemplate", "name": f"{subject.name}-machines"}
    return {
        **_head(subject, _CONTROL_PLANE, "v1beta2", "KubeadmControlPlane"),
        "spec": {
            "replicas": _REPLICAS,
            "version": subject.version,
            "machineTemplate": {"spec": {"infrastructureRef": template}},
            "kubeadmConfigSpec": {
                "clusterConfiguration": {**api_server(subject), "controllerManager": {"extraArgs": flags}},
                "initConfiguration": kubelet,
                "joinConfiguration": kubelet,
            },
        },
    }


def _machines(subject: Subject) -> Document:
    spec = {"image": "<machine-image>", "size": "<machine-type>"}
    return {
        **_head(subject, _INFRASTRUCTURE, "v1alpha1", "MetalStackMachineTemplate", "-machines"),
        "spec": {"template": {"spec": spec}},
    }


def _pool(subject: Subject, family: Family) -> Document:
    """Addresses of nodes: all of the node network but what is held and the gateway."""
    nodes = subject.plan.nodes[family]
    gateway = subject.gateways.get(family)
    held = cidr_merge([*map(host, subject.held(family)), *([host(gateway)] if gateway else [])])
    excluded = [str(one) if one.size > 1 else str(one.ip) for one in held]
    return {
        **_head(subject, "ipam.cluster.x-k8s.io", "v1alpha2", "InClusterIPPool", f"-{family.key}"),
        "spec": {
            "addresses": [str(nodes)],
            "prefix": nodes.prefixlen,
            **({"excludedAddresses": excluded} if excluded else {}),
            **({"gateway": str(gateway)} if gateway else {}),
        },
    }
