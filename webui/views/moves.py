"""A network, or an allocation, moves: from its page, to what its form names."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.domain.core import access, lookups
from ipam.domain.networks import address_moves, allocations, network_moves
from ipam.forms.moves import AddressMoveForm, NetworkMoveForm
from ipam.models import Network
from webui.pages import render_page_or_part, went_through

_GOES = (
    "To another project goes what its own has there: addresses, machines with all of theirs, clusters and ranges. "
    "Nothing goes if something has to stay."
)


@login_required
def network(request: HttpRequest, pk: str) -> HttpResponse:
    """To another project, VRF or partition, whichever is changed in the form."""
    found = lookups.get(Network, pk)
    access.require_change(found)
    form = NetworkMoveForm(request.POST if request.method == "POST" else None, network=found)
    if went_through(form, lambda: network_moves.move(found, **form.places())):
        messages.success(request, f"{found} has moved")
        return redirect("network", found.pk)
    context = {"section": "networks", "form": form, "title": f"Move {found}", "about": _GOES, "act": "Move"}
    back = reverse("network", args=[found.pk])
    return render_page_or_part(request, "edit.html", {**context, "back": back})


@login_required
def allocation(request: HttpRequest, pk: UUID) -> HttpResponse:
    """To another network, host part kept, or to another project."""
    held = allocations.get(pk)
    access.require_change(held.representative)
    form = AddressMoveForm(request.POST if request.method == "POST" else None)
    back = reverse("address", args=[held.representative.pk])
    if went_through(form, lambda: address_moves.move(pk, **form.place())):
        messages.success(request, f"{' and '.join(held.texts)} moved to {' and '.join(allocations.get(pk).texts)}")
        return redirect(back)
    title = f"Move {' and '.join(held.texts)}"
    context = {"section": "addresses", "form": form, "title": title, "back": back, "act": "Move"}
    return render_page_or_part(request, "edit.html", context)
