"""What a running cluster gains: names of claimed addresses for external-dns, and further ranges of services."""

from collections import defaultdict

from ipam.domain.clusters.manifests.subject import Subject
from ipam.domain.clusters.manifests.yaml_text import Document
from ipam.domain.networks import dns_names
from ipam.models import IPAddress

DNS_CHECKED = "externaldns.k8s.io/v1alpha1 (external-dns 0.22)"
SERVICE_CIDR_CHECKED = "networking.k8s.io/v1 (Kubernetes 1.36)"
_TTL = 300  # seconds


def no_claim(subject: Subject) -> str:
    """Why there are no names: nothing is claimed."""
    if subject.claims:
        return ""
    return "The cluster's project has claimed no addresses yet. Claim some by POST /api/v1/claims/, then come again."


def write_names(subject: Subject) -> list[Document]:
    """A DNSEndpoint: for each claim its name, with an A and an AAAA record as it has addresses."""
    held = IPAddress.objects.filter(allocation__in=[one.allocation for one in subject.claims]).select_related("machine")
    targets: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in held.order_by("name", "address"):
        name = dns_names.name_of(row, f"{dns_names.domain_of(row).rstrip('.')}.").text.rstrip(".")
        targets[name, "A" if row.family == 4 else "AAAA"].append(str(row.address))
    endpoints = [
        {"dnsName": name, "recordType": kind, "recordTTL": _TTL, "targets": sorted(set(found))}
        for (name, kind), found in targets.items()
        if name
    ]
    return [
        {
            "apiVersion": "externaldns.k8s.io/v1alpha1",
            "kind": "DNSEndpoint",
            "metadata": {"name": f"{subject.name}-claims", "namespace": "default"},
            "spec": {"endpoints": endpoints},
        }
    ]


def no_range(subject: Subject) -> str:
    """Why there is no ServiceCIDR: the first ranges are flags of the API server."""
    if subject.plan.service_cidrs:
        return ""
    where = "POST to service-cidrs/ of the cluster in the API"
    return f"{subject.name} has no further ranges of services. Add one by {where}, then come again."


def write_service_cidrs(subject: Subject) -> list[Document]:
    """A ServiceCIDR for each further range."""
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "ServiceCIDR",
            "metadata": {"name": f"{subject.name}-services-{number}"},
            "spec": {"cidrs": [str(cidr)]},
        }
        for number, cidr in enumerate(subject.plan.service_cidrs, start=1)
    ]
