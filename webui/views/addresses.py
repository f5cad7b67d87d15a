"""Addresses: find, act on many at once, release."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from ipam import errors
from ipam.addressing import Family
from ipam.api.filters import AddressFilters
from ipam.domain import addresses, allocations, paging
from ipam.models import IPAddress
from webui.pages import attempt, show

FILTERS = ("q", "network", "project", "type", "address_family", "within")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All addresses, filtered as one types, each with its partner in the other family."""
    filters = AddressFilters(request.GET, queryset=IPAddress.objects.all())
    page = paging.page(
        filters.qs if filters.is_valid() else IPAddress.objects.none(),
        field="address",
        limit=paging.DEFAULT_LIMIT,
        cursor=request.GET.get("cursor", ""),
    )
    pairs = {pair.id: pair for pair in allocations.pair_up(page.rows)}
    context = {
        "section": "addresses",
        "rows": [{"address": one, "pair": pairs[one.allocation]} for one in page.rows if one.allocation in pairs],
        "page": page,
        "chosen": {name: request.GET.get(name, "") for name in FILTERS},
        "filters": filters,
        "types": IPAddress.Type.choices,
        "families": list(Family),
    }
    return show(request, "addresses/index.html", context, part="table")


@login_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """One action on all selected allocations: ask first where something goes, then all or nothing."""
    chosen = IPAddress.objects.filter(allocation__in=_selected(request)).select_related("project")
    held = allocations.pair_up(list(chosen))
    form = forms.Form(request.POST)
    if not held:
        messages.error(request, "Nothing was selected. Tick the rows that you mean.")
        return redirect("addresses")
    if request.POST.get("action") == "static":
        attempt(form, lambda: addresses.make_static(chosen))
        done = f"{len(held)} allocations are static now"
    elif "confirmed" in request.POST:
        attempt(form, lambda: addresses.release_many(chosen))
        done = f"Released {len(held)} allocations"
    else:
        return show(request, "addresses/confirm.html", {"section": "addresses", "held": held, "form": form})
    if not form.is_valid():
        return show(request, "addresses/confirm.html", {"section": "addresses", "held": held, "form": form})
    messages.success(request, done)
    return redirect("addresses")


@login_required
def release(request: HttpRequest, allocation: UUID) -> HttpResponse:
    """Ask, naming what goes; then release the whole allocation."""
    held = allocations.get(allocation)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        attempt(form, lambda: addresses.release_allocation(allocation))
        if form.is_valid():
            messages.success(request, f"Released {' and '.join(held.texts)}")
            return redirect("network", pk=held.main.network_id)
    context = {"section": "addresses", "allocation": held, "network": held.main.network, "form": form}
    return show(request, "addresses/release.html", context)


def _selected(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(text) for text in request.POST.getlist("allocation")[: paging.HIGHEST_LIMIT]]
    except ValueError:
        raise errors.Invalid("The selection is not valid. Go back and select again.") from None
