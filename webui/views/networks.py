"""Networks: the tree, one network with both families, and what can be taken from it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ipam.addressing import Family
from ipam.domain.core import access, lookups, paging
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import addresses, allocations, networks
from ipam.domain.networks.allocations import Allocation
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import free_blocks, utilization
from ipam.filters import NetworkFilters
from ipam.forms.addresses import AllocateForm
from ipam.forms.networks import CarveForm
from ipam.models import IPAddress, Machine, Network, Partition, Prefix
from ipam.models.networks import NetworkType
from ipam.natural import Natural
from webui.listing import listing
from webui.meters import Meter, PrefixMeter, family_pair, meters, summary
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

_SHOWN_BLOCKS = 12
_SHOWN_MACHINES = 8
FILTERS = ("q", "type", "partition", "project", "vrf", "address_family")
COLUMNS = {"id": "pk", "name": "name", "type": "type"}
MAX_CHOICES = 100


@login_required
def tree(request: HttpRequest) -> HttpResponse:
    """Super networks with their children below them, and all others; filters make it a flat list."""
    chosen = {name: request.GET.get(name, "").strip() for name in FILTERS}
    visible = access.visible(Network.objects.all())
    shown = visible.counting_children(visible).select_related("project")
    filters = NetworkFilters(request.GET, queryset=shown)
    wanted = filters.qs if filters.is_valid() else Network.objects.none()
    found = listing(request, wanted if any(chosen.values()) else wanted.filter(parent=None), COLUMNS)
    opened = asked(request, "open")
    children = visible.filter(parent=opened).select_related("project").order_by(Natural("name"), "id")
    opened_children = list(children[: paging.DEFAULT_LIMIT]) if opened else []
    uses = utilization.of_networks([*found.rows, *opened_children])
    context = {
        "section": "networks",
        "chosen": chosen,
        "filters": filters,
        "listing": found,
        "rows": [{**_row(network, uses), "children": network.child_count} for network in found.rows],
        "opened": opened,
        "opened_children": [_row(child, uses) for child in opened_children],
        "types": NetworkType.choices,
        "partitions": access.visible(Partition.objects.all()).values_list("id", flat=True)[:MAX_CHOICES],
        "families": list(Family),
    }
    return render_page_or_part(request, "networks/tree.html", context, part="table")


@login_required
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """One network: its families side by side, then its children or its addresses."""
    network = lookups.get(Network, pk)
    page, allocated = _below(network, cursor=request.GET.get("cursor", ""))
    children: list[Network] = page.rows if network.is_super else []
    every_use = utilization.of_networks([network, *children])
    uses, prefixes = every_use[network.pk], list(network.prefixes.all())
    free = free_blocks.by_family(prefixes, lengths=network.default_child_prefix_length, most=_SHOWN_BLOCKS)
    families = [_family(meter, prefixes, free[meter.use.family]) for meter in meters(network, uses)]
    context = {
        "section": "networks",
        "network": network,
        "families": families,
        "verdict": summary(uses, is_super=network.is_super),
        "page": page,
        "rows": [_row(child, every_use) for child in children] if network.is_super else allocated,
        "is_dual": len(families) > 1,
        "gain": missing_family(network, [family["meter"].use.family for family in families]),
        "lacking": _lacking(network) if len(families) > 1 and not network.is_super else None,
        "machines": [] if network.is_super else _machines(network),
        "shown_machines": _SHOWN_MACHINES,
    }
    return render_page_or_part(request, "networks/detail.html", context, part="rows")


@login_required
def allocate(request: HttpRequest, pk: str) -> HttpResponse:
    """Take addresses; before anything happens, show exactly which ones."""
    network = lookups.get(Network, pk)
    access.require_anywhere(Permission.ALLOCATE)
    present = sorted({prefix.address_family for prefix in network.prefixes.all()})
    form = AllocateForm(request.POST or None, network=network, present=present)
    given = Performed[list[IPAddress]]()
    if request.method == "POST" and form.is_valid():
        given = run_or_preview(request, form, lambda: addresses.allocate(network, **form.request()))
        if given.kept:
            messages.success(request, f"Allocated {', '.join(map(str, given.kept[:6]))}{' …' * (len(given.kept) > 6)}")
            return redirect("network", pk=network.pk)
    context = {"section": "networks", "network": network, "form": form, "given": given.shown}
    return render_form_or_preview(request, "networks/allocate.html", context)


@login_required
def carve(request: HttpRequest, pk: str) -> HttpResponse:
    """Carve a child network; before anything happens, show its prefixes and VRF."""
    parent = lookups.get(Network, pk)
    access.require_anywhere(Permission.ALLOCATE)
    form = CarveForm(request.POST or None, parent=parent)
    child = Performed[Context]()
    if request.method == "POST" and form.is_valid():
        child = run_or_preview(request, form, lambda: _carve(form))
        if child.kept:
            messages.success(request, f"Carved {' and '.join(child.kept['prefixes'])} out of {parent.pk}")
            return redirect("network", pk=child.kept["network"].pk)
    context = {"section": "networks", "network": parent, "form": form, "child": child.shown}
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
    children = access.visible(network.children.select_related("project"))
    return paging.page(children, field="name", limit=paging.DEFAULT_LIMIT, cursor=cursor), []


def _machines(network: Network) -> list[Machine]:
    return list(access.visible(network.machines.order_by("name", "id"))[: _SHOWN_MACHINES + 1])


def _lacking(network: Network) -> Family | None:
    """The family that some allocation of a dual-stack network has no address of, if there is one."""
    single = access.visible(IPAddress.objects.filter(network=network)).single().first()
    return Family(single.family).other if single else None


def _family(meter: Meter, prefixes: list[Prefix], free: free_blocks.FreeSpace) -> Context:
    own = [prefix for prefix in prefixes if prefix.family == meter.use.family]
    return {
        "meter": meter,
        "prefixes": [PrefixMeter(prefix, free.of_prefix.get(prefix.pk, {}), meter.child_length) for prefix in own],
        "free": free,
        "hidden_blocks": sum(free.lengths.values()) - len(free.blocks),
    }


def _carve(form: CarveForm) -> Context:
    """The new child with its prefixes, read while a dry run still holds them."""
    network = networks.create(NewNetwork(**form.request()))
    return {"network": network, "prefixes": [str(prefix) for prefix in network.prefixes.in_order()]}


def _row(network: Network, uses: dict[str, list[utilization.FamilyUse]]) -> Context:
    return {"network": network, "family_pair": family_pair(network, uses[network.pk])}
