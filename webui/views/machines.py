"""Machines: who got which addresses, VRFs and ASN."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.addressing import Address, Family
from ipam.domain.core import access, lookups, timelines
from ipam.domain.core.permissions import Permission
from ipam.domain.files import dns_zones
from ipam.domain.insight import tenures
from ipam.domain.networks import machines, netplan
from ipam.domain.networks.machine_rules import Attachment
from ipam.filters import MachineFilters
from ipam.forms.machines import JoiningForm, MachineForm, MachineOwnerForm
from ipam.models import IPAddress, Machine, MachineNetwork
from webui import choices, list_state
from webui.listing import MAX_COUNTED, count, listing
from webui.pages import Context, Performed, render_form_or_preview, render_page_or_part, run_or_preview, went_through
from webui.views.activity import with_links

FILTERS = ("q", "role", "partition", "project", "network")
COLUMNS = {"name": "name", "asn": "asn", "created": "created_at"}
CHOSEN = {
    **{"ipv4": "IPv4", "ipv6": "IPv6", "project": "Project", "partition": "Partition"},
    **{"asn": "ASN", "created": "Made"},
}  # columns that one may do without
ORDERS = {"name": "name", "asn": "ASN", "-created": "newest", "created": "oldest"}
_SHOWN_EVENTS = 10


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All machines, filtered as one types."""
    if kept := list_state.kept(request, "machines"):
        return kept
    visible = access.visible(Machine.objects.select_related("project", "partition"))
    filters = MachineFilters(request.GET, queryset=visible)
    wanted = filters.qs if filters.is_valid() else Machine.objects.none()
    found = listing(request, wanted, COLUMNS)
    held = IPAddress.objects.texts_of([machine.pk for machine in found.rows])
    context = {
        "section": "machines",
        "rows": [{"machine": machine, "families": held[machine.pk].items()} for machine in found.rows],
        "listing": found,
        "state": list_state.of_request(request, "machines", CHOSEN, ORDERS),
        "count": count(wanted),
        "most": MAX_COUNTED,
        "chosen": choices.shown({name: request.GET.get(name, "") for name in FILTERS}),
        "is_narrowed": any(request.GET.get(name) for name in FILTERS),
        "filters": filters,
        "roles": Machine.Role.choices,
    }
    return render_page_or_part(request, "machines/index.html", context, part="table")


@login_required
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """One machine with its networks and addresses."""
    machine = lookups.get(Machine, pk, among=Machine.objects.select_related("project", "partition"))
    held = _held(machine)
    joined = _networks(machine, held)
    config = netplan.netplan(joined["networks"])
    events = timelines.newest(timelines.of_object("machine", machine.pk), limit=_SHOWN_EVENTS)
    context = {"section": "machines", "machine": machine, "config": config, "events": with_links(events.rows), **joined}
    context |= {
        "dns": "".join(dns_zones.lines_of(held)).rstrip(),
        "former": tenures.ended_of_machine(machine.pk, limit=_SHOWN_EVENTS),
    }
    return render_page_or_part(request, "machines/detail.html", context)


@login_required
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Change name, hostname, description and labels."""
    machine = lookups.get(Machine, pk)
    access.require_change(machine)
    initial = forms.model_to_dict(machine, MachineForm.base_fields)
    form = MachineForm(request.POST if request.method == "POST" else None, initial=initial)
    if went_through(form, lambda: machines.update(machine, **form.cleaned_data)):
        messages.success(request, f"Changed machine {machine}")
        return redirect("machine", pk=machine.pk)
    back = reverse("machine", args=[machine.pk])
    context = {"section": "machines", "form": form, "title": f"Edit {machine}", "back": back}
    return render_page_or_part(request, "edit.html", context)


@login_required
def allocate(request: HttpRequest) -> HttpResponse:
    """Two steps on one page: whose and where, then which networks; with a preview of all that it gets."""
    access.require_anywhere(Permission.ALLOCATE)
    owner = MachineOwnerForm(request.POST or request.GET or None)
    form, given = None, Performed[Context]()
    if owner.is_bound and owner.is_valid():
        whose = {name: owner.cleaned_data[name] for name in ("project", "partition")}
        form = JoiningForm(request.POST or None, q=owner.cleaned_data["q"], **whose)
        if request.method == "POST" and form.is_valid():
            given = run_or_preview(
                request, form, lambda: _allocate({**whose, "role": owner.cleaned_data["role"]}, form.cleaned_data)
            )
            if given.kept:
                machine = given.kept["machine"]
                messages.success(request, f"Allocated {machine} with ASN {machine.asn}")
                return redirect("machine", pk=machine.pk)
    context = {"section": "machines", "owner": owner, "form": form, "given": given.shown}
    return render_form_or_preview(request, "machines/allocate.html", context)


@login_required
def release(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask, naming what goes and what stays; then release."""
    machine = lookups.get(Machine, pk)
    access.require_change(machine)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: machines.release(machine)):
        messages.success(request, f"Released machine {machine}")
        return redirect("machines")
    held = sorted(IPAddress.objects.held_by([machine.pk]), key=_place)
    return render_page_or_part(
        request, "machines/release.html", {"section": "machines", "machine": machine, "held": held, "form": form}
    )


def _allocate(owner: Context, asked: Context) -> Context:
    """The new machine with its addresses, read while a dry run still holds them."""
    wanted = [Attachment(network=network) for network in asked.pop("networks")]
    machine = machines.allocate(networks=wanted, **owner, **asked)
    return {"machine": machine, **_networks(machine, _held(machine))}


def _held(machine: Machine) -> list[IPAddress]:
    """All of its addresses, in order."""
    held = IPAddress.objects.held_by([machine.pk]).select_related("prefix", "namespace", "machine")
    return list(held.order_by("address", "pk"))


def _networks(machine: Machine, addresses: Sequence[IPAddress]) -> Context:
    """Each network that the machine is in, the primary one first, with the pairs that it has there."""
    attachments = MachineNetwork.objects.filter(machine=machine).select_related("network").order_by("position")
    attachments = attachments.prefetch_related(Prefetch("network__prefixes"))
    held: dict[str, list[IPAddress]] = defaultdict(list)
    for address in addresses:
        held[address.network_id].append(address)
    return {
        "networks": [
            {
                "network": one.network,
                "addresses": held[one.network_id],
                "pairs": _pairs(held[one.network_id]),
            }
            for one in attachments
        ]
    }


def _pairs(held: Sequence[IPAddress]) -> list[list[IPAddress | None]]:
    """These addresses of one network by their allocations, each IPv4 and IPv6; None for one that is missing."""
    found: dict[UUID, dict[int, IPAddress]] = defaultdict(dict)
    for one in held:
        found[one.allocation][one.family] = one
    return [[of_one.get(family) for family in Family] for of_one in found.values()] or [[None, None]]


def _place(address: IPAddress) -> tuple[int, Address]:
    return address.family, address.address
