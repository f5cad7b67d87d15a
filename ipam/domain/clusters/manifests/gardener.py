"""A Shoot of Gardener on metal-stack, and for two families what the infrastructure has to report."""

from ipam.addressing import Family
from ipam.domain.clusters.manifests.subject import Subject, items

CHECKED = "core.gardener.cloud/v1beta1 with API servers 1.31 to 1.34"


def write(subject: Subject) -> str:
    """The Shoot; with two families a second document, for a Shoot has room for one CIDR of each kind."""
    shoot = _shoot(subject) + _networking(subject) + _provider(subject)
    return shoot + (_status(subject) if subject.plan.is_dual else "")


def _shoot(subject: Subject) -> str:
    plan = subject.plan
    return f"""\
apiVersion: core.gardener.cloud/v1beta1
kind: Shoot
metadata:
  name: {subject.name}
  namespace: <garden-namespace-of-the-project>
spec:
  cloudProfile:
    name: <cloud-profile>
  credentialsBindingName: <credentials-binding>
  region: <region>
  purpose: production
  kubernetes:
    version: "{plan.kubernetes_version}"
    kubeControllerManager:
{_masks(subject)}
    kubelet:
      maxPods: {plan.max_pods}
"""


def _networking(subject: Subject) -> str:
    plan, primary = subject.plan, subject.plan.primary
    return f"""\
  networking:
    type: calico
    ipFamilies: [{", ".join(family.label for family in subject.families)}]
{_one_of_two(subject)}    nodes: "{plan.nodes[primary]}"
    pods: "{plan.pods[primary]}"
    services: "{plan.services[primary]}"
    providerConfig:
      apiVersion: calico.networking.extensions.gardener.cloud/v1alpha1
      kind: NetworkConfig
      backend: none # the fabric routes pods, calico does not
      ipam:
        type: host-local
      overlay:
        enabled: {str(not plan.native_routing).lower()}
{_typha(subject)}"""


def _provider(subject: Subject) -> str:
    return f"""\
  provider:
    type: metal
    infrastructureConfig:
      apiVersion: metal.provider.extensions.gardener.cloud/v1alpha1
      kind: InfrastructureConfig
      partitionID: "{subject.partition or "<partition>"}"
      projectID: "{subject.project}"
      firewall:
        image: <firewall-image>
        size: <firewall-size>
        networks: # where the cluster's firewall leads to
{items(subject.externals or ["<external-network>"], 10)}
    controlPlaneConfig:
      apiVersion: metal.provider.extensions.gardener.cloud/v1alpha1
      kind: ControlPlaneConfig
    workers:
      - name: workers
        minimum: 1
        maximum: {subject.plan.wanted_nodes or "<machines-at-most>"}
        machine:
          type: <machine-type>
          image:
            name: <machine-image>
"""


def _masks(subject: Subject) -> str:
    """With one family, also with IPv6 alone, the field without a family is the one that counts."""
    mask = subject.plan.node_mask
    if not subject.plan.is_dual:
        return f"      nodeCIDRMaskSize: {mask[subject.plan.primary]}"
    return f"      nodeCIDRMaskSize: {mask[Family.IPV4]} # IPv4\n      nodeCIDRMaskSizeIPv6: {mask[Family.IPV6]}"


def _one_of_two(subject: Subject) -> str:
    if not subject.plan.is_dual:
        return ""
    other = subject.families[1].label
    return f"    # One CIDR each, of the primary family; the infrastructure reports those of {other} (next document).\n"


def _typha(subject: Subject) -> str:
    return "      typha:\n        enabled: false # as dual-stack wants it\n" if subject.plan.is_dual else ""


def _status(subject: Subject) -> str:
    plan = subject.plan
    return f"""\
---
# Not to be applied: what the Infrastructure of this Shoot has to report, so that the second family is known.
apiVersion: extensions.gardener.cloud/v1alpha1
kind: Infrastructure
metadata:
  name: {subject.name}
  namespace: <technical-id-of-the-shoot>
status:
  networking:
    nodes:
{items(plan.nodes.values(), 6)}
    pods:
{items(plan.pods.values(), 6)}
    services:
{items(plan.services.values(), 6)}
"""
