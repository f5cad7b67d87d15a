"""A running cluster on its way from one family to two, step by step, and back."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from ipam.domain.clusters import migration, migration_steps, planning
from ipam.domain.core import access
from ipam.forms.clusters import RollForm, StepForm
from ipam.models.clusters import FamilyOrder
from webui.cluster_meters import concerns
from webui.cluster_pages import machines, planned
from webui.pages import Context, Performed, render_form_or_preview, run_or_preview, went_through


@login_required
def families(request: HttpRequest, pk: UUID) -> HttpResponse:
    """From one family to two, and back: what that takes, how far it is, and then the step."""
    cluster = planning.get(pk)
    access.require_change(cluster)
    form, given = RollForm(request.POST if request.method == "POST" else None), Performed[Context]()
    roll_nodes = form.is_valid() and form.cleaned_data["roll_nodes"]
    ready = migration.readiness(cluster, roll_nodes=roll_nodes)
    if form.is_valid():
        given = run_or_preview(
            request, form, lambda: planned(migration.change(cluster, ready.families, roll_nodes=roll_nodes))
        )
        if given.kept:
            changed = given.kept["cluster"]
            messages.success(request, f"{cluster} is {FamilyOrder(changed.families).label} now")
            return redirect("cluster", pk=pk)
    kept = ready.families[0]
    context = {"section": "clusters", "cluster": cluster, "ready": ready, "form": form, "given": given.shown}
    context |= {"kept": kept.label, "gained": kept.other.label, "concerns": concerns(ready.warnings)}
    context |= {"refused": bool(form.errors), **machines(cluster, "has_ipv6", "has_ipv4", "name", "id")}
    return render_form_or_preview(request, "clusters/families.html", context)


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
