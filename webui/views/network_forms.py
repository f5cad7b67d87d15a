"""Making networks and changing them."""

from collections.abc import Collection
from typing import Any

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
from ipam.forms.networks import ChangedNetworkForm, NewRootForm
from ipam.models import Network
from webui.pages import render_page_or_part, run_for_form


@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A network whose prefixes are given."""
    access.require(Permission.OPERATE)
    form = NewRootForm(request.POST or None, initial=request.GET.dict())
    if request.method == "POST" and form.is_valid():
        made = run_for_form(form, lambda: networks.create(NewNetwork(**form.request())))
        if made is not None:
            messages.success(request, f"Made network {made}")
            return redirect("network", pk=made.pk)
    return render_page_or_part(request, "networks/form.html", {"section": "networks", "form": form, "network": None})


@login_required
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Change a network; the domain judges the state after the change."""
    network = lookups.get(Network, pk)
    access.require_change(network, fields=access.DESCRIBING)
    form = ChangedNetworkForm(request.POST or None, initial=_initial(network))
    shown = _shown(network)
    for name in list(form.fields):
        if _domain_name(name) not in shown:
            del form.fields[name]
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.request().items() if name in shown or name == "force"}
        changed = run_for_form(form, lambda: networks.update(network, **given))
        if changed is not None:
            messages.success(request, f"Changed network {changed}")
            return redirect("network", pk=network.pk)
    return render_page_or_part(request, "networks/form.html", {"section": "networks", "form": form, "network": network})


def _shown(network: Network) -> Collection[str]:
    """The fields that the type of the network has and that whoever asks may change."""
    if not access.may_change(network):
        return access.DESCRIBING
    refused = network_fields.FIELDS[network.type]
    return [name for name in networks.UPDATABLE if refused.get(name) != network_fields.REFUSED]


def _domain_name(field: str) -> str:
    """`default_length_ipv4` of the form is part of `default_child_prefix_length`; force lets announcable CIDRs go."""
    if field == "force":
        return "additional_announcable_cidrs"
    for name in ("default", "min"):
        if field.startswith(f"{name}_length_"):
            return f"{name}_child_prefix_length"
    return field


def _initial(network: Network) -> dict[str, Any]:
    lengths = {f"default_length_{family.key}": network.default_child_prefix_length.get(family) for family in Family}
    lengths |= {f"min_length_{family.key}": network.min_child_prefix_length.get(family) for family in Family}
    prefixes = list(network.prefixes.in_order())
    return {**forms.model_to_dict(network, ChangedNetworkForm.base_fields), **lengths, "prefixes": prefixes}
