"""Addresses: find, act on many at once, export, release."""

import csv
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from ipam import errors
from ipam.addressing import Family
from ipam.api.filters import AddressFilters
from ipam.domain import addresses, allocations, paging
from ipam.models import IPAddress
from webui.pages import attempt, show

FILTERS = ("q", "network", "project", "type", "address_family", "within")
EXPORTED = ("ip", "address_family", "network", "project", "machine", "type", "name", "description", "allocation")


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All addresses, filtered as one types, each with its partner in the other family."""
    filters = AddressFilters(request.GET, queryset=IPAddress.objects.all())
    page = paging.page(
        filters.qs if filters.is_valid() else IPAddress.objects.none(),
        field="address",
        limit=paging.DEFAULT_LIMIT,
        cursor=request.GET.get("cursor", ""),
    )
    pairs = {pair.id: pair for pair in allocations.pair_up(page.rows)}
    context = {
        "section": "addresses",
        "rows": [{"address": one, "pair": pairs[one.allocation]} for one in page.rows if one.allocation in pairs],
        "page": page,
        "chosen": {name: request.GET.get(name, "") for name in FILTERS},
        "filters": filters,
        "types": IPAddress.Type.choices,
        "families": list(Family),
    }
    return show(request, "addresses/index.html", context, part="table")


@login_required
def export(request: HttpRequest, form: str) -> StreamingHttpResponse:
    """What is filtered, all of it, as CSV or JSON; streamed, so that its size does not matter."""
    filters = AddressFilters(request.GET, queryset=IPAddress.objects.order_by("address", "id"))
    if not filters.is_valid():
        raise errors.Invalid("The filter is not valid. Correct it, then export again.")
    rows = (_exported(address) for address in filters.qs.iterator(chunk_size=2000))
    body, content_type = (_csv(rows), "text/csv") if form == "csv" else (_json(rows), "application/json")
    return StreamingHttpResponse(
        body,
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="addresses.{form}"'},
    )


@login_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """One action on all selected allocations: ask first where something goes, then all or nothing."""
    chosen = IPAddress.objects.filter(allocation__in=_selected(request)).select_related("project")
    held = allocations.pair_up(list(chosen))
    form = forms.Form(request.POST)
    if not held:
        messages.error(request, "Nothing was selected. Tick the rows that you mean.")
        return redirect("addresses")
    if request.POST.get("action") == "static":
        attempt(form, lambda: addresses.make_static(chosen))
        done = f"{len(held)} allocations are static now"
    elif "confirmed" in request.POST:
        attempt(form, lambda: addresses.release_many(chosen))
        done = f"Released {len(held)} allocations"
    else:
        return show(request, "addresses/confirm.html", {"section": "addresses", "held": held, "form": form})
    if not form.is_valid():
        return show(request, "addresses/confirm.html", {"section": "addresses", "held": held, "form": form})
    messages.success(request, done)
    return redirect("addresses")


@login_required
def release(request: HttpRequest, allocation: UUID) -> HttpResponse:
    """Ask, naming what goes; then release the whole allocation."""
    held = allocations.get(allocation)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        attempt(form, lambda: addresses.release_allocation(allocation))
        if form.is_valid():
            messages.success(request, f"Released {' and '.join(held.texts)}")
            return redirect("network", pk=held.main.network_id)
    context = {"section": "addresses", "allocation": held, "network": held.main.network, "form": form}
    return show(request, "addresses/release.html", context)


def _selected(request: HttpRequest) -> list[UUID]:
    try:
        return [UUID(text) for text in request.POST.getlist("allocation")[: paging.HIGHEST_LIMIT]]
    except ValueError:
        raise errors.Invalid("The selection is not valid. Go back and select again.") from None


def _exported(address: IPAddress) -> dict[str, Any]:
    return {
        "ip": str(address.address),
        "address_family": address.address_family.key,
        "network": address.network_id,
        "project": str(address.project_id),
        "machine": address.machine_id,
        "type": address.type,
        "name": address.name,
        "description": address.description,
        "allocation": str(address.allocation),
    }


class _Line:
    """A file for csv.writer that hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(EXPORTED)
    for row in rows:
        yield writer.writerow([_harmless(row[name]) for name in EXPORTED])


def _harmless(value: Any) -> str:
    """Spreadsheets run what begins like a formula; an apostrophe in front makes it text (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _json(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        yield (",\n" if number else "") + json.dumps(row, ensure_ascii=False)
    yield "]\n"
