"""What a running cluster gains: names of claimed addresses for external-dns, and further ranges of services."""

from collections import defaultdict
from collections.abc import Iterator

from ipam.addressing import shorten
from ipam.domain.clusters.manifests.subject import MAX_CLAIMS, Subject
from ipam.domain.clusters.manifests.yaml_text import Document
from ipam.domain.networks import dns_names
from ipam.domain.networks.dns_names import Name
from ipam.models import IPAddress
from ipam.models.base import NAME_LENGTH

DNS_CHECKED = "externaldns.k8s.io/v1alpha1 (external-dns 0.22)"
SERVICE_CIDR_CHECKED = "networking.k8s.io/v1 (Kubernetes 1.36)"
_TTL = 300  # seconds


def no_claim(subject: Subject) -> str:
    """Why there are no names: nothing is claimed."""
    if subject.claims:
        return ""
    return "The cluster's project has claimed no addresses yet. Claim some by POST /api/v1/claims/, then come again."


def write_names(subject: Subject) -> list[Document]:
    """A DNSEndpoint: for each name that is claimed an A and an AAAA record as there are addresses."""
    targets: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row, name, rival in _named(subject):
        if name.is_of_zone and rival is None:
            targets[name.text.rstrip("."), "A" if row.family == 4 else "AAAA"].append(str(row.address))
    endpoints = [
        {"dnsName": name, "recordType": kind, "recordTTL": _TTL, "targets": sorted(set(found))}
        for (name, kind), found in targets.items()
    ]
    return [
        {
            "apiVersion": "externaldns.k8s.io/v1alpha1",
            "kind": "DNSEndpoint",
            "metadata": {"name": f"{subject.name}-claims", "namespace": "default"},
            "spec": {"endpoints": endpoints},
        }
    ]


def left_out(subject: Subject) -> Iterator[str]:
    """Claims that are too many for one document, and addresses that have no name, or that of another claim."""
    if len(subject.claims) == MAX_CLAIMS and (more := subject.all_claims.count() - MAX_CLAIMS) > 0:
        yield f"The first {MAX_CLAIMS:,} claims by their names; {more:,} more are left out."
    for row, name, rival in _named(subject):
        if not name.is_of_zone:
            yield name.note
        elif rival is not None:
            called = shorten(dns_names.spoken(row))
            yield f"left out: {row.address}, whose name “{called}” is written {name.text} as “{shorten(rival)}” is"


def _named(subject: Subject) -> Iterator[tuple[IPAddress, Name, str | None]]:
    """The claimed addresses by what they are called, each with its name in DNS, and what else is written so, if it was
    first.

    They are called as their claims, whose names may be longer, unless somebody has renamed them.
    """
    names = {one.allocation: one.name for one in subject.claims}
    spoken_for: dict[str, str] = {}
    for row in subject.claimed:
        if row.name == names[row.allocation][:NAME_LENGTH]:
            row.name = names[row.allocation]
        name = dns_names.name_of(row, dns_names.domain_of(row).rstrip(".") + ".")
        called = dns_names.spoken(row)
        first = spoken_for.setdefault(name.text, called)
        yield row, name, None if first == called else first


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
