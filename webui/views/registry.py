"""Partitions, projects and VRFs: small lists of what others belong to, made and changed on one page each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ipam.domain import consumption, lookups, owners, paging, vrfs
from ipam.models import VRF, Network, Partition, Project
from webui.forms import PartitionForm, ProjectForm, VrfForm
from webui.meters import twins
from webui.pages import attempt, show

MOST_NETWORKS = 50


@dataclass(frozen=True)
class Kind:
    """One of the small lists: its words, its form, and the operations behind its verbs."""

    section: str
    one: str
    model: type[Model]
    form: type[forms.Form]
    create: Callable[..., Any]
    update: Callable[..., Any]
    delete: Callable[[Any], None]
    about: str

    def networks_of(self, subject: Any) -> QuerySet[Network]:
        return Network.objects.filter(**{self.one: subject})

    def number_of_networks(self) -> Subquery:
        """Counted for each row that is shown; a join would count for all of them first."""
        return Subquery(
            self.networks_of(OuterRef("pk")).order_by().values(self.one).annotate(number=Count("*")).values("number")
        )


KINDS = {
    "partitions": Kind(
        "partitions", "partition", Partition, PartitionForm,
        owners.create_partition, owners.update_partition, owners.delete_partition, "Sites or failure domains.",
    ),
    "projects": Kind(
        "projects", "project", Project, ProjectForm,
        owners.create_project, owners.update_project, owners.delete_project,
        "What owns networks, addresses and machines.",
    ),
    "vrfs": Kind(
        "vrfs", "vrf", VRF, VrfForm, vrfs.create, vrfs.update, vrfs.delete,
        "Routing instances. Those that networks draw come and go by themselves.",
    ),
}  # fmt: skip


@login_required
def index(request: HttpRequest, section: str) -> HttpResponse:
    """The list, filtered as one types."""
    kind = KINDS[section]
    query = request.GET.get("q", "").strip()
    listed = kind.model._default_manager.annotate(network_count=Coalesce(kind.number_of_networks(), 0))
    page = paging.page(
        listed.matching(query) if query else listed, limit=paging.DEFAULT_LIMIT, cursor=request.GET.get("cursor", "")
    )
    context = {"section": section, "kind": kind, "page": page, "query": query}
    return show(request, "registry/index.html", context, part="table")


@login_required
def detail(request: HttpRequest, section: str, pk: str) -> HttpResponse:
    """One of them with the networks that belong to it."""
    kind = KINDS[section]
    subject = lookups.get(kind.model, pk)
    networks = list(kind.networks_of(subject).select_related("project").order_by("name", "id")[:MOST_NETWORKS])
    uses = consumption.of_networks(networks)
    rows = [{"network": network, "twins": twins(network, uses[network.pk])} for network in networks]
    return show(request, "registry/detail.html", {"section": section, "kind": kind, "subject": subject, "rows": rows})


@login_required
def create(request: HttpRequest, section: str) -> HttpResponse:
    """A new one."""
    kind = KINDS[section]
    form = kind.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)}
        made = attempt(form, lambda: kind.create(**given))
        if made is not None:
            messages.success(request, f"Made {kind.one} {made}")
            return redirect("registry-detail", section=section, pk=made.pk)
    return show(request, "registry/form.html", {"section": section, "kind": kind, "form": form, "subject": None})


@login_required
def edit(request: HttpRequest, section: str, pk: str) -> HttpResponse:
    """Change what may change: everything but the id."""
    kind = KINDS[section]
    subject = lookups.get(kind.model, pk)
    form = kind.form(request.POST or None, initial=forms.model_to_dict(subject))
    del form.fields["id"]
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: kind.update(subject, **form.cleaned_data))
    ):
        messages.success(request, f"Changed {kind.one} {subject}")
        return redirect("registry-detail", section=section, pk=subject.pk)
    return show(request, "registry/form.html", {"section": section, "kind": kind, "form": form, "subject": subject})


@login_required
def delete(request: HttpRequest, section: str, pk: str) -> HttpResponse:
    """Ask; then delete, unless something still belongs to it."""
    kind = KINDS[section]
    subject = lookups.get(kind.model, pk)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        attempt(form, lambda: kind.delete(subject))
        if form.is_valid():
            messages.success(request, f"Deleted {kind.one} {subject}")
            return redirect(section)
    return show(request, "registry/delete.html", {"section": section, "kind": kind, "subject": subject, "form": form})
