"""Giving addresses back."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ipam.domain import addresses, allocations
from webui.pages import attempt, show


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
    context = {"section": "networks", "allocation": held, "network": held.main.network, "form": form}
    return show(request, "addresses/release.html", context)
