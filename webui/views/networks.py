"""One network with both families, and what can be taken from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.core import access, lookups, paging
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import series
from ipam.domain.networks import addresses, allocations, networks
from ipam.domain.networks.allocations import Allocation
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import free_blocks, fullness, utilization
from ipam.forms.addresses import AllocateForm
from ipam.forms.networks import CarveForm
from ipam.links import link
from ipam.models import IPAddress, Machine, Network, Prefix
from webui import free_squares, list_state, network_rows, notices
from webui.meters import Meter, PrefixMeter
from webui.pages import (
    Context,
    Performed,
    asked,
    render_form_or_preview,
    render_page_or_part,
    run_or_preview,
    went_through,
)
from webui.views.families import missing_family
from webui.views.network_list import CHOSEN

_SHOWN_BLOCKS = 12
_SHOWN_MACHINES = 8


@login_required
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """One network: its families side by side, then its children or its addresses."""
    among = series.with_days(Network.objects.select_related("parent", "project", "partition"))
    network = lookups.get(Network, pk, among=among)
    page, allocated = _below(network, cursor=request.GET.get("cursor", ""))
    prefixes = list(network.prefixes.all())
    free = free_blocks.by_family(prefixes, lengths=network.default_child_prefix_length, most=_SHOWN_BLOCKS)
    by_prefix = utilization.of_prefixes(prefixes, network) if len(prefixes) > len(free) else {}
    lanes, children = _lanes_of(network, prefixes, free, page, by_prefix)
    families = [_family(lane.meter, prefixes, free[lane.family], by_prefix) for lane in lanes if lane.meter]
    context = {
        "section": "networks",
        "network": network,
        "lanes": lanes,
        "families": families,
        "verdict": network_rows.verdict(lanes, is_super=network.is_super),
        "page": page,
        "rows": children if network.is_super else allocated,
        "state": list_state.of_request(request, "networks", CHOSEN),
        "is_dual": len(families) > 1,
        "gain": missing_family(network, [family["meter"].use.family for family in families]),
        "lacking": None if network.is_super else _lacking([family["meter"].use for family in families], allocated),
        "machines": [] if network.is_super else _machines(network),
        "shown_machines": _SHOWN_MACHINES,
        "sets_aside": any(prefix.sets_aside for prefix in prefixes),
    }
    return render_page_or_part(request, "networks/detail.html", context, part="rows")


@login_required
def allocate(request: HttpRequest, pk: str) -> HttpResponse:
    """Take addresses; before anything happens, show exactly which ones."""
    network = lookups.get(Network, pk)
    access.require_anywhere(Permission.ALLOCATE)
    present = sorted({prefix.address_family for prefix in network.prefixes.all()})
    named = {"ip": asked(request, "ip")}
    form = AllocateForm(request.POST or None, initial=named, network=network, present=present)
    given = Performed[list[IPAddress]]()
    if request.method == "POST" and form.is_valid():
        given = run_or_preview(request, form, lambda: addresses.allocate(network, **form.request()))
        if given.kept:
            allocations_made = {one.allocation for one in given.kept}
            page = link("address", given.kept[0].pk) if len(allocations_made) == 1 else ""
            notices.tell(request, "Allocated", given.kept, link=page)
            return redirect("network", pk=network.pk)
    context = {"section": "networks", "network": network, "form": form, "given": given.shown}
    return render_form_or_preview(request, "networks/allocate.html", context)


@login_required
def carve(request: HttpRequest, pk: str) -> HttpResponse:
    """Carve children; before anything happens, show their prefixes and VRFs."""
    parent = lookups.get(Network, pk)
    access.require_anywhere(Permission.ALLOCATE)
    named = {**request.GET.dict(), "prefixes": free_squares.with_partner(parent, asked(request, "prefixes"))}
    form = CarveForm(request.POST or None, parent=parent, initial=named)
    carved = Performed[list[Network]]()
    if request.method == "POST" and form.is_valid():
        carved = run_or_preview(request, form, lambda: _carve(form))
        if carved.kept:
            page = link("network", carved.kept[0].pk) if len(carved.kept) == 1 else link("network", parent.pk)
            prefixes = [str(prefix) for child in carved.kept for prefix in child.known_prefixes]
            notices.tell(request, f"Carved out of {parent}", prefixes, link=page)
            return redirect(page)
    context = {"section": "networks", "network": parent, "form": form, "carved": carved.shown}
    return render_form_or_preview(request, "networks/carve.html", context)


@login_required
def delete(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask, naming what goes; then delete."""
    network = lookups.get(Network, pk)
    access.require_change(network)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: networks.delete(network)):
        messages.success(request, f"Deleted network {network}")
        return redirect("network", pk=network.parent_id) if network.parent_id else redirect("networks")
    context = {"section": "networks", "network": network, "form": form, "prefixes": network.prefixes.in_order()}
    return render_page_or_part(request, "networks/delete.html", context)


