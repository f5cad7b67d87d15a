"""Documents of clusters: those that make one, and those that a running one is registered from and compared with."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.domain.clusters import documented, planning
from ipam.domain.clusters.manifests import catalogue
from ipam.domain.clusters.plan import NewCluster, plan_of
from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.domain.moving import cluster_documents
from ipam.forms.clusters import DocumentForm, RunningClusterForm
from ipam.models import Cluster
from webui.cluster_pages import planned
from webui.pages import (
    Context,
    Performed,
    asked,
    render_form_or_preview,
    render_page_or_part,
    run_or_preview,
    went_through,
)


@login_required
def register(request: HttpRequest) -> HttpResponse:
    """Register a cluster that runs from its Shoot or kubeadm document, which is shown as a plan before."""
    access.require_anywhere(Permission.ALLOCATE)
    form, given = RunningClusterForm(request.POST or None), Performed[Context]()
    if request.method == "POST" and form.is_valid():
        given = run_or_preview(request, form, lambda: planned(_register(**form.cleaned_data)))
        if given.kept:
            made = given.kept["cluster"]
            messages.success(request, f"Registered cluster {made}")
            return redirect("cluster", pk=made.pk)
    context = {"section": "clusters", "form": form, "given": given.shown, "back": reverse("clusters")}
    context["refused"] = bool(form.data.get("document") and form.errors)
    return render_form_or_preview(request, "clusters/register.html", context)


@login_required
def compare(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Compare a cluster with a newer document of it."""
    cluster = planning.get(pk)
    access.require_change(cluster)
    form = DocumentForm(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: _compare(cluster, form.cleaned_data["document"])):
        messages.success(request, f"Compared cluster {cluster} with its document")
        return redirect("cluster", pk=pk)
    back = reverse("cluster", args=[pk])
    context = {"section": "clusters", "form": form, "title": f"Compare {cluster} with its document", "back": back}
    return render_page_or_part(request, "edit.html", context)


@login_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The documents that make a cluster, one at a time by `kind`; on its page they come by themselves."""
    cluster = planning.get(pk)
    found = catalogue.documents(cluster, plan_of(cluster))
    usual = [one for one in found if catalogue.KINDS[one.kind].platform == cluster.platform]
    context = {
        "section": "clusters",
        "cluster": cluster,
        "documents": found,
        "chosen": next((one for one in found if one.kind == asked(request, "kind")), usual[0]),
        "refused": [one for one in found if one.refusal],
    }
    return render_page_or_part(request, "clusters/documents.html", context, part="documents")


@login_required
def manifest(request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
    """One document as a file."""
    cluster = planning.get(pk)
    (document,) = catalogue.documents(cluster, plan_of(cluster), kind=kind)
    if document.refusal:
        raise Http404(document.refusal)
    headers = {"Content-Disposition": f'attachment; filename="{document.file_name}"'}
    return HttpResponse(document.text, content_type="text/plain; charset=utf-8", headers=headers)


def _compare(cluster: Cluster, document: str) -> Cluster:
    return documented.compare(cluster, cluster_documents.read(document)[1])


def _register(*, document: str, name: str, **named: object) -> Cluster:
    plan, said = cluster_documents.read(document)
    return documented.register(NewCluster(**{**plan, **named, "name": name or plan.get("name", "")}), said)
