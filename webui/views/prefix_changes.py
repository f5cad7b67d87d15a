"""A prefix of a network is resized, split or merged from its page."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from netaddr import IPNetwork

from ipam import errors
from ipam.domain.core import access, lookups
from ipam.domain.networks import resizing, splitting
from ipam.forms.prefix_changes import PrefixChangeForm
from ipam.models import Network, Prefix
from webui.pages import render_page_or_part, went_through


@login_required
def change(request: HttpRequest, pk: str) -> HttpResponse:
    """One change of one prefix, in place."""
    network = lookups.get(Network, pk)
    access.require_change(network)
    first = network.prefixes.in_order().first()
    form = PrefixChangeForm(request.POST if request.method == "POST" else None, initial={"cidr": first})
    if went_through(form, lambda: _change(network, **form.cleaned_data)):
        messages.success(request, f"{form.cleaned_data['cidr']} of {network} has changed")
        return redirect("network", network.pk)
    title, back = f"Resize, split or merge a prefix of {network}", reverse("network", args=[network.pk])
    return render_page_or_part(
        request, "edit.html", {"section": "networks", "form": form, "title": title, "back": back}
    )


def _change(network: Network, *, cidr: IPNetwork, change: str, wanted: Any, length: Any) -> None:
    held = Prefix.objects.equal_to(cidr).filter(network=network).first()
    if held is None:
        raise errors.NotFound(f"{network} has no prefix {cidr}.", field="cidr")
    if change == "resize":
        resizing.resize(held, wanted)
    elif change == "split":
        splitting.split(held, length)
    else:
        splitting.merge(held)
