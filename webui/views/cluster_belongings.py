"""What a cluster has beside its plan, taken and given back on its page: addresses, and further ranges of services."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ipam import errors
from ipam.addressing import Family
from ipam.domain.clusters import belongings, planning, service_ranges
from ipam.domain.core import access
from ipam.domain.networks import allocations
from ipam.forms.clusters import ApiAddressForm, LoadBalancerForm, ServicesForm
from ipam.models import Cluster, IPAddress
from ipam.values import parse_cidr
from webui.pages import Performed, render_form_or_preview, render_page_or_part, run_or_preview, went_through

_SHOWN = 50  # allocations


@login_required
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What a cluster owns beside its plan; on its page that comes by itself."""
    cluster = planning.get(pk)
    rows = access.visible(IPAddress.objects.filter(cluster=cluster)).order_by("address")
    found = allocations.pair_up(list(rows[: len(Family) * _SHOWN])) if cluster.owns else []
    context = {
        "section": "clusters",
        "cluster": cluster,
        "owned_allocations": found[:_SHOWN],
        "has_more_allocations": len(found) > _SHOWN,
    }
    return render_page_or_part(request, "clusters/belongings_page.html", context, part="belongings")


@login_required
def take_for_load_balancers(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Whole allocations in the families of the cluster."""
    cluster = _changeable(pk)
    form = LoadBalancerForm(request.POST if request.method == "POST" else None, cluster=cluster)
    return _take(request, cluster, form, belongings.take_for_load_balancers, "Take addresses for load balancers")


@login_required
def take_for_api(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The pair that its API is reached by."""
    cluster = _changeable(pk)
    form = ApiAddressForm(request.POST if request.method == "POST" else None, cluster=cluster)
    return _take(request, cluster, form, belongings.take_for_api, "Take the addresses of the API")


@login_required
def give_back(request: HttpRequest, pk: UUID, allocation: UUID) -> HttpResponse:
    """Ask; then give one allocation back."""
    cluster = _changeable(pk)
    texts = " and ".join(allocations.get(allocation).texts)
    form = forms.Form(request.POST if request.method == "POST" else None)
    says = f"Do this when nothing in {cluster} uses {texts} any more: others may get them then."
    return _answer(
        request, cluster, form, lambda: belongings.give_back(cluster, allocation), f"Give back {texts}", says
    )


@login_required
def add_services(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Further ranges of services for a cluster that runs."""
    cluster = _changeable(pk)
    form = ServicesForm(request.POST if request.method == "POST" else None)
    do: Callable[[], object] = lambda: service_ranges.add(cluster, form.ranges())  # noqa: E731
    return _answer(request, cluster, form, do, "Add services")


@login_required
def remove_services(request: HttpRequest, pk: UUID, cidr: str) -> HttpResponse:
    """Ask; then take a further range of services away."""
    cluster = _changeable(pk)
    try:
        known = parse_cidr(cidr)
    except ValueError as error:
        raise errors.Invalid(str(error), field="prefix") from None
    form = forms.Form(request.POST if request.method == "POST" else None)
    says = f"Delete the ServiceCIDR in {cluster} first: others may have {cidr} then."
    return _answer(
        request, cluster, form, lambda: service_ranges.remove(cluster, known), f"Take services {cidr} away", says
    )


def _changeable(pk: UUID) -> Cluster:
    cluster = planning.get(pk)
    access.require_change(cluster)
    return cluster


def _take(
    request: HttpRequest, cluster: Cluster, form: forms.Form, do: Callable[..., list[IPAddress]], title: str
) -> HttpResponse:
    """The form, beside it the addresses that it would take; the page of the cluster once they are taken."""
    given, back = Performed[list[IPAddress]](), reverse("cluster", args=[cluster.pk])
    if form.is_valid():
        given = run_or_preview(request, form, lambda: do(cluster, **form.cleaned_data))
        if given.kept:
            messages.success(request, f"{title}: done for {cluster}")
            return redirect(back)
    context = {"section": "clusters", "cluster": cluster, "form": form, "title": title, "given": given.shown}
    context["refused"] = bool(form.data.get("network") and form.errors)
    return render_form_or_preview(request, "clusters/take.html", context)


def _answer(
    request: HttpRequest, cluster: Cluster, form: forms.Form, do: Callable[[], object], title: str, says: str = ""
) -> HttpResponse:
    """The page of the cluster once it is done; until then the form, or the question that says what it means."""
    back = reverse("cluster", args=[cluster.pk])
    if went_through(form, do):
        messages.success(request, f"{title}: done for {cluster}")
        return redirect(back)
    context = {"section": "clusters", "form": form, "title": title, "act": title, "says": says, "back": back}
    return render_page_or_part(request, "confirm.html" if says else "edit.html", context)
