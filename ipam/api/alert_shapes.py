"""The shape of alert rules and alerts: what requests look like, and what answers do."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import measures, models
from ipam.api import fields
from ipam.api.fields import Parsed
from ipam.api.inputs import Input
from ipam.api.measures import Moment
from ipam.api.shapes import Output, Shape
from ipam.domain.insight.alert_validation import MAX_DESTINATIONS
from ipam.domain.insight.hysteresis import plain
from ipam.labels import LABEL_LENGTH
from ipam.models.alerts import REASON_LENGTH, AlertSeverity, Watch
from ipam.models.base import NAME_LENGTH, SLUG_LENGTH
from ipam.models.networks import NetworkType


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,3})?$", "example": "80"})
class Threshold(Parsed[Decimal]):
    """A decimal string, or a number."""

    parse = staticmethod(measures.parse_decimal)

    def to_representation(self, value: Decimal) -> str | None:
        return plain(value)


def _text(length: int = SLUG_LENGTH) -> fields.Text:
    return fields.Text(required=False, max_length=length)


class Scope(Input):
    type = fields.Choice(choices=NetworkType.choices, required=False)
    partition = _text()
    project = _text()
    network = _text()
    label = fields.Text(required=False, max_length=LABEL_LENGTH, help_text="key, or key=value")  # type: ignore[assignment]


class Destination(Input):
    """A webhook, or an address of mail."""

    webhook = fields.Integer(required=False, min_value=1)
    mail = fields.Text(required=False, max_length=NAME_LENGTH)

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if len(found) != 1:
            raise serializers.ValidationError("Give a webhook or a mail.", code="invalid")
        return found


class ChangedAlertRule(Input):
    """All but what it watches may change."""

    name = fields.Text(required=False, max_length=NAME_LENGTH)
    address_family = fields.OneFamily(required=False, allow_null=True)
    scope = Scope(required=False)
    fire = Threshold(required=False, allow_null=True)
    clear = Threshold(required=False, allow_null=True)
    severity = fields.Choice(choices=AlertSeverity.choices, required=False)
    destinations = fields.Many(child=Destination(), required=False, max_length=MAX_DESTINATIONS)
    enabled = fields.Flag(required=False)


class NewAlertRule(ChangedAlertRule):
    name = fields.Text(max_length=NAME_LENGTH)
    watch = fields.Choice(choices=Watch.choices)
    code = fields.Text(required=False, allow_null=True, max_length=32)
    severity = fields.Choice(choices=AlertSeverity.choices)


class Reason(Input):
    reason = fields.Text(max_length=REASON_LENGTH)


class Snooze(Reason):
    until = Moment()


class RuleSnooze(Snooze):
    network = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)


class Tried(Input):
    destination = Destination()


class Key(Input):
    key = fields.Text(max_length=250)


class AcceptedFinding(Reason):
    key = fields.Text(max_length=250)


class SnoozedFinding(Snooze):
    key = fields.Text(max_length=250)


class ShownScope(Shape):
    type = serializers.CharField(required=False)
    partition = serializers.CharField(required=False)
    project = serializers.CharField(required=False)
    network = serializers.CharField(required=False)
    label = serializers.CharField(required=False)  # type: ignore[assignment]


class ShownDestination(Shape):
    webhook = serializers.IntegerField(required=False)
    mail = serializers.CharField(required=False)


class TriedDestination(Shape):
    destination = ShownDestination()
    dry_run = serializers.BooleanField(required=False)


class AlertRule(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    watch = serializers.CharField()
    code = serializers.SerializerMethodField()
    address_family = fields.OneFamily(source="family", allow_null=True)
    scope = ShownScope()
    fire = Threshold(allow_null=True)
    clear = Threshold(allow_null=True)
    severity = serializers.CharField()
    destinations = serializers.SerializerMethodField()
    enabled = serializers.BooleanField()

    def get_code(self, rule: models.AlertRule) -> str | None:
        return rule.code or None

    @extend_schema_field(ShownDestination(many=True))
    def get_destinations(self, rule: models.AlertRule) -> list[dict[str, Any]]:
        return [*({"webhook": one.pk} for one in rule.webhooks.all()), *({"mail": address} for address in rule.mails)]


class Alert(Shape):
    """An alert: of which rule and object, since when, and until when if it is over."""

    id = serializers.IntegerField()
    rule = serializers.IntegerField(source="rule_id")
    kind = serializers.CharField()
    object = serializers.CharField(source="object_id")
    name = serializers.CharField(source="object_name", allow_blank=True)
    network = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    address_family = fields.OneFamily(source="family", allow_null=True)
    severity = serializers.CharField()
    state = serializers.CharField()
    value = serializers.SerializerMethodField(help_text="as it was last judged; null: there is none")
    threshold = serializers.SerializerMethodField()
    since = serializers.DateTimeField()
    cleared_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="why it was acknowledged, snoozed or cleared")
    acknowledged_by = serializers.SerializerMethodField()
    snoozed_until = serializers.DateTimeField(allow_null=True)
    dry_run = serializers.BooleanField(required=False)

    def get_network(self, alert: models.Alert) -> str | None:
        return alert.network_id or None

    def get_value(self, alert: models.Alert) -> str | None:  # type: ignore[override]
        return alert.value or None

    def get_threshold(self, alert: models.Alert) -> str | None:
        return alert.threshold or None

    def get_acknowledged_by(self, alert: models.Alert) -> str | None:
        return alert.acknowledged_by or None
