"""Addresses: find, act on many at once, release."""

from collections.abc import Mapping
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from ipam.addressing import Family
from ipam.domain.core import access, lookups, timelines
from ipam.domain.files import dns_zones
from ipam.domain.insight import tenures
from ipam.domain.networks import addresses, allocations, dns_names
from ipam.domain.networks.allocations import Allocation
from ipam.filters import AddressFilters
from ipam.forms.addresses import ChangedAddressForm
from ipam.links import state_of
from ipam.models import Cluster, IPAddress, Machine
from webui import choices, list_state, notices, tenure_bars
from webui.listing import MAX_COUNTED, listing
from webui.names import names_of
from webui.pages import render_page_or_part, run_for_form, went_through
from webui.views.activity import with_links
from webui.views.address_acts import MAX_ALLOCATIONS
from webui.views.address_holders import machines_of

FILTERS = ("q", "network", "project", "machine", "cluster", "allocation", "type", "address_family", "within", "label")
# What only links narrow by: the form says it, and lets go of it.
_BY_LINKS: Mapping[str, type[Model]] = {"machine": Machine, "cluster": Cluster, "allocation": IPAddress}
COLUMNS = {"address": "address", "name": "name", "created": "created_at"}
CHOSEN = {
    **{"partner": "Partner", "name": "Name", "type": "Type", "network": "Network", "holder": "Holder"},
    **{"project": "Project", "created": "Allocated"},
}  # columns that one may do without
ORDERS = {"address": "address", "name": "name", "-created": "newest", "created": "oldest"}
_SHOWN_EVENTS, _SHOWN_TENURES = 20, 20


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All addresses, filtered as one types, each with its partner in the other family."""
    if kept := list_state.kept(request, "addresses"):
        return kept
    filters = AddressFilters(request.GET, queryset=access.visible(IPAddress.objects.all()))
    wanted = filters.qs if filters.is_valid() else IPAddress.objects.none()
    found = listing(request, wanted, COLUMNS)
    pairs = {pair.id: pair for pair in allocations.pair_up(found.rows)}
    given = {name: request.GET.get(name, "") for name in FILTERS}
    chosen = choices.shown({name: value for name, value in given.items() if name not in _BY_LINKS})
    context = {
        "section": "addresses",
        "rows": [pairs[one.allocation].seen_from(one) for one in found.rows if one.allocation in pairs],
        "listing": found,
        "state": list_state.of_request(request, "addresses", CHOSEN, ORDERS, hidden=("project",)),
        "matches": allocations.count(wanted, most=MAX_COUNTED),
        "most": MAX_ALLOCATIONS,
        "chosen": chosen,
        "narrowed": [(name, value, _told(filters, name, value)) for name in _BY_LINKS if (value := given[name])],
        "is_narrowed": any(request.GET.get(name) for name in FILTERS),
        "filters": filters,
        "types": IPAddress.Type.choices,
        "families": list(Family),
    }
    return render_page_or_part(request, "addresses/index.html", context, part="table")


def _told(filters: AddressFilters, name: str, value: str) -> str:
    """What a link narrows the list by, as people call it: an allocation has no name."""
    if name == "allocation":
        return "one allocation"
    keys = [filters.form.cleaned_data[name]] if filters.is_valid() else []
    return f"{name} {next(iter(names_of(_BY_LINKS[name], keys).values()), value)}"


@login_required
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One address with its pair: who has it, since when, and the DNS lines for it."""
    allocation = allocations.get(lookups.get(IPAddress, pk).allocation)
    held = [one for one in allocation.addresses if one is not None]
    shown = IPAddress.objects.filter(allocation=allocation.id)
    had = tenures.of_addresses(held, _SHOWN_TENURES)
    machines, more_machines = machines_of(held)
    context = {
        "section": "addresses",
        "allocation": allocation,
        "held": held,
        "one": allocation.representative,
        "machines": machines,
        "more_machines": more_machines,
        "tenures": had,
        "bars": tenure_bars.of_each(held, had),
        "joinable": allocations.joinable(held[0]) if len(held) == 1 and access.may_change(held[0]) else [],
        "dns": "".join(dns_zones.lines(shown, dns_names.domain_of(allocation.representative))).rstrip(),
        "events": with_links(
            timelines.of_address(allocation.representative.network_id, allocation.representative.address)[
                :_SHOWN_EVENTS
            ]
        ),
    }
    return render_page_or_part(request, "addresses/detail.html", context)


@login_required
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change name, type, description and labels of all addresses of the allocation, as they share them.

    What becomes static stays so, so the page asks before that and names it.
    """
    one = lookups.get(IPAddress, pk)
    access.require_change(one)
    initial = forms.model_to_dict(one, ChangedAddressForm.base_fields)
    form = ChangedAddressForm(request.POST if request.method == "POST" else None, initial=initial)
    asks = form.is_valid() and form.cleaned_data["type"] == IPAddress.Type.STATIC and "confirmed" not in request.POST
    fixed = _ephemeral(allocations.get(one.allocation)) if asks else []
    ready = form.is_valid() and not fixed
    if (
        ready
        and run_for_form(form, lambda: addresses.update_allocation(one.allocation, **form.cleaned_data)) is not None
    ):
        messages.success(request, f"Changed {one}")
        return redirect("address", pk=one.pk)
    context = {"section": "addresses", "form": form, "title": f"Edit {one}", "back": reverse("address", args=[one.pk])}
    return render_page_or_part(request, "edit.html", {**context, "fixed": " and ".join(map(str, fixed))})


def _ephemeral(allocation: Allocation) -> list[IPAddress]:
    """Those of its addresses that are not static yet."""
    return [one for one in allocation.addresses if one is not None and one.type == IPAddress.Type.EPHEMERAL]


@login_required
def release(request: HttpRequest, allocation: UUID) -> HttpResponse:
    """Ask, naming what goes; then release the whole allocation."""
    held = allocations.get(allocation)
    access.require_change(held.representative)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: addresses.release_allocation(allocation)):
        one = held.representative
        notices.tell(request, "Released", held.texts, link=state_of(one, one.namespace_id))
        return redirect("network", pk=held.representative.network_id)
    context = {"section": "addresses", "allocation": held, "network": held.representative.network, "form": form}
    return render_page_or_part(request, "addresses/release.html", context)


@login_required
@require_POST
def join(request: HttpRequest) -> HttpResponse:
    """Two halves of one host become a pair; it can be parted again, so nothing is asked."""
    held = allocations.join(request.POST.getlist("ips")[:2])
    messages.success(request, f"{held[0]} and {held[1]} are one allocation now")
    return redirect("address", pk=held[0].pk)


@login_required
@require_POST
def part(request: HttpRequest, allocation: UUID) -> HttpResponse:
    """A pair becomes two allocations; they can be joined again."""
    held = allocations.part(allocation)
    messages.success(request, f"{held[0]} and {held[1]} are allocations of their own now")
    return redirect("address", pk=held[0].pk)
