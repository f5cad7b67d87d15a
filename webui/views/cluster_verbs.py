"""What can be done with the plan of a cluster at a click, after a question that says what it means."""

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ipam.domain.clusters import lifecycle, planning
from ipam.domain.core import access
from ipam.models import Cluster
from webui.pages import render_page_or_part, went_through


class _Verb(NamedTuple):
    """What can be done with a plan, what it means, how its button reads, and whether something goes."""

    do: Callable[[Cluster], object]
    says: str
    button: str
    is_dangerous: bool = False


_VERBS = {
    "reserve": _Verb(
        lifecycle.reserve,
        "From then on nothing else may overlap its pods and services, and the plan stays as it is.",
        "Reserve",
    ),
    "release": _Verb(
        lifecycle.release,
        "Do this when the cluster is gone: its pods and services may then be used again.",
        "Release",
        True,
    ),
    "delete": _Verb(lifecycle.delete, "The plan is forgotten. Its node network stays.", "Delete", True),
    "announce": _Verb(
        lifecycle.announce,
        "Its super network gains the pods as announcable CIDRs, so that the leaf switches let their routes pass.",
        "Add announcable CIDRs",
    ),
}
VERBS = tuple(_VERBS)


@login_required
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Ask, saying what it means; then reserve, release, delete, or let the switches pass the pods."""
    cluster = planning.get(pk)
    parent = cluster.network.parent
    access.require_change(parent if verb == "announce" and parent else cluster)
    do, says, button, is_dangerous = _VERBS[verb]
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: do(cluster)):
        messages.success(request, f"{button}: done for {cluster}")
        return redirect("clusters") if verb == "delete" else redirect("cluster", pk=pk)
    context = {"section": "clusters", "cluster": cluster, "form": form, "says": says, "button": button}
    return render_page_or_part(request, "clusters/confirm.html", {**context, "is_dangerous": is_dangerous})
