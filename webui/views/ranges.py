"""Ranges of a network: laid, described and taken away from its page."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.domain.core import access, lookups
from ipam.domain.networks import ranges
from ipam.forms.ranges import NewRangeForm, RangeForm
from ipam.models import AddressRange, Network
from webui.pages import Context, render_page_or_part, went_through

_SHOWN = 50


@login_required
def index(request: HttpRequest, pk: str) -> HttpResponse:
    """The ranges of a network, and how much of each is held; on its page they come by themselves."""
    network = lookups.get(Network, pk)
    visible = access.visible(AddressRange.objects.filter(network=network))
    found = list(visible.select_related("prefix__network", "project")[: _SHOWN + 1])
    held = ranges.held_in(found)
    rows = [{"range": one, "held": held[one.pk]} for one in found[:_SHOWN]]
    context = {"section": "networks", "network": network, "ranges": rows, "has_more_ranges": len(found) > _SHOWN}
    return render_page_or_part(request, "networks/ranges_page.html", context, part="ranges")


@login_required
def create(request: HttpRequest, pk: str) -> HttpResponse:
    """A new one: what is free of it is kept from now on."""
    network = lookups.get(Network, pk)
    access.require_change(network)
    form = NewRangeForm(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: ranges.create(network, form.bounds(), **form.words())):
        messages.success(request, f"Laid a range in {network}")
        return redirect("network", network.pk)
    return render_page_or_part(request, "edit.html", _context(network, form, f"New range of {network}"))


@login_required
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Other words, another use or project; its bounds stay."""
    found = lookups.get(AddressRange, pk)
    access.require_change(found)
    known: dict[str, Any] = {name: getattr(found, name) for name in ranges.UPDATABLE}
    form = RangeForm(request.POST if request.method == "POST" else None, initial=known)
    if went_through(form, lambda: ranges.update(found, **form.cleaned_data)):
        messages.success(request, f"Changed range {found}")
        return redirect("network", found.network_id)
    return render_page_or_part(request, "edit.html", _context(found.network, form, f"Range {found}"))


@login_required
def delete(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask; then let what nobody holds of it be free."""
    found = lookups.get(AddressRange, pk)
    access.require_change(found)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: ranges.delete(found)):
        messages.success(request, f"Took range {found} away")
        return redirect("network", found.network_id)
    context = _context(found.network, form, f"Take range {found} away")
    return render_page_or_part(request, "confirm.html", {**context, "says": "What nobody holds of it is free then."})


def _context(network: Network, form: forms.Form, title: str) -> Context:
    return {"section": "networks", "form": form, "title": title, "back": reverse("network", args=[network.pk])}
