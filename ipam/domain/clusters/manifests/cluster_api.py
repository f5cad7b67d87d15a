"""A Cluster of Cluster API, and a pool of node addresses of each family for its in-cluster IPAM provider."""

from ipam.addressing import Family
from ipam.domain.clusters.manifests.subject import Subject, items

CHECKED = "cluster.x-k8s.io/v1beta1, ipam.cluster.x-k8s.io/v1alpha2 and kubeadm 1.31 to 1.34"


def write(subject: Subject) -> str:
    """The Cluster, then the pools, the primary family first."""
    return _cluster(subject) + "".join(_pool(subject, family) for family in subject.families)


def _cluster(subject: Subject) -> str:
    plan = subject.plan
    return f"""\
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata:
  name: {subject.name}
  namespace: <namespace>
spec:
  clusterNetwork:
    pods:
      cidrBlocks:
{items(plan.pods.values(), 8)}
    services:
      cidrBlocks:
{items(plan.services.values(), 8)}
  controlPlaneRef:
    apiVersion: controlplane.cluster.x-k8s.io/v1beta1
    kind: KubeadmControlPlane
    name: {subject.name}
  infrastructureRef:
    apiVersion: infrastructure.cluster.x-k8s.io/v1alpha1
    kind: MetalStackCluster
    name: {subject.name}
"""


def _pool(subject: Subject, family: Family) -> str:
    nodes = subject.plan.nodes[family]
    return f"""\
---
# {family.label} addresses of nodes: from this pool or by claims of Twofold (POST /api/v1/claims/), never from both.
apiVersion: ipam.cluster.x-k8s.io/v1alpha2
kind: InClusterIPPool
metadata:
  name: {subject.name}-{family.key}
  namespace: <namespace>
spec:
  addresses:
    - "{nodes}"
  prefix: {nodes.prefixlen}
"""
