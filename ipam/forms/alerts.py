"""Forms of alert rules, and of what people say about alerts and findings."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms

from ipam.addressing import Family
from ipam.domain.core import lookups
from ipam.domain.insight.alert_rules import NewRule
from ipam.domain.insight.hysteresis import plain
from ipam.forms.fields import ParsedField, WordsField
from ipam.forms.named import ProjectField, picker
from ipam.labels import LABEL_LENGTH
from ipam.measures import parse_decimal
from ipam.models import AlertRule, Project, Webhook
from ipam.models.alerts import REASON_LENGTH, AlertSeverity, Watch
from ipam.models.base import NAME_LENGTH, SLUG_LENGTH
from ipam.models.findings import CODES
from ipam.models.networks import NetworkType

MAX_OFFERED = 50
_SCOPE = ("type", "partition", "project", "network", "label")
_EITHER = ("", "either")


class ThresholdField(ParsedField):
    """A number, shown without zeros that say nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, empty_value=None, **options)

    def parse(self, text: str) -> Decimal:
        return parse_decimal(text)

    def show(self, value: Any) -> str:
        return plain(value) or ""


class ProjectText(forms.CharField):
    """A project as text: one that has gone is in the way of no other change."""

    widget = picker("projects")

    def prepare_value(self, value: Any) -> Any:
        """Its name in the place of its id, where only one has it."""
        return ProjectField().prepare_value(UUID(value)) if lookups.is_id(Project, value) else value


class RuleForm(forms.Form):
    """What may change of a rule."""

    name = forms.CharField(max_length=NAME_LENGTH)
    fire = ThresholdField(label="Fires at", help_text="Percent that are taken, days, or how many are left.")
    clear = ThresholdField(label="Clears at", help_text="Some way off, so that a value that swings is told once.")
    severity = forms.ChoiceField(choices=AlertSeverity.choices, initial=AlertSeverity.WARNING)
    address_family = forms.ChoiceField(
        choices=[_EITHER, *((family.key, family.label) for family in Family)], required=False
    )
    type = forms.ChoiceField(
        choices=[("", "every type"), *NetworkType.choices], required=False, label="Networks of the type"
    )
    partition = forms.CharField(
        max_length=SLUG_LENGTH, required=False, widget=picker("partitions"), help_text="Its id or name; empty: any."
    )
    project = ProjectText(
        max_length=NAME_LENGTH, required=False, help_text="Whose network it is, by its id or name; empty: anybody's."
    )
    network = forms.CharField(
        max_length=SLUG_LENGTH, required=False, widget=picker("networks"), help_text="Its id or name; empty: any."
    )
    label = forms.CharField(max_length=LABEL_LENGTH, required=False, help_text="key or key=value; empty: any.")
    destinations = WordsField(required=False, label="Mail to", help_text="Addresses; without any nobody is told.")
    webhooks = forms.ModelMultipleChoiceField(
        Webhook.objects.none(), required=False, widget=forms.CheckboxSelectMultiple, label="Webhooks"
    )
    enabled = forms.BooleanField(required=False, initial=True, label="It is on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: Any = self.fields["webhooks"]
        offered.queryset = Webhook.objects.order_by("name", "id")
        chosen = offered.queryset.filter(pk__in=self.initial.get("webhooks", ()))  # else saving would drop them
        offered.choices = [(one.pk, str(one)) for one in dict.fromkeys([*offered.queryset[:MAX_OFFERED], *chosen])]
        if not offered.choices:
            del self.fields["webhooks"]

    def clean_project(self) -> str:
        """The name that stands there unchanged means the project that it stood for."""
        text, known = self.cleaned_data["project"], self.initial.get("project", "")
        return str(known if text == self.fields["project"].prepare_value(known) else text)

    def wanted(self) -> dict[str, Any]:
        """What was typed, in the words of the domain."""
        data = dict(self.cleaned_data)
        family = data.pop("address_family")
        scope = {name: text for name in _SCOPE if (text := data[name])}
        rest = {name: value for name, value in data.items() if name not in (*_SCOPE, "destinations", "webhooks")}
        return {
            **rest,
            "family": Family.from_key(family) if family else None,
            "scope": scope,
            "mails": list(dict.fromkeys(data["destinations"] or [])),
            "webhooks": list(data.get("webhooks") or []),
        }


class NewRuleForm(RuleForm):
    watch = forms.ChoiceField(choices=Watch.choices, label="Watches")
    code = forms.ChoiceField(
        choices=[("", "—"), *((code, code) for code in sorted(CODES))],
        required=False,
        help_text="Of a finding; that fires while it is found, so leave the two numbers empty.",
    )
    field_order = ["name", "watch", "code"]

    def new(self) -> NewRule:
        """The rule that was typed."""
        return NewRule(**self.wanted())


def initial_of(rule: AlertRule) -> dict[str, Any]:
    """What stands in the form of a rule that is there."""
    shown: dict[str, Any] = {name: getattr(rule, name) for name in ("name", "fire", "clear", "severity", "enabled")}
    family = Family(rule.family).key if rule.family else ""
    told = {"destinations": rule.mails, "webhooks": [one.pk for one in rule.webhooks.all()]}
    return {**shown, **rule.scope, **told, "address_family": family}


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=REASON_LENGTH, help_text="For those who ask later.")


class SnoozeForm(ReasonForm):
    until = forms.DateTimeField(
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="UTC, at most a year away.",
    )
    field_order = ["until", "reason"]
