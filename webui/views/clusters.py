"""Clusters: plan one with both families in sight, see what it holds, copy what makes it."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.addressing import Family
from ipam.domain.clusters import (
    cautions,
    documented,
    lifecycle,
    migration,
    migration_steps,
    planning,
    rules,
)
from ipam.domain.clusters.manifests import catalogue
from ipam.domain.clusters.plan import NewCluster, Plan, capacity, plan_of
from ipam.domain.core import access, timelines
from ipam.domain.core.permissions import Permission
from ipam.filters import ClusterFilters
from ipam.forms.clusters import ClusterForm, DraftForm, NewClusterForm, RollForm
from ipam.models import Cluster, Network
from ipam.models.clusters import FamilyOrder
from webui import choices, list_state
from webui.cluster_meters import node_meters, verdict
from webui.listing import listing
from webui.meters import humanize
from webui.pages import (
    Context,
    Performed,
    asked,
    render_form_or_preview,
    render_page_or_part,
    run_for_form,
    run_or_preview,
    went_through,
)
from webui.views.activity import with_links

FILTERS = ("q", "state", "families", "project", "network")
COLUMNS = {"name": "name", "state": "state", "created": "created_at"}
_SHOWN_MACHINES, _SHOWN_EVENTS = 50, 10


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All plans, filtered as one types."""
    filters = ClusterFilters(request.GET, queryset=access.visible(Cluster.objects.with_plan()))
    found = listing(request, filters.qs if filters.is_valid() else Cluster.objects.none(), COLUMNS)
    plans = {one.pk: plan_of(one) for one in found.rows}
    context = {
        "section": "clusters",
        "rows": [_row(cluster, plans[cluster.pk]) for cluster in found.rows],
        "listing": found,
        "state": list_state.of_request(request, "clusters"),
        "chosen": choices.shown({name: request.GET.get(name, "") for name in FILTERS}),
        "filters": filters,
        "states": Cluster.State.choices,
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
        given = run_or_preview(
            request, form, lambda: _planned(lifecycle.create(new, reserve="reserve" in request.POST))
        )
        if given.kept:
            made = given.kept["cluster"]
            messages.success(request, f"{'Reserved' if made.is_reserved else 'Drafted'} cluster {made}")
            return redirect("cluster", pk=made.pk)
    context = {"section": "clusters", "form": form, "given": given.shown, "back": reverse("clusters")}
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
        **_shown(cluster, plan, used),
        **_machines(cluster, "name", "id"),
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
    form = ClusterForm(request.POST if request.method == "POST" else None, initial=initial)
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
        given = run_or_preview(request, form, lambda: _planned(lifecycle.update(cluster, **form.changes())))
        if given.kept:
            messages.success(request, f"Changed cluster {given.kept['cluster']}")
            return redirect("cluster", pk=cluster.pk)
    back = reverse("cluster", args=[cluster.pk])
    context = {"section": "clusters", "form": form, "given": given.shown, "cluster": cluster, "back": back}
    return render_form_or_preview(request, "clusters/plan_form.html", context)


@login_required
def families(request: HttpRequest, pk: UUID) -> HttpResponse:
    """From one family to two, and back: what that takes, how far it is, and then the step."""
    cluster = planning.get(pk)
    access.require_change(cluster)
    form = RollForm(request.POST if request.method == "POST" else None)
    roll_nodes = form.is_valid() and form.cleaned_data["roll_nodes"]
    ready = migration.readiness(cluster, roll_nodes=roll_nodes)
    if form.is_valid():
        changed = run_for_form(form, lambda: migration.change(cluster, ready.families, roll_nodes=roll_nodes))
        if changed:
            messages.success(request, f"{cluster} is {FamilyOrder(changed.families).label} now")
            return redirect("cluster", pk=pk)
    kept = ready.families[0]
    names = {"kept": kept.label, "gained": kept.other.label}
    context = {"section": "clusters", "cluster": cluster, "ready": ready, "form": form, **names}
    context |= _machines(cluster, "has_ipv6", "has_ipv4", "name", "id")
    return render_page_or_part(request, "clusters/families.html", context)


@login_required
def documents(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The documents that make a cluster; on its page they come by themselves."""
    cluster = planning.get(pk)
    context = {"section": "clusters", "cluster": cluster, "documents": catalogue.documents(cluster, plan_of(cluster))}
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


def _initial(request: HttpRequest) -> Context:
    """From the page of a network: it, and whose it is."""
    visible = access.visible(Network.objects.all())
    network = visible.filter(pk=asked(request, "network")).first()
    if network is None:
        return {"parent": visible.supers().filter(project=None).first()}
    return {"network": network, "project": network.project_id}


def _next_step(cluster: Cluster) -> str:
    """How the button reads that leads to the next families; empty when there are none."""
    families = migration.next_families(cluster)
    if len(families) > 1:
        return f"Add {families[1].label}"
    return f"Back to {families[0].label}" if families else ""


def _planned(cluster: Cluster) -> Context:
    """A plan with all that its page shows, read while a dry run still holds it."""
    return {"cluster": cluster, **_shown(cluster, plan_of(cluster), {})}


def _machines(cluster: Cluster, *order: str) -> Context:
    """The first machines of the node network, each with the families that it has there."""
    found = list(access.visible(migration.nodes_of(cluster)).order_by(*order)[: _SHOWN_MACHINES + 1])
    return {"machines": found[:_SHOWN_MACHINES], "has_more_machines": len(found) > _SHOWN_MACHINES}


def _row(cluster: Cluster, plan: Plan) -> Context:
    held = capacity(plan)
    pods = [plan.pods.get(family) for family in Family]
    return {"cluster": cluster, "pods": pods, "capacity": held, "nodes": humanize(held.nodes)}


def _shown(cluster: Cluster, plan: Plan, used: dict[Family, int]) -> Context:
    """What a plan holds, per family and together."""
    held = capacity(plan)
    meters, warnings = node_meters(held, used), cautions.of_cluster(cluster)
    return {
        "capacity": held,
        "verdict": verdict(held),
        "services": humanize(held.services),
        "unsupported": [one for one in warnings if one.issues],
        "warnings": [one for one in warnings if not one.issues],
        "is_unannounced": bool(rules.unannounced(plan)),
        "families": [
            {
                "meter": meters[one.family],
                "limit": one,
                "is_primary": one.family is plan.primary,
                "nodes": plan.nodes[one.family],
                "pods": plan.pods[one.family],
                "services": plan.services[one.family],
                "mask": plan.node_mask[one.family],
                "by_network": humanize(one.nodes_by_network),
                "by_pods": None if one.nodes_by_pods is None else humanize(one.nodes_by_pods),
                "per_node": humanize(one.pods_per_node),
            }
            for one in sorted(held.families, key=lambda one: one.family)
        ],
    }
