from django import forms
from django.contrib import admin
from django.http import HttpRequest

from ipam.admin.actions import bulk
from ipam.admin.base import DomainAdmin, ReadOnlyAdmin
from ipam.admin.forms import Data
from ipam.domain.insight import alert_rules
from ipam.models import Alert, AlertRule
from ipam.models.alerts import AlertSeverity
from ipam.models.base import NAME_LENGTH


class RuleForm(forms.Form):
    """What is changed of many rules; the dashboard has the rest."""

    name = forms.CharField(max_length=NAME_LENGTH)
    severity = forms.ChoiceField(choices=AlertSeverity.choices)
    enabled = forms.BooleanField(required=False)


@admin.register(AlertRule)
class AlertRuleAdmin(DomainAdmin[AlertRule]):
    """Listed, renamed, switched and removed. They are made in the dashboard."""

    change_form = RuleForm
    list_display = ("id", "name", "watch", "code", "fire", "clear", "severity", "enabled")
    list_filter = ("watch",)
    readonly_fields = ("watch", "code", "family", "scope", "fire", "clear", "mails", "created_at", "updated_at")
    search_fields = ("name",)
    search_help_text = "A part of a name."
    actions = ("switch_on", "switch_off", "delete_selected")

    def change(self, obj: AlertRule, changes: Data) -> None:
        alert_rules.update(obj, **changes)

    def discard(self, obj: AlertRule) -> None:
        alert_rules.delete(obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @bulk("Switch selected %(verbose_name_plural)s on", says="These are judged by again.")
    def switch_on(self, rows: list[AlertRule]) -> None:
        self._switch(rows, enabled=True)

    @bulk("Switch selected %(verbose_name_plural)s off", says="What fires by these clears, and nobody is told.")
    def switch_off(self, rows: list[AlertRule]) -> None:
        self._switch(rows, enabled=False)

    def _switch(self, rows: list[AlertRule], *, enabled: bool) -> None:
        for rule in sorted(rows, key=lambda one: one.pk):
            alert_rules.update(rule, enabled=enabled)


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """Alerts come and go by judging; the dashboard acknowledges and snoozes them."""

    list_display = ("since", "rule", "object_name", "object_id", "family", "severity", "state", "value", "cleared_at")
    list_select_related = ("rule",)
    list_filter = ("state",)
    ordering = ("-since", "-id")
    search_fields = ("=object_id",)
    search_help_text = "The id of what it is about."
