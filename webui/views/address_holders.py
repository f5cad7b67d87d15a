"""Which machines have an address: attached to and taken off those that run, from the page of the address."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from ipam.domain.core import access, lookups
from ipam.domain.networks import address_holders, allocations, sharing
from ipam.forms.addresses import AttachForm
from ipam.models import IPAddress, Machine
from webui.pages import render_page_or_part, run_for_form

_MAX_SHOWN = 100  # machines of a shared address


def machines_of(held: Sequence[IPAddress]) -> tuple[list[Machine], int]:
    """The first hundred machines that have addresses of an allocation, in order, and how many more there are."""
    keys = list(dict.fromkeys(key for one in sharing.know_holders(held) for key in one.machine_ids))
    known = {one.machine_id: one.machine for one in held if one.machine}
    known |= Machine.objects.in_bulk([key for key in keys[:_MAX_SHOWN] if key not in known])
    return [known[key] for key in keys[:_MAX_SHOWN]], max(0, len(keys) - _MAX_SHOWN)


@login_required
def attach(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All addresses of the allocation get a machine: those that are shared one more, others this one alone."""
    held = _held(pk)
    form = AttachForm(request.POST if request.method == "POST" else None, held=held)
    if form.is_valid():
        machine = form.cleaned_data["machine"]
        if run_for_form(form, lambda: address_holders.hand_over(held, machine)) is not None:
            messages.success(request, f"Attached {' and '.join(map(str, held))} to {machine}")
            return redirect("address", pk=pk)
    title = f"Attach {' and '.join(map(str, held))}"
    context = {"section": "addresses", "form": form, "title": title, "back": reverse("address", args=[pk])}
    return render_page_or_part(request, "addresses/attach.html", context)


@login_required
@require_POST
def take_off(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A machine has none of the allocation's addresses any longer; it can be attached again, so nothing is asked."""
    held = _held(pk)
    machine = lookups.get(Machine, request.POST.get("machine", ""))
    address_holders.take_off(held, machine)
    messages.success(request, f"Took {' and '.join(map(str, held))} off {machine}")
    return redirect("address", pk=pk)


def _held(pk: UUID) -> list[IPAddress]:
    """All addresses of the allocation, which whoever asks may change."""
    allocation = allocations.get(lookups.get(IPAddress, pk).allocation)
    held = [one for one in allocation.addresses if one is not None]
    access.require_change(*held)
    return held
