"""Quotas of a project: operators set them on the project's page."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.domain.core import access, lookups
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import quota_limits
from ipam.forms.named import picker
from ipam.forms.quotas import LimitForm, QuotaForm
from ipam.models import Network, Project, Quota
from webui.pages import Context, render_page_or_part, run_for_form, went_through


class NewQuotaForm(QuotaForm):
    """A quota of the project whose page this is."""

    network = forms.CharField(
        required=False,
        widget=picker("networks"),
        help_text="Its name or id. Of addresses the network that they are in, of the rest the super network that "
        "children come from. Empty: all networks.",
    )

    def clean_network(self) -> Network | None:
        key = self.cleaned_data["network"].strip()
        return run_for_form(self, lambda: lookups.named(Network, key, field="network")) if key else None


@login_required
def create(request: HttpRequest, pk: str) -> HttpResponse:
    """A new one: what the project has by now is counted as it is set."""
    project = lookups.get(Project, pk)
    access.require(Permission.OPERATE)
    form = NewQuotaForm(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: quota_limits.create(project=project, **form.cleaned_data)):
        messages.success(request, f"Limited {project}")
        return _to_project(project.pk)
    return render_page_or_part(request, "edit.html", _context(project, form, f"New quota of {project}"))


@login_required
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Another limit."""
    found = lookups.get(Quota, pk)
    access.require_change(found)
    form = LimitForm(request.POST if request.method == "POST" else None, initial={"limit": str(found.limit)})
    if went_through(form, lambda: quota_limits.update(found, **form.cleaned_data)):
        messages.success(request, f"Changed the quota of {found}")
        return _to_project(found.project_id)
    return render_page_or_part(request, "edit.html", _context(found.project, form, f"{found.project}: {found}"))


@login_required
def delete(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask; then limit it no longer."""
    found = lookups.get(Quota, pk)
    access.require_change(found)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: quota_limits.delete(found)):
        messages.success(request, f"Removed the quota of {found}")
        return _to_project(found.project_id)
    says = f"{found.project} may then have as much as there is room for. Nothing that it has changes."
    context = _context(found.project, form, f"Remove the quota of {found}")
    return render_page_or_part(request, "confirm.html", {**context, "says": says})


def _context(project: Project, form: forms.Form, title: str) -> Context:
    back = reverse("registry-detail", args=["projects", project.pk])
    return {"section": "projects", "form": form, "title": title, "back": back}


def _to_project(pk: object) -> HttpResponse:
    return redirect("registry-detail", section="projects", pk=pk)
