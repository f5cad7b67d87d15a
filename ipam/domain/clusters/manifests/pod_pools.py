"""Calico's pools of pods, one of each family."""

from ipam.addressing import Family
from ipam.domain.clusters.manifests.subject import Subject

CHECKED = "projectcalico.org/v3"
BLOCK_SIZE = {Family.IPV4: 26, Family.IPV6: 122}  # Calico's defaults: 64 addresses


def write(subject: Subject) -> str:
    """An IPPool for each family, the primary first."""
    return "---\n".join(_pool(subject, family) for family in subject.families)


def _pool(subject: Subject, family: Family) -> str:
    mode = "Never" if subject.plan.native_routing else "Always"
    block_size = max(BLOCK_SIZE[family], subject.plan.pods[family].prefixlen)
    return f"""\
apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: {subject.name}-pods-{family.key}
spec:
  cidr: "{subject.plan.pods[family]}"
  blockSize: {block_size}
  ipipMode: Never
  vxlanMode: {mode}
  natOutgoing: {str(family is Family.IPV4).lower()}
"""
