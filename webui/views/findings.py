"""What an operator should look at, each with the place that mends it."""

from collections.abc import Iterable

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import survey
from ipam.models import Finding
from webui.pages import render_page_or_part


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All findings, worst first; a severity narrows them."""
    found = survey.current_findings()
    chosen = request.GET.get("severity", "")
    severities = [(severity.label, found.counts.get(severity, 0)) for severity in Finding.Severity]
    shown = [one for one in found.findings if chosen in ("", one.get_severity_display())]
    context = {
        "section": "findings",
        "findings": with_links(shown),
        "severities": severities,
        "chosen": chosen,
        "as_of": found.as_of,
    }
    return render_page_or_part(request, "findings.html", context, part="table")


def with_links(findings: Iterable[Finding]) -> list[tuple[Finding, str]]:
    """Each with the page that mends it."""
    return [(finding, _mends(finding)) for finding in findings]


def _mends(finding: Finding) -> str:
    is_completed_there = finding.code in ("one_family_allocations", "one_family_machines")
    if is_completed_there and access.current().may(Permission.OPERATE):  # others find the way on the network's page
        return reverse("complete", args=[finding.object_id, Family(finding.family or 0).key])
    if finding.code == "pool_nearly_empty":
        return reverse("vrfs" if finding.object_id == "vrf" else "machines")
    pages = {"network": "network", "address": "address", "machine": "machine", "cluster": "cluster"}
    if finding.kind in pages:
        return reverse(pages[finding.kind], args=[finding.object_id])
    return reverse("registry-detail", args=["projects", finding.object_id]) if finding.kind == "project" else ""
