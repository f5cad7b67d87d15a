"""What may change of a prefix, on the page of its network: its gateway, and whether its ends are given."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam.domain.core import access, lookups
from ipam.domain.networks import prefixes
from ipam.forms.networks import ChangedPrefixForm
from ipam.models import Prefix
from webui.pages import render_page_or_part, went_through


@login_required
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Another gateway, or none; what is held stays with its holder."""
    found = lookups.get(Prefix, pk)
    access.require_change(found.network)
    known = {"gateway": found.gateway, "gives_ends": not found.reserve_ends}
    form = ChangedPrefixForm(request.POST if request.method == "POST" else None, initial=known)
    if went_through(form, lambda: prefixes.update(found, **form.fields_of_prefix())):
        messages.success(request, f"Changed {found} of {found.network}")
        return redirect("network", found.network_id)
    back = reverse("network", args=[found.network_id])
    context = {"section": "networks", "form": form, "title": f"Prefix {found} of {found.network}", "back": back}
    return render_page_or_part(request, "edit.html", context)
