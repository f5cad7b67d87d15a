"""Webhooks: who is told of what has happened, and what has become of each message."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from ipam.domain.core import access, lookups, paging
from ipam.domain.core.permissions import Permission
from ipam.domain.notify import targets, webhooks
from ipam.forms.webhooks import WebhookForm, initial_of
from ipam.insight_filters import DeliveryFilters
from ipam.models import Delivery, Network, Partition, Project, Webhook
from webui.listing import listing
from webui.names import names_of
from webui.pages import Context, render_page_or_part, run_for_form, went_through

COLUMNS = {"name": "name", "made": "created_at"}


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All webhooks that one sees."""
    found = listing(request, access.visible(Webhook.objects.with_waiting()), COLUMNS)
    context = {
        "section": "webhooks",
        "listing": found,
        "rows": found.rows,
        "projects": names_of(Project, [one.project_id for one in found.rows]),
        "may_make": access.current().may_anywhere(Permission.MANAGE),
    }
    return render_page_or_part(request, "webhooks/index.html", context, part="table")


@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new one; its secret is shown in the answer to making it, and never again."""
    access.require_anywhere(Permission.MANAGE)
    form = WebhookForm(request.POST or None)
    made = run_for_form(form, lambda: _create(form)) if form.is_valid() else None
    if made:
        return _detail(request, made[0], secret=made[1])
    return render_page_or_part(request, "webhooks/form.html", {"section": "webhooks", "form": form})


def _create(form: WebhookForm) -> tuple[Webhook, str]:
    """Its host is resolved before the transaction, and for those alone who may make one."""
    wanted = form.wanted()
    webhooks.require(wanted["project"])
    return webhooks.create(targets.resolve(wanted.pop("url")), **wanted)


@login_required
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """One of them, and what it was told, newest first."""
    return _detail(request, lookups.get(Webhook, pk))


def _detail(request: HttpRequest, webhook: Webhook, *, secret: str = "") -> HttpResponse:
    filters = DeliveryFilters(request.GET, queryset=webhook.deliveries.defer("body"))
    rows = filters.qs if filters.is_valid() else Delivery.objects.none()
    page = paging.page(
        rows, field="pk", descending=True, limit=paging.DEFAULT_LIMIT, cursor=request.GET.get("cursor", "")
    )
    context = {
        "section": "webhooks",
        "webhook": webhook,
        "secret": secret,
        "page": page,
        "states": Delivery.State.choices,
        "chosen": request.GET.get("state", ""),
        "filters": filters,
        "project": names_of(Project, [webhook.project_id]),
        "network": names_of(Network, [webhook.network_id]),
        "partition": names_of(Partition, [webhook.partition_id]),
    }
    return render_page_or_part(request, "webhooks/detail.html", context, part="table")


@login_required
def edit(request: HttpRequest, pk: str) -> HttpResponse:
    """Change what it is told, and where."""
    webhook = lookups.get(Webhook, pk)
    access.require_change(webhook)
    form = WebhookForm(request.POST or None, initial=initial_of(webhook))
    if went_through(form, lambda: _update(webhook, form)):
        messages.success(request, f"Changed webhook {webhook}")
        return redirect("webhook", pk=pk)
    return render_page_or_part(request, "webhooks/form.html", {"section": "webhooks", "form": form, "webhook": webhook})


def _update(webhook: Webhook, form: WebhookForm) -> Webhook:
    wanted = form.wanted()
    url = wanted.pop("url")
    target = targets.resolve(url) if url != webhook.url else None
    return webhooks.update(webhook, target=target, **wanted)


@login_required
def rotate(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask; then make another secret, which is shown this once."""
    webhook = lookups.get(Webhook, pk)
    access.require_change(webhook)
    form = forms.Form(request.POST if request.method == "POST" else None)
    made = run_for_form(form, lambda: webhooks.rotate(webhook)) if form.is_valid() else None
    if made:
        return _detail(request, made[0], secret=made[1])
    says = "For 24 hours both secrets sign, so that the receiver can change to the new one; then the old one ends."
    return _ask(request, webhook, form, "Rotate the secret of", says)


@login_required
def delete(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask; then tell it nothing more."""
    webhook = lookups.get(Webhook, pk)
    access.require_change(webhook)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: webhooks.delete(webhook)):
        messages.success(request, f"Deleted webhook {webhook}")
        return redirect("webhooks")
    says = "It is told nothing more, and what waits is forgotten, as is what it was told."
    return _ask(request, webhook, form, "Delete", says)


def _ask(request: HttpRequest, webhook: Webhook, form: forms.Form, what: str, says: str) -> HttpResponse:
    context: Context = {"section": "webhooks", "form": form, "title": f"{what} {webhook}", "says": says}
    return render_page_or_part(request, "confirm.html", {**context, "back": reverse("webhook", args=[webhook.pk])})


@login_required
@require_POST
def switch(request: HttpRequest, pk: str) -> HttpResponse:
    """Off, or on again."""
    webhook = lookups.get(Webhook, pk)
    changed = webhooks.update(webhook, enabled=not webhook.enabled)
    messages.success(request, f"Switched {'on' if changed.enabled else 'off'}: {webhook}")
    return redirect("webhook", pk=pk)


@login_required
@require_POST
def test(request: HttpRequest, pk: str) -> HttpResponse:
    """Send a `webhook.ping`."""
    return _told(request, lambda: webhooks.test(lookups.get(Webhook, pk)), "A webhook.ping is on its way")


@login_required
@require_POST
def resend(request: HttpRequest, pk: str) -> HttpResponse:
    """Send a message anew."""
    return _told(request, lambda: webhooks.resend(lookups.get(Delivery, pk)), "The message is on its way again")


def _told(request: HttpRequest, do: Callable[[], Delivery], text: str) -> HttpResponse:
    delivery = do()
    messages.success(request, text)
    return redirect("webhook", pk=delivery.webhook_id)
