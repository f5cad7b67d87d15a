"""A prefix of a network is resized, split or merged from its page, which shows first what is kept and what goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from netaddr import IPNetwork, IPSet

from ipam import errors
from ipam.domain.core import access, lookups
from ipam.domain.networks import resizing, splitting
from ipam.forms.prefix_changes import PrefixChangeForm
from ipam.models import IPAddress, Network, Prefix
from webui.pages import Performed, render_form_or_preview, run_or_preview


@dataclass(frozen=True)
class Outcome:
    """The prefixes that come, each with how many addresses or children it holds, those that go, and the difference."""

    parts: Sequence[tuple[Prefix, int]]
    gone: Sequence[IPNetwork]

    @property
    def gained(self) -> list[IPNetwork]:
        return list((self._after - IPSet(self.gone)).iter_cidrs())

    @property
    def lost(self) -> list[IPNetwork]:
        return list((IPSet(self.gone) - self._after).iter_cidrs())

    @property
    def _after(self) -> IPSet:
        return IPSet([prefix.cidr for prefix, _ in self.parts])


@login_required
def change(request: HttpRequest, pk: str) -> HttpResponse:
    """One change of one prefix, in place; before anything happens, show what comes of it."""
    network = lookups.get(Network, pk)
    access.require_change(network)
    first = Prefix.objects.filter(network=network).in_order().first()
    form = PrefixChangeForm(request.POST if request.method == "POST" else None, initial={"cidr": first})
    given = Performed[Outcome]()
    if form.is_valid():
        given = run_or_preview(request, form, lambda: _change(network, **form.cleaned_data))
        if given.kept:
            messages.success(request, f"{form.cleaned_data['cidr']} of {network} has changed")
            return redirect("network", network.pk)
    title = f"Resize, split or merge a prefix of {network}"
    context = {"section": "networks", "network": network, "form": form, "title": title, "outcome": given.shown}
    return render_form_or_preview(request, "networks/change_prefix.html", context)


def _change(network: Network, *, cidr: IPNetwork, change: str, wanted: Any, length: Any) -> Outcome:
    own = Prefix.objects.filter(network=network)
    before = {one.cidr for one in own}
    held = own.equal_to(cidr).first()
    if held is None:
        raise errors.NotFound(f"{network} has no prefix {cidr}.", field="cidr")
    if change == "resize":
        resizing.resize(held, wanted)
    elif change == "split":
        splitting.split(held, length)
    else:
        splitting.merge(held)
    after = list(own.all().in_order())
    counts = _held_in(network)
    parts = [(one, counts.get(one.pk, 0)) for one in after if one.cidr not in before]
    return Outcome(parts, sorted(before - {one.cidr for one in after}))


def _held_in(network: Network) -> dict[int, int]:
    """How many children or addresses each prefix of the network holds."""
    held: QuerySet[Any] = (
        Prefix.objects.filter(parent__network=network).values_list("parent")
        if network.is_super
        else IPAddress.objects.filter(network=network).values_list("prefix")
    )
    return dict(held.order_by().annotate(Count("pk")))
