"""Partitions, projects and VRFs: small lists of what others belong to, made and changed on one page each."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ipam.domain.core import access, lookups
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import series
from ipam.domain.networks import partitions, projects, vrfs
from ipam.forms.described import LabelledForm, NewPartitionForm, NewProjectForm, NewVrfForm, ProjectForm
from ipam.models import VRF, Network, Partition, Project
from webui import list_state, network_rows
from webui.holdings import holdings, tiles, verdict, with_numbers
from webui.listing import listing
from webui.pages import asked, render_page_or_part, run_for_form, went_through
from webui.quota_meters import quota_meters
from webui.views.history import due_first
from webui.views.network_list import CHOSEN

MAX_NETWORKS = 50
Subject = Partition | Project | VRF
COLUMNS = {"name": "name", "id": "pk"}


@dataclass(frozen=True)
class Kind:
    """One of the small lists: its words, its forms, and the operations behind its verbs."""

    section: str
    one: str
    model: type[Subject]
    new_form: type[forms.Form]
    form: type[forms.Form]
    create: Callable[..., Subject]
    update: Callable[..., Subject]
    delete: Callable[..., None]
    about: str

    def networks_of(self, subject: Subject | OuterRef) -> QuerySet[Network]:
        return access.visible(Network.objects.filter(**{self.one: subject}))

    def number_of_networks(self) -> Subquery:
        """Counted for each row that is shown; a join would count for all of them first."""
        return Subquery(
            self.networks_of(OuterRef("pk")).order_by().values(self.one).annotate(number=Count("*")).values("number")
        )


KINDS = {
    "partitions": Kind(
        "partitions", "partition", Partition, NewPartitionForm, LabelledForm,
        partitions.create, partitions.update, partitions.delete, "Sites or failure domains.",
    ),
    "projects": Kind(
        "projects", "project", Project, NewProjectForm, ProjectForm,
        projects.create, projects.update, projects.delete,
        "What owns networks, addresses and machines.",
    ),
    "vrfs": Kind(
        "vrfs", "vrf", VRF, NewVrfForm, LabelledForm, vrfs.create, vrfs.update, vrfs.delete,
        "Routing instances. Those that networks draw come and go by themselves.",
    ),
}  # fmt: skip


@login_required
def index(request: HttpRequest, section: str) -> HttpResponse:
    """The list, filtered as one types."""
    kind = KINDS[section]
    query = asked(request, "q")
    visible = access.visible(kind.model._default_manager.all())
    rows = visible.annotate(network_count=Coalesce(kind.number_of_networks(), 0))
    found = listing(request, rows.matching(query) if query else rows, COLUMNS)
    state = list_state.of_request(request, section)
    context = {"section": section, "kind": kind, "listing": found, "state": state, "rows": found.rows, "query": query}
    return render_page_or_part(request, "registry/index.html", context, part="table")


@login_required
def detail(request: HttpRequest, section: str, pk: str) -> HttpResponse:
    """One of them: what it has in both families and when that runs out, and the networks that belong to it."""
    kind = KINDS[section]
    subject = lookups.get(kind.model, pk, among=with_numbers(kind.model._default_manager.all(), kind.one))
    networks = kind.networks_of(subject)
    found = series.with_days(networks.select_related("project", "partition")).order_by("name", "id")
    rows = network_rows.rows_of(list(found[: MAX_NETWORKS + 1]))
    due = due_first(networks)
    quotas = quota_meters(subject.quotas.select_related("network")) if isinstance(subject, Project) else []
    context = {
        "section": section,
        "kind": kind,
        "subject": subject,
        "rows": rows[:MAX_NETWORKS],
        "state": list_state.of_request(request, "networks", CHOSEN),
        "more": len(rows) > MAX_NETWORKS,
        "verdict": verdict(rows, due, quotas),
        "holdings": holdings(subject, network_rows.totals([] if len(rows) > MAX_NETWORKS else rows), quotas, due),
        "tiles": tiles(subject, kind.one),
        "quotas": quotas,
    }
    return render_page_or_part(request, "registry/detail.html", context)


@login_required
def create(request: HttpRequest, section: str) -> HttpResponse:
    """A new one."""
    access.require(Permission.OPERATE)
    kind = KINDS[section]
    form = kind.new_form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)}
        made = run_for_form(form, lambda: kind.create(**given))
        if made is not None:
            messages.success(request, f"Made {kind.one} {made}")
            return redirect("registry-detail", section=section, pk=made.pk)
    return render_page_or_part(
        request, "registry/form.html", {"section": section, "kind": kind, "form": form, "subject": None}
    )


@login_required
def edit(request: HttpRequest, section: str, pk: str) -> HttpResponse:
    """Change what may change: everything but the id."""
    kind = KINDS[section]
    subject = lookups.get(kind.model, pk)
    access.require_change(subject)
    form = kind.form(request.POST or None, initial=forms.model_to_dict(subject, kind.form.base_fields))
    if went_through(form, lambda: kind.update(subject, **form.cleaned_data)):
        messages.success(request, f"Changed {kind.one} {subject}")
        return redirect("registry-detail", section=section, pk=subject.pk)
    return render_page_or_part(
        request, "registry/form.html", {"section": section, "kind": kind, "form": form, "subject": subject}
    )


@login_required
def delete(request: HttpRequest, section: str, pk: str) -> HttpResponse:
    """Ask; then delete, unless something still belongs to it."""
    kind = KINDS[section]
    subject = lookups.get(kind.model, pk)
    access.require(Permission.OPERATE)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: kind.delete(subject)):
        messages.success(request, f"Deleted {kind.one} {subject}")
        return redirect(section)
    return render_page_or_part(
        request, "registry/delete.html", {"section": section, "kind": kind, "subject": subject, "form": form}
    )
