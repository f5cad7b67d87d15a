"""Alert rules: when something is worth telling, and whom to tell."""

from collections.abc import Mapping
from datetime import timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import access, lookups
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import alert_rules
from ipam.domain.insight.alert_validation import SCOPE_MODELS
from ipam.domain.insight.hysteresis import in_words
from ipam.forms.alerts import NewRuleForm, RuleForm, SnoozeForm, initial_of
from ipam.models import AlertRule
from webui.listing import listing
from webui.names import names_of
from webui.pages import Context, render_page_or_part, run_for_form, went_through

COLUMNS = {"made": "created_at"}
_SECTION = "alerts"


@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All rules, with how many of their alerts fire; they are the platform's, others see none."""
    firing = Count("alerts", filter=Q(alerts__state="firing"))
    rules = access.visible(AlertRule.objects.annotate(firing=firing)).prefetch_related("webhooks")
    found = listing(request, rules, COLUMNS)
    names = {
        name: names_of(model, [rule.scope.get(name) for rule in found.rows]) for name, model in SCOPE_MODELS.items()
    }
    context = {"section": _SECTION, "rows": [_row(rule, names) for rule in found.rows], "page": found.page}
    return render_page_or_part(request, "alerts/rules.html", context)


def _row(rule: AlertRule, names: Mapping[str, Mapping[str, str]]) -> Context:
    scope = ", ".join(f"{name} {names.get(name, {}).get(value, value)}" for name, value in rule.scope.items())
    family = Family(rule.family).label if rule.family else ""
    told = [*map(str, rule.webhooks.all()), *rule.mails]
    switch = "Switch off" if rule.enabled else "Switch on"
    limits = [in_words(rule, one) for one in (rule.fire, rule.clear)]
    where = ", ".join(filter(None, (family, scope)))
    return {"rule": rule, "switch": switch, "where": where, "told": told, "limits": limits}


@login_required
def create(request: HttpRequest) -> HttpResponse:
    """A new one."""
    access.require(Permission.OPERATE)
    form = NewRuleForm(request.POST or None)
    made = run_for_form(form, lambda: alert_rules.create(form.new())) if form.is_valid() else None
    if made:
        messages.success(request, f"Made rule {made}")
        return redirect("alert-rules")
    return render_page_or_part(request, "alerts/rule_form.html", {"section": _SECTION, "form": form})


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change all but what it watches."""
    rule = _get(pk)
    form = RuleForm(request.POST or None, initial=initial_of(rule))
    if went_through(form, lambda: alert_rules.update(rule, **form.wanted())):
        messages.success(request, f"Changed rule {rule}")
        return redirect("alert-rules")
    return render_page_or_part(request, "alerts/rule_form.html", {"section": _SECTION, "form": form, "rule": rule})


@login_required
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask; then remove it and its alerts."""
    rule = _get(pk)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if went_through(form, lambda: alert_rules.delete(rule)):
        messages.success(request, f"Deleted rule {rule}")
        return redirect("alert-rules")
    says = "Its alerts go with it, and nobody is told. Switched off, it could be switched on again."
    context = {"title": f"Delete rule {rule}", "says": says, "back": reverse("alert-rules")}
    return render_page_or_part(request, "confirm.html", {"section": _SECTION, "form": form, **context})


@login_required
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell nothing of what it says for a while."""
    rule = _get(pk)
    form = SnoozeForm(request.POST or None, initial={"until": timezone.now() + timedelta(days=1)})
    if went_through(form, lambda: alert_rules.snooze(rule, **form.cleaned_data)):
        messages.success(request, f"Snoozed until {form.cleaned_data['until']:%Y-%m-%d %H:%M} UTC: {rule}")
        return redirect("alert-rules")
    context = {"title": f"Snooze all that rule {rule} says", "back": reverse("alert-rules")}
    return render_page_or_part(request, "edit.html", {"section": _SECTION, "form": form, **context})


@login_required
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Off, or on again."""
    rule = _get(pk)
    changed = alert_rules.update(rule, enabled=not rule.enabled)
    messages.success(request, f"Switched {'on' if changed.enabled else 'off'}: {rule}")
    return redirect("alert-rules")


@login_required
@require_POST
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a message to each of its destinations."""
    rule = _get(pk)
    for destination in [*rule.webhooks.all(), *rule.mails]:
        try:
            alert_rules.test(destination, is_sent_at_once=destination in rule.mails[:1])
        except errors.IpamError as refusal:
            messages.error(request, f"{destination}: {refusal.detail}")
        else:
            messages.success(request, f"A test is on its way to {destination}")
    return redirect("alert-rules")


def _get(pk: int) -> AlertRule:
    rule = lookups.get(AlertRule, pk)
    access.require(Permission.OPERATE)
    return rule
