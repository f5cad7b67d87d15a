"""Alert rules, and the alerts that they make."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import insight_filters
from ipam.api import alert_shapes, preconditions
from ipam.api.resources import Body, Data, Editable, Readable, with_references
from ipam.domain.core import lookups
from ipam.domain.insight import alert_rules, alerts
from ipam.domain.insight.alert_rules import NewRule
from ipam.models import Alert, AlertRule, Webhook


class AlertRuleViews(Editable[AlertRule]):
    """When something is worth telling, and whom to tell. They are the platform's."""

    model, output = AlertRule, alert_shapes.AlertRule
    inputs = {
        "create": alert_shapes.NewAlertRule,
        "partial_update": alert_shapes.ChangedAlertRule,
        "snooze": alert_shapes.RuleSnooze,
        "test": alert_shapes.Tried,
    }
    answers = {"test": alert_shapes.TriedDestination}
    accepting = {"test"}
    ordering_fields = {"id": "pk", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[AlertRule]:
        return AlertRule.objects.prefetch_related("webhooks")

    def make(self, data: Data) -> AlertRule:
        return alert_rules.create(NewRule(**_given({name: one for name, one in data.items() if one is not None})))

    def change(self, found: AlertRule, data: Data) -> AlertRule:
        return alert_rules.update(found, **_given(data))

    def discard(self, found: AlertRule) -> None:
        alert_rules.delete(found)

    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Tell nothing of it until then, everywhere or in one network."""
        data = self.parse(request)
        return self.write(lambda: alert_rules.snooze(self.found(), **with_references(data)))

    @action(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """Send a message to a destination, to see whether it arrives."""
        destination = self.parse(request)["destination"]
        told: Body = {"destination": dict(destination)}
        return self.run(lambda: alert_rules.test(_destination(destination)), lambda _: told, status=202)


def _given(data: Data) -> dict[str, Any]:
    """The data in the words of the domain."""
    found = {"family" if name == "address_family" else name: value for name, value in data.items()}
    if (asked := found.pop("destinations", None)) is not None:
        told = [_destination(one, f"destinations.{number}.webhook") for number, one in enumerate(asked)]
        found["webhooks"] = [one for one in told if isinstance(one, Webhook)]
        found["mails"] = list(dict.fromkeys(one for one in told if isinstance(one, str)))
    return found


def _destination(asked: Data, field: str = "destination.webhook") -> str | Webhook:
    """An address of mail, or a webhook; NotFound at `field` for the id of none."""
    return lookups.get(Webhook, asked["webhook"], field=field) if "webhook" in asked else str(asked["mail"])


class AlertViews(Readable[Alert]):
    """What fires, and what has been: newest first."""

    model, output, filterset_class = Alert, alert_shapes.Alert, insight_filters.AlertFilters
    inputs = {"acknowledge": alert_shapes.Reason, "snooze": alert_shapes.Snooze}
    ordering_fields = {"since": "since"}
    ordering = "-since"

    def get_queryset(self) -> QuerySet[Alert]:
        return Alert.objects.all()

    def found(self) -> Alert:
        preconditions.refuse_tags(self.request)
        return lookups.get(Alert, self.kwargs["pk"])

    def render(self, one: Alert) -> Body:
        return self.show(one)

    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Somebody knows, and says why it may go on."""
        data = self.parse(request)
        return self.write(lambda: alerts.acknowledge(self.found(), **data))

    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str) -> Response:
        """Tell nothing of it until then; what still fires then is told once."""
        data = self.parse(request)
        return self.write(lambda: alerts.snooze(self.found(), **data))
