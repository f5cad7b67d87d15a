"""Clusters: plan one with both families in sight, and see whether it will come up and what it holds."""

from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.addressing import Family
from ipam.domain.clusters import cautions, documented, lifecycle, migration, migration_steps, planning
from ipam.domain.clusters.plan import NewCluster, capacity, plan_of
from ipam.domain.core import access, timelines
from ipam.domain.core.permissions import Permission
from ipam.filters import ClusterFilters
from ipam.forms.clusters import ClusterForm, DraftForm, NewClusterForm
from ipam.models import Cluster, Network
from ipam.models.clusters import FamilyOrder, Platform
from ipam.models.networks import NetworkType
from webui import choices, list_state
from webui.cluster_lanes import lanes
from webui.cluster_meters import concerns
from webui.cluster_pages import machines, planned, shown
from webui.listing import listing
from webui.pages import (
    Context,
    Performed,
    asked,
    render_form_or_preview,
    render_page_or_part,
    run_or_preview,
    went_through,
)
from webui.views.activity import with_links

FILTERS = ("q", "state", "platform", "families", "project", "network")
COLUMNS = {"name": "name", "state": "state", "created": "created_at"}
_SHOWN_EVENTS = 10


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All plans, filtered as one types."""
    filters = ClusterFilters(request.GET, queryset=access.visible(Cluster.objects.with_plan()))
    found = listing(request, filters.qs if filters.is_valid() else Cluster.objects.none(), COLUMNS)
    context = {
        "section": "clusters",
        "rows": _rows(found.rows),
        "listing": found,
        "state": list_state.of_request(request, "clusters"),
        "chosen": choices.shown({name: request.GET.get(name, "") for name in FILTERS}),
        "filters": filters,
        "states": Cluster.State.choices,
        "platforms": Platform.choices,
        "orders": FamilyOrder.choices,
    }
    return render_page_or_part(request, "clusters/index.html", context, part="table")


@login_required
def create(request: HttpRequest) -> HttpResponse:
    """Plan a cluster; before anything happens, show its ranges and what they hold, both families side by side."""
    access.require_anywhere(Permission.ALLOCATE)
    form = NewClusterForm(request.POST or None, initial=_initial(request))
    given = Performed[Context]()
    if request.method == "POST" and form.is_valid():
        new = NewCluster(**form.request())
        given = run_or_preview(request, form, lambda: planned(lifecycle.create(new, reserve="reserve" in request.POST)))
        if given.kept:
            made = given.kept["cluster"]
            messages.success(request, f"{'Reserved' if made.is_reserved else 'Drafted'} cluster {made}")
            return redirect("cluster", pk=made.pk)
    context = {"section": "clusters", "form": form, "given": given.shown, "back": reverse("clusters")}
    context["refused"] = bool(form.data.get("name") and form.errors)
    return render_form_or_preview(request, "clusters/plan_form.html", context)


@login_required
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One cluster: what it holds per family, what it owns, and its machines."""
    cluster = planning.get(pk)
    plan = plan_of(cluster)
    used = migration.count_nodes(cluster)
    events = timelines.newest(timelines.of_object("cluster", str(cluster.pk)), limit=_SHOWN_EVENTS)
    context = {
        "section": "clusters",
        "cluster": cluster,
        **shown(cluster, plan, used),
        **machines(cluster, "name", "id"),
        "next_step": _next_step(cluster),
        "progress": migration_steps.progress(cluster) if cluster.migration_step else None,
        "may_change": access.may_change(cluster),
        "differences": list(documented.differences(cluster)),
        "events": with_links(events.rows),
    }
    return render_page_or_part(request, "clusters/detail.html", context)


@login_required
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change what may change of a plan: of a draft all but its owner and node network."""
    cluster = planning.get(pk)
    access.require_change(cluster)
    if cluster.is_draft:
        return _edit_draft(request, cluster)
    initial = forms.model_to_dict(cluster, ClusterForm.base_fields)
    form = ClusterForm(request.POST if request.method == "POST" else None, initial=initial, platform=cluster.platform)
    changes = {name: form.cleaned_data[name] for name in form.changed_data} if form.is_valid() else {}
    if went_through(form, lambda: lifecycle.update(cluster, **changes)):
        messages.success(request, f"Changed cluster {cluster}")
        return redirect("cluster", pk=pk)
    back = reverse("cluster", args=[pk])
    context = {"section": "clusters", "form": form, "title": f"Edit {cluster}", "back": back}
    return render_page_or_part(request, "edit.html", context)


def _edit_draft(request: HttpRequest, cluster: Cluster) -> HttpResponse:
    """Plan it again, with the same preview as at first."""
    form, given = DraftForm(request.POST or None, draft=cluster), Performed[Context]()
    if request.method == "POST" and form.is_valid():
        given = run_or_preview(request, form, lambda: planned(lifecycle.update(cluster, **form.changes())))
        if given.kept:
            messages.success(request, f"Changed cluster {given.kept['cluster']}")
            return redirect("cluster", pk=cluster.pk)
    back = reverse("cluster", args=[cluster.pk])
    context = {"section": "clusters", "form": form, "given": given.shown, "cluster": cluster, "back": back}
    context["refused"] = bool(form.errors)
    return render_form_or_preview(request, "clusters/plan_form.html", context)


def _initial(request: HttpRequest) -> Context:
    """From the page of a network: it, and whose it is. Without, the super network if there is no choice."""
    visible = access.visible(Network.objects.all())
    network = visible.filter(pk=asked(request, "network")).first()
    if network is None:
        supers = visible.filter(type=NetworkType.SUPER, project=None)[:2]
        return {"parent": supers[0]} if len(supers) == 1 else {}
    return {"parent" if network.is_super else "network": network, "project": network.project_id}


def _next_step(cluster: Cluster) -> str:
    """How the button reads that leads to the next families; empty when there are none."""
    families = migration.next_families(cluster)
    if len(families) > 1:
        return f"Add {families[1].label}"
    return f"Back to {families[0].label}" if families else ""


def _rows(clusters: Sequence[Cluster]) -> list[Context]:
    """Each with both lanes, None for a family that it has not, and what keeps it from coming up."""
    plans = {one.pk: plan_of(one) for one in clusters}
    warnings, rows = cautions.of_clusters(plans, clusters), []
    for cluster in clusters:
        plan, found = plans[cluster.pk], concerns(warnings[cluster.pk])
        by_family = {lane.family: lane for lane in lanes(plan, capacity(plan), {})}
        rows.append(
            {
                "cluster": cluster,
                "lanes": [(family, by_family.get(family)) for family in Family],
                "hindrance": next((one for one in found if one.hinders), None),
            }
        )
    return rows