def _below(network: Network, *, cursor: str) -> tuple[paging.Page, list[Allocation]]:
    """A page of what a network was given out as: children of a super network, allocations of all others."""
    if not network.is_super:
        return allocations.page_of(network, limit=paging.DEFAULT_LIMIT, cursor=cursor)
    children = access.visible(network.children.select_related("project", "partition"))
    return paging.page(series.with_days(children), field="name", limit=paging.DEFAULT_LIMIT, cursor=cursor), []


def _lanes_of(
    network: Network,
    prefixes: list[Prefix],
    free: dict[Family, free_blocks.FreeSpace],
    page: paging.Page,
    by_prefix: Mapping[int, utilization.FamilyUse],
) -> tuple[Sequence[network_rows.Lane], list[network_rows.NetworkRow]]:
    """The two lanes of a network; of a super network with the rows of the children on this page, read together."""
    if network.is_super:
        is_known = by_prefix and not network.is_namespaced
        known = {network.pk: fullness.together(by_prefix.values())} if is_known else {}
        own, *children = network_rows.rows_of([network, *page.rows], known)
        return own.lanes, children
    counted = {family: space.lengths for family, space in free.items()}
    uses = fullness.together(by_prefix.values()) or utilization.of_counted(network, prefixes, counted)
    return network_rows.lanes_of(network, uses, prefixes), []


def _lacking(uses: Sequence[utilization.FamilyUse], shown: Sequence[Allocation]) -> Family | None:
    """The family that some allocations of a network of both lack: of which fewer are held, if fewer are, else that
    which one of those that are `shown` lacks. To look for it among all would read each with its counterpart.
    """
    if len(uses) < len(Family):
        return None
    fewer, more = sorted(uses, key=lambda use: use.used_ips)
    if fewer.used_ips < more.used_ips:
        return fewer.family
    lacking = (family for one in shown for family, held in zip(Family, one.addresses, strict=True) if held is None)
    return next(lacking, None)


def _machines(network: Network) -> list[Machine]:
    return list(access.visible(network.machines.order_by("name", "id"))[: _SHOWN_MACHINES + 1])


def _family(
    meter: Meter, prefixes: list[Prefix], free: free_blocks.FreeSpace, uses: Mapping[int, utilization.FamilyUse]
) -> Context:
    own = [prefix for prefix in prefixes if prefix.family == meter.use.family]
    return {
        "meter": meter,
        "prefixes": [PrefixMeter(one, replace(meter, use=uses.get(one.pk, meter.use), days=())) for one in own],
        "free": free,
        "blocks": [(block, _here(block, meter)) for block in free.blocks],
        "hidden_blocks": sum(free.lengths.values()) - len(free.blocks),
    }


def _carve(form: CarveForm) -> list[Network]:
    new, count = NewNetwork(**form.request()), form.cleaned_data["count"] or 1
    return [networks.create(new)] if count == 1 else networks.create_many(new, count)


def _here(block: IPNetwork, meter: Meter) -> str:
    """How a free block is asked for: by its first address, or as what can be carved there."""
    return str(block) if meter.child_length is not None else str(block.ip)
