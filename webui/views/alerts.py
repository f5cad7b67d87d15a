"""Alerts: what fires, since when and how bad; who knows, and what need not be told for a while."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.core import access, lookups, paging
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import alerts
from ipam.domain.insight.hysteresis import in_words
from ipam.forms.alerts import ReasonForm, SnoozeForm
from ipam.links import page_of
from ipam.models import Alert
from ipam.models.alerts import AlertSeverity
from webui.pages import Context, asked, render_page_or_part, went_through


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """What fires, newest first, or what was; a page at a time."""
    chosen = asked(request, "state") or Alert.State.FIRING
    if chosen not in Alert.State.values:
        raise errors.Invalid(f"An alert is {' or '.join(Alert.State.values)}, not “{shorten(chosen)}”.", field="state")
    rows = access.visible(Alert.objects.select_related("rule")).filter(state=chosen)
    page = paging.page(
        rows, field="since", descending=True, limit=paging.DEFAULT_LIMIT, cursor=request.GET.get("cursor", "")
    )
    context = {
        "section": "alerts",
        "rows": [_row(one) for one in page.rows],
        "page": page,
        "states": Alert.State.choices,
        "chosen": chosen,
        "sees_rules": access.current().sees_everything,
    }
    return render_page_or_part(request, "alerts/index.html", context, part="table")


@login_required
def firing(request: HttpRequest) -> HttpResponse:
    """How many alerts fire, of each severity: a part of the overview; by itself the page of alerts."""
    counted = access.visible(Alert.objects.firing()).order_by().values_list("severity").annotate(number=Count("pk"))
    numbers = dict(counted)
    words = {AlertSeverity.SERIOUS: ("serious", "serious"), AlertSeverity.WARNING: ("warning", "warnings")}
    said = [
        f"{numbers[one]:,} {words.get(one, ('info', 'info'))[numbers[one] != 1]}"
        for one in reversed(AlertSeverity)
        if one in numbers
    ]
    context = {
        "section": "alerts",
        "said": ", ".join(said),
        "is_serious": AlertSeverity.SERIOUS in numbers,
        "total": sum(numbers.values()),
    }
    return render_page_or_part(request, "alerts/firing.html", context, part="firing")


@login_required
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one knows, and why it may go on."""
    alert = _own(pk)
    form = ReasonForm(request.POST or None)
    if went_through(form, lambda: alerts.acknowledge(alert, **form.cleaned_data)):
        messages.success(request, f"Acknowledged: {alert}")
        return redirect("alerts")
    return _ask(request, f"Acknowledge {alert}", form)


@login_required
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell nothing of it for a while."""
    alert = _own(pk)
    form = SnoozeForm(request.POST or None, initial={"until": timezone.now() + timedelta(days=1)})
    if went_through(form, lambda: alerts.snooze(alert, **form.cleaned_data)):
        messages.success(request, f"Snoozed until {form.cleaned_data['until']:%Y-%m-%d %H:%M} UTC: {alert}")
        return redirect("alerts")
    return _ask(request, f"Snooze {alert}", form)


def _own(pk: int) -> Alert:
    alert = lookups.get(Alert, pk)
    access.require_change(alert)
    return alert


def _ask(request: HttpRequest, title: str, form: ReasonForm) -> HttpResponse:
    context = {"section": "alerts", "title": title, "form": form, "back": reverse("alerts")}
    return render_page_or_part(request, "edit.html", context)


def _row(alert: Alert) -> Context:
    return {
        "alert": alert,
        "link": page_of(alert.kind, alert.object_id, alert.project_id),
        "family": alert.family and Family(alert.family),
        "is_snoozed": alert.is_firing and alert.snoozed_until is not None and alert.snoozed_until > timezone.now(),
        "value": in_words(alert.rule, alert.value),
        "threshold": in_words(alert.rule, alert.threshold),
        "may_answer": access.current().may(Permission.MANAGE, alert.project_id),
    }
