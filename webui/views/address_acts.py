"""What is done to many addresses of a list at once: to those that are ticked, or to all that match."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from ipam import errors
from ipam.domain.core import access, paging
from ipam.domain.networks import address_moves, addresses, allocations, bulk
from ipam.filters import AddressFilters
from ipam.forms.fields import LabelsField
from ipam.forms.moves import AddressMoveForm
from ipam.models import IPAddress
from webui import notices
from webui.pages import render_page_or_part, went_through

Key = TypeVar("Key", str, UUID)
MAX_ALLOCATIONS = paging.HIGHEST_LIMIT  # that one act changes
_TOO_MANY = (
    f"One act changes at most {MAX_ALLOCATIONS:,} allocations, and these are more. Narrow the list, and act in parts."
)


class BulkForm(forms.Form):
    """What goes with a selection: labels for it, and the filters of the list to go back to."""

    action = forms.ChoiceField(
        choices=[(name, name) for name in ("release", "static", "label", "move")], required=False
    )
    label = LabelsField(required=False)
    back = forms.CharField(required=False)

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("action") == "label" and not data.get("label"):
            self.add_error("label", "Type the label as key or key=value.")
        return data


@login_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """One action on all selected allocations: ask first where it cannot be undone, then all or nothing.

    Of all that match a list the answer shows first how many those are; what it shows is what is sent back with the yes.
    """
    keys = _matching(request.POST.get("back", "")) if "all" in request.POST else _selected(request)
    chosen = access.visible(IPAddress.objects.filter(allocation__in=keys)).select_related("project")
    held = allocations.pair_up(list(chosen))
    form = BulkForm(request.POST)
    place = AddressMoveForm(request.POST if "confirmed" in request.POST else None)
    action = request.POST.get("action") or "release"
    if not held:
        messages.error(request, "Nothing was selected. Tick the rows that you mean.")
        return _back(request)
    asks = "all" in request.POST or (action != "label" and "confirmed" not in request.POST)
    if form.is_valid() and not asks:
        do, done = _actions(chosen, form, place)[action]
        if went_through(place if action == "move" else form, do):
            if action == "release":
                notices.tell(request, "Released", [text for pair in held for text in pair.texts])
            else:
                messages.success(request, done.format(len(held)))
            return _back(request)
    context = {"section": "addresses", "held": held, "form": form, "action": action, "back": form["back"].value()}
    context["keys"] = ",".join(str(pair.id) for pair in held)
    if action == "move":
        context |= {"place": place, "form": place}
    return render_page_or_part(request, "addresses/confirm.html", context)


def _actions(
    chosen: QuerySet[IPAddress], form: forms.Form, place: AddressMoveForm
) -> dict[str, tuple[Callable[[], None], str]]:
    """What can be done to a selection, and how it is reported."""
    labels = form.cleaned_data["label"]
    return {
        "release": (lambda: addresses.release_many(chosen), ""),
        "static": (lambda: addresses.make_static(chosen), "{} allocations are static now"),
        "move": (lambda: address_moves.move_many(_ids(chosen), **place.place()), "Moved {} allocations"),
        "label": (lambda: bulk.label(chosen, add=labels, remove={}), "Labelled {} allocations"),
    }


def _ids(chosen: QuerySet[IPAddress]) -> set[UUID]:
    return set(chosen.order_by().values_list("allocation", flat=True))


def _back(request: HttpRequest) -> HttpResponse:
    """To the list as it was filtered; never away from this site."""
    query = request.POST.get("back", "")
    return redirect(reverse("addresses") + (f"?{query}" if query else ""))


def _selected(request: HttpRequest) -> list[UUID]:
    """The allocations that are ticked, or were shown before the yes."""
    keys = _bounded([key for text in request.POST.getlist("allocation") for key in text.split(",")])
    try:
        return [UUID(key) for key in keys]
    except ValueError:
        raise errors.Invalid("The selection is not valid. Go back and select again.") from None


def _matching(query: str) -> list[UUID]:
    """The allocations of the addresses that the caller sees in a list with this query."""
    filters = AddressFilters(QueryDict(query), queryset=access.visible(IPAddress.objects.all()))
    found = filters.narrowed().order_by().values_list("allocation", flat=True).distinct()
    return _bounded(list(found[: MAX_ALLOCATIONS + 1]))


def _bounded(keys: list[Key]) -> list[Key]:
    if len(keys) > MAX_ALLOCATIONS:
        raise errors.Invalid(_TOO_MANY)
    return keys
