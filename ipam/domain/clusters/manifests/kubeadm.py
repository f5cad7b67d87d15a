"""What `kubeadm init --config` takes."""

from ipam.domain.clusters.manifests.subject import Subject, joined, masks
from ipam.domain.clusters.plan import capacity

CHECKED = "kubeadm.k8s.io/v1beta4 (kubeadm 1.31 to 1.34)"


def write(subject: Subject) -> str:
    """Three documents: the cluster, the first control plane node, and every kubelet."""
    return f"{_cluster(subject)}---\n{_node(subject)}"


def _cluster(subject: Subject) -> str:
    plan = subject.plan
    services = ", ".join(str(one.api_server) for one in capacity(plan).families)
    args = "\n".join(f'    - name: {name}\n      value: "{mask}"' for name, mask in masks(plan))
    return f"""\
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: {subject.name}
kubernetesVersion: "{_full(plan.kubernetes_version)}"
networking:
  podSubnet: "{joined(plan.pods)}"
  serviceSubnet: "{joined(plan.services)}" # the API server gets {services}
controllerManager:
  extraArgs:
{args}
"""


def _node(subject: Subject) -> str:
    plan = subject.plan
    addresses = ",".join(f"<{family.label}-address-of-this-node>" for family in subject.families)
    return f"""\
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  # Of the family of the first service range.
  advertiseAddress: "<{plan.primary.label}-address-of-this-node>"
nodeRegistration:
  kubeletExtraArgs:
    - name: node-ip # out of {" and ".join(str(cidr) for cidr in plan.nodes.values())}
      value: "{addresses}"
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
maxPods: {plan.max_pods}
"""


def _full(version: str) -> str:
    """With “v”; of a version without a patch the newest, which kubeadm looks up."""
    return f"v{version}" if version.count(".") == 2 else f"stable-{version}"
