"""Making networks and changing them; before anything happens, a preview shows what will be."""

from collections.abc import Collection
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ipam.addressing import Family
from ipam.domain.core import access, lookups
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import network_fields, networks
from ipam.domain.networks.network_fields import NewNetwork
from ipam.domain.space import utilization
from ipam.forms.networks import ROOT_TYPES, ChangedNetworkForm, NewRootForm, domain_name
from ipam.models import Network, Prefix
from ipam.models.networks import NetworkType
from webui.meters import summary
from webui.pages import Performed, asked, render_form_or_preview, run_or_preview

_MAX_SHOWN = 5  # prefixes of a family


@dataclass(frozen=True)
class Side:
    """The prefixes of one family that a network will have: the first, and how many more."""

    family: Family
    first: list[Prefix]
    more: int


@dataclass(frozen=True)
class Outcome:
    """A network as it will be: the sides that it has, and how much fits."""

    network: Network
    sides: list[Side]
    verdict: str


@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A network whose prefixes are given; the form has the fields of its type."""
    access.require(Permission.OPERATE)
    wanted = request.POST.get("type") or asked(request, "type")
    type_ = wanted if wanted in dict(ROOT_TYPES) else str(NetworkType.SUPER)
    form = NewRootForm(request.POST or None, initial=request.GET.dict(), type_=type_)
    made = Performed[Outcome]()
    if request.method == "POST" and form.is_valid():
        made = run_or_preview(request, form, lambda: _outcome(networks.create(NewNetwork(**form.request()))))
        if made.kept:
            messages.success(request, f"Made network {made.kept.network}")
            return redirect("network", pk=made.kept.network.pk)
    context = {"section": "networks", "form": form, "network": None, "outcome": made.shown}
    return render_form_or_preview(request, "networks/form.html", {**context, "types": ROOT_TYPES, "type": type_})


@login_required
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Change a network; the domain judges the state after the change."""
    network = lookups.get(Network, pk)
    access.require_change(network, fields=access.DESCRIBING)
    form = ChangedNetworkForm(request.POST or None, initial=_initial(network))
    shown = _shown(network)
    for name in list(form.fields):
        if domain_name(name) not in shown:
            del form.fields[name]
    changed = Performed[Outcome]()
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.request().items() if name in shown or name == "force"}
        changed = run_or_preview(request, form, lambda: _outcome(networks.update(network, **given)))
        if changed.kept:
            messages.success(request, f"Changed network {changed.kept.network}")
            return redirect("network", pk=network.pk)
    context = {"section": "networks", "form": form, "network": network, "outcome": changed.shown}
    return render_form_or_preview(request, "networks/form.html", context)


def _outcome(network: Network) -> Outcome:
    """What a network is after a change, read while a dry run still holds it."""
    prefixes = network.prefixes.in_order()
    held = [(family, [one for one in prefixes if one.address_family == family]) for family in Family]
    sides = [Side(family, own[:_MAX_SHOWN], len(own[_MAX_SHOWN:])) for family, own in held if own]
    return Outcome(network, sides, summary(utilization.of_network(network), is_super=network.is_super))


def _shown(network: Network) -> Collection[str]:
    """The fields that the type of the network has and that whoever asks may change."""
    if not access.may_change(network):
        return access.DESCRIBING
    refused = network_fields.FIELDS[network.type]
    stays = {"prefixes"} if network.is_child else set()  # rule 17
    return [name for name in networks.UPDATABLE if refused.get(name) != network_fields.REFUSED and name not in stays]


def _initial(network: Network) -> dict[str, object]:
    lengths = {f"default_length_{family.key}": network.default_child_prefix_length.get(family) for family in Family}
    lengths |= {f"min_length_{family.key}": network.min_child_prefix_length.get(family) for family in Family}
    hours = {f"quarantine_{key}": number for key, number in network.quarantine.items()}
    prefixes = list(network.prefixes.in_order())
    return {**forms.model_to_dict(network, ChangedNetworkForm.base_fields), **lengths, **hours, "prefixes": prefixes}
