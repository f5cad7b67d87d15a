"""Flags of the kube-controller-manager, for clusters that are set up by hand."""

from ipam.domain.clusters.manifests.subject import Subject, joined, masks

CHECKED = "the flags of Kubernetes 1.31 to 1.36"


def write(subject: Subject) -> str:
    """One flag a line."""
    plan = subject.plan
    flags = {
        "allocate-node-cidrs": "true",
        "cluster-cidr": joined(plan.pods),
        "service-cluster-ip-range": joined(plan.services),
        **dict(masks(plan)),
    }
    return "".join(f"--{name}={value}\n" for name, value in flags.items())
