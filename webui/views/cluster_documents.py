"""Clusters that run: registered from their documents, and led from one family to two, step by step."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from ipam.domain.clusters import documented, migration_steps, planning
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.domain.moving import cluster_documents
from ipam.forms.clusters import DocumentForm, RunningClusterForm, StepForm
from ipam.models import Cluster
from webui.pages import render_page_or_part, run_for_form, went_through


@login_required
def register(request: HttpRequest) -> HttpResponse:
    """Register a cluster that runs from its Shoot or kubeadm document."""
    access.require_anywhere(Permission.ALLOCATE)
    form = RunningClusterForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = run_for_form(form, lambda: _register(**form.cleaned_data))
        if made:
            messages.success(request, f"Registered cluster {made}")
            return redirect("cluster", pk=made.pk)
    context = {
        "section": "clusters",
        "form": form,
        "title": "Register a cluster that runs",
        "back": reverse("clusters"),
    }
    return render_page_or_part(request, "edit.html", context)


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
@require_POST
def finish(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Somebody has done the step that was next."""
    cluster = planning.get(pk)
    access.require_change(cluster)
    form = StepForm(request.POST)
    if went_through(form, lambda: migration_steps.finish(cluster, form.cleaned_data["done"])):
        messages.success(request, f"Noted for cluster {cluster}")
    for faults in form.errors.values():
        messages.error(request, " ".join(map(str, faults)))
    return redirect("cluster", pk=pk)


def _compare(cluster: Cluster, document: str) -> Cluster:
    return documented.compare(cluster, cluster_documents.read(document)[1])


def _register(*, document: str, name: str, **named: object) -> Cluster:
    plan, said = cluster_documents.read(document)
    return documented.register(NewCluster(**{**plan, **named, "name": name or plan.get("name", "")}), said)
