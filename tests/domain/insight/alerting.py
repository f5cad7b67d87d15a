"""Rules that alert, and what came of them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import time_machine
from django.core import mail

from ipam.domain.insight import alert_rules, judging
from ipam.domain.insight.alert_rules import NewRule
from ipam.domain.insight.series import Reading
from ipam.domain.insight.watching import Watched
from ipam.domain.networks import addresses
from ipam.domain.notify import letters
from ipam.models import Alert, AlertRule, Event, Network, Project
from tests.builders import IPV4

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
Clock = time_machine.Traveller
ME = "noc@example.org"


def rule(watch: str = "utilization", fire: str | None = "80", clear: str | None = "75", **more: Any) -> AlertRule:
    thresholds = {name: Decimal(text) for name, text in (("fire", fire), ("clear", clear)) if text is not None}
    told: dict[str, Any] = {"name": watch, "severity": "warning", "mails": [ME]}
    return alert_rules.create(NewRule(watch=watch, **{**told, **thresholds, **more}))


def use(network: Network, project: Project, count: int) -> None:
    """Let just so many IPv4 addresses be taken."""
    held = list(network.addresses.filter(family=4))
    if count < len(held):
        addresses.release_many(held[count:])
    elif count > len(held):
        addresses.allocate(network, project=project, families=[IPV4], count=count - len(held))


def states() -> list[tuple[str, str, str]]:
    return [(one.object_id, one.state, one.value) for one in Alert.objects.order_by("id")]


def transitions() -> list[str]:
    return list(
        Event.objects.filter(kind="alert", verb__in=["fire", "clear"]).order_by("id").values_list("verb", flat=True)
    )


def subjects() -> list[str]:
    letters.send_due()
    found = [one.subject for one in mail.outbox]
    mail.outbox.clear()
    return found


def reading(network: Network, share: float | None, available_prefixes: int | None = None) -> Reading:
    used = 0 if share is None else int(share * 1000)
    return Reading(
        network_id=network.pk, family=4, since=NOON, used=used, total=1000, available=1000 - used,
        available_prefixes=available_prefixes, utilization=share or 0.0,
    )  # fmt: skip


def see(network: Network, share: float, at: datetime | None = None) -> None:
    judging.judge(Watched(at or datetime.now(UTC), networks={network.pk: network}, readings=[reading(network, share)]))
