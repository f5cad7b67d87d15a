"""Alert rules: when something is worth telling, of what, and whom to tell. They are the platform's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access, context, event_rows, history, lookups, states
from ipam.domain.core.operations import operation, transacted
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import alert_validation, transitions
from ipam.domain.notify import letters, webhooks
from ipam.models import Alert, AlertRule, AlertSnooze, Network, Webhook
from ipam.models.events import Verb

SWITCHED_OFF = "The rule was switched off."
_TEST_TIMEOUT_SECONDS = 5  # for each answer of the mail server, while somebody waits


@dataclass(kw_only=True)
class NewRule:
    """What makes a rule. `fire` and `clear` are shares (0.8, or 80 percent), or how many days, children, numbers."""

    name: str
    watch: str
    severity: str
    code: str = ""
    family: Family | None = None
    scope: dict[str, str] = field(default_factory=dict)
    fire: Decimal | None = None
    clear: Decimal | None = None
    mails: Sequence[str] = ()
    webhooks: Sequence[Webhook] = ()
    enabled: bool = True


@operation
def create(new: NewRule) -> AlertRule:
    """A new rule, judged from the next run on; Forbidden for all but operators.

    Invalid at `clear` where that is no better than `fire`, and for a scope that names nothing; all faults are told.
    """
    access.require(Permission.OPERATE)
    given = {name: value for name, value in vars(new).items() if name != "webhooks"}
    rule = AlertRule(**given | {"mails": list(new.mails)})
    alert_validation.check(rule, len(new.webhooks))
    rule.save(force_insert=True)
    rule.webhooks.set(new.webhooks)
    history.record(Verb.CREATE, rule, after=states.of(rule))
    return rule


@operation
def update(rule: AlertRule, **changes: Any) -> AlertRule:
    """Change all but what it watches; what fires of a rule that is switched off clears in silence.

    What is out of a new scope, or better than new thresholds, clears with the next run.
    """
    access.require(Permission.OPERATE)
    current = lookups.get(AlertRule, rule.pk, lock=True)
    was_enabled = current.enabled
    before, place = states.of(current), (current.scope, current.family)
    told = changes.pop("webhooks", None)
    for name, value in changes.items():
        setattr(current, name, value)
    count = current.webhooks.count() if told is None else len(told)
    alert_validation.check(current, count, is_placed=(current.scope, current.family) == place)
    current.revise(**{name: getattr(current, name) for name in changes})
    if told is not None:
        current.webhooks.set(told)
    history.record(Verb.UPDATE, current, before=before, after=states.of(current))
    if was_enabled and not current.enabled:
        _clear_in_silence(current)
    return current


def _clear_in_silence(rule: AlertRule) -> None:
    over = list(rule.alerts.firing().select_for_update().order_by("pk"))
    ended = {"state": Alert.State.CLEARED, "cleared_at": timezone.now(), "reason": SWITCHED_OFF}
    Alert.objects.filter(pk__in=[one.pk for one in over]).update(**ended)
    for one in over:
        vars(one).update(ended)
    event_rows.store(transitions.event_of_end(one, is_told=False) for one in over)


@operation
def delete(rule: AlertRule) -> None:
    """Remove a rule, and its alerts with it, in silence; what they were stays in the history."""
    access.require(Permission.OPERATE)
    current = lookups.get(AlertRule, rule.pk, lock=True)
    history.record(Verb.DELETE, current, before=states.of(current))
    current.delete()


@operation
def snooze(rule: AlertRule, *, until: datetime, reason: str, network: Network | None = None) -> AlertRule:
    """Tell nothing of a rule until then, everywhere or in one network; what still fires then is told once.

    An alert that is snoozed for longer stays so.

    Required without a reason; Invalid unless `until` is in the future and at most a year away.
    """
    access.require(Permission.OPERATE)
    current = lookups.get(AlertRule, rule.pk, lock=True)
    alert_validation.check_until(until, reason)
    place = network.pk if network else ""
    said = {"until": until, "reason": reason, "by": context.current().user}
    AlertSnooze.objects.filter(until__lte=timezone.now()).delete()
    AlertSnooze.objects.update_or_create(rule=current, network_id=place, defaults=said)
    shorter = current.alerts.exclude(snoozed_until__gt=until)
    silence(shorter.filter(network_id=place) if place else shorter, until=until, reason=reason)
    told = {"network": place, "until": until.isoformat(), "reason": reason}
    history.record(Verb.SNOOZE, current, before={}, after=told)
    return current


def silence(alerts: QuerySet[Alert], *, until: datetime, reason: str) -> None:
    """Tell nothing of those of these alerts that fire until then; they are as untold as if they had just begun."""
    alerts.filter(state=Alert.State.FIRING).update(snoozed_until=until, reason=reason, is_told=False)


@transacted
def test(destination: str | Webhook, *, is_sent_at_once: bool = True) -> None:
    """Send a message to an address of mail or a webhook, to see whether it arrives.

    A mail goes after the transaction, and again where that fails; of several tests one is sent at once, or whoever asks
    would wait for each. Invalid for what is no address, WrongState for a webhook that is switched off.
    """
    access.require(Permission.OPERATE)
    if isinstance(destination, Webhook):
        webhooks.test(destination)
        return
    alert_validation.check_mail(destination, "destination.mail")
    body = "Alerts of Twofold arrive here. Nothing is wrong: somebody has tried this destination.\n"
    letter = letters.write(destination, "Twofold, a test", body)
    if is_sent_at_once:
        transaction.on_commit(partial(letters.try_now, letter, timeout_seconds=_TEST_TIMEOUT_SECONDS))
