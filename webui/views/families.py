"""From one family to two: add a prefix or carve one, then complete what the network already gave out."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from ipam.addressing import Family
from ipam.domain.core import access, lookups
from ipam.domain.networks import children, completion, networks
from ipam.forms.networks import LengthForm, PrefixForm
from ipam.models import IPAddress, Network
from webui.pages import Context, Performed, render_form_or_preview, render_page_or_part, run_or_preview

BATCH = 250  # allocations per step of the progress bar: well under a second


@login_required
def add_prefix(request: HttpRequest, pk: str) -> HttpResponse:
    """One more prefix for a network; a super that gains a family by it takes its child length too."""
    network = lookups.get(Network, pk)
    access.require_change(network)
    form = PrefixForm(request.POST or None, network=network)
    changed = Performed[list[str]]()
    if request.method == "POST" and form.is_valid():
        changed = run_or_preview(request, form, lambda: _with_prefixes(networks.add_prefix(network, **form.request())))
        if changed.kept:
            messages.success(request, f"Added {form.cleaned_data['prefix']} to {network}")
            return redirect("network", pk=network.pk)
    context = {
        "section": "networks",
        "network": network,
        "form": form,
        "prefixes": changed.shown,
        "title": "Add a prefix",
    }
    return render_form_or_preview(request, "networks/extend.html", context)


@login_required
def add_family(request: HttpRequest, pk: str, family: str) -> HttpResponse:
    """The second family of a child network, carved from its parent."""
    network, wanted = lookups.get(Network, pk), Family.from_key(family)
    access.require_change(network)
    form = LengthForm(request.POST if request.method == "POST" else None, family=wanted, parent=network.parent)
    changed = Performed[list[str]]()
    if form.is_valid():
        changed = run_or_preview(
            request, form, lambda: _with_prefixes(children.add_family(network, wanted, widen=True, **form.cleaned_data))
        )
        if changed.kept:
            messages.success(request, f"{network} now speaks {wanted.label}")
            return redirect("complete", pk=network.pk, family=family)
    title = f"Add {wanted.label}"
    context = {"section": "networks", "network": network, "form": form, "prefixes": changed.shown, "title": title}
    return render_form_or_preview(request, "networks/extend.html", context)


@login_required
def complete(request: HttpRequest, pk: str, family: str) -> HttpResponse:
    """Give allocations that lack the family their counterpart, a batch per request: stop and go on at any time."""
    network, wanted = lookups.get(Network, pk), Family.from_key(family)
    access.require_change(network)
    held = IPAddress.objects.filter(network=network)
    done = completion.complete(network, wanted, limit=BATCH) if request.method == "POST" else None
    lacking = held.lacking(wanted).count()
    having = held.filter(family=wanted).count()
    context = {
        "section": "networks",
        "network": network,
        "family": wanted,
        "done": done,
        "lacking": lacking,
        "having": having,
        "total": lacking + having,
        "runs": done is not None and done.remaining > 0,
        "batch": BATCH,
    }
    return render_page_or_part(request, "networks/complete.html", context, part="progress")


def _with_prefixes(network: Network) -> list[str]:
    """The network's prefixes after the change, read while a dry run still holds them."""
    return [str(prefix) for prefix in network.prefixes.in_order()]


def missing_family(network: Network, present: list[Family]) -> Context | None:
    """The family that a network could gain in place, and how; None when it has both."""
    missing = [family for family in Family if family not in present]
    if not missing or network.is_underlay:
        return None
    return {"family": missing[0], "is_child": network.is_child}
