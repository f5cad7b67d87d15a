"""Keeping what judging has found: alerts that begin, that are over, that are told; each transition is an event.

It is stored under the locks of the rules, so that of two who judge the second looks again: one open alert per rule,
object and family, and what somebody has judged by later values stays as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from ipam.domain.core import bulk_insert, event_rows
from ipam.domain.core.operations import transacted
from ipam.domain.insight import telling
from ipam.models import Alert, AlertRule, AlertSnooze, Event
from ipam.models.alerts import AlertSeverity
from ipam.models.events import Kind, Verb

_BATCH = 500  # alerts in one transaction: less than 200 ms of SQLite's one writer
Told = list[tuple[Alert, Event]]  # with what says so


@dataclass
class Verdict:
    """What one run has found of values of the moment `at`: alerts that begin, and open ones that are over or go on."""

    at: datetime
    now: datetime
    rules: Mapping[int, AlertRule]
    open: Sequence[Alert]
    begun: list[Alert] = field(default_factory=list)
    over: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)

    def untold(self) -> list[Alert]:
        """What fires, and is to be told now as it was not before: a snooze has ended, something worse is over."""
        return [one for one in self.open if one.is_firing and not one.is_told and self.may_be_told(one)]

    def may_be_told(self, alert: Alert) -> bool:
        """Whether it is neither snoozed nor less than something serious that fires of the same object and family."""
        is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > self.now
        is_hushed = alert.severity != AlertSeverity.SERIOUS and alert.subject in self.serious
        return not is_snoozed and not is_hushed

    def settle(self) -> None:
        """Say what is serious, and what of that which begins is snoozed with its rule. One statement."""
        self.serious = {
            one.subject for one in [*self.open, *self.begun] if one.is_firing and one.severity == AlertSeverity.SERIOUS
        }
        until: dict[tuple[int, str], datetime] = {}
        for snooze in AlertSnooze.objects.filter(until__gt=self.now) if self.begun else ():
            until[snooze.rule_id, snooze.network_id] = snooze.until
        for one in self.begun if until else ():
            moments = [until[key] for network in ("", one.network_id) if (key := (one.rule_id, network)) in until]
            one.snoozed_until = max(moments, default=None)


def keep(found: Verdict) -> None:
    """Store a verdict in transactions so small that nobody waits long, each with what is to be told of it."""
    found.settle()
    rows = {(one.rule_id, one.subject): one for one in [*found.begun, *found.over, *found.changed, *found.untold()]}
    for part in bulk_insert.batches([rows[key] for key in sorted(rows)], _BATCH):
        _keep(part, found)


@transacted
def _keep(part: Iterable[Alert], found: Verdict) -> None:
    """Keep what is still so, and write to whom it is to be told."""
    rules = _lock_rules(found)
    wanted = [one for one in part if one.rule_id in rules]
    asked = Alert.objects.filter(rule__in=rules, subject__in=[one.subject for one in wanted])
    recent = asked.filter(Q(state="firing") | Q(cleared_at__gt=found.at)).order_by("pk")
    known = {(one.rule_id, one.subject): one for one in recent.select_for_update(no_key=True)}
    begun = [copy(one) for one in wanted if one.pk is None and (one.rule_id, one.subject) not in known]
    over: list[Alert] = []
    going: list[Alert] = []
    for one in wanted:
        row = known.get((one.rule_id, one.subject))
        if row is not None and row.pk == one.pk and row.is_firing and row.since <= found.at:
            row.value = one.value
            if not one.is_firing:
                row.state, row.cleared_at, row.reason = one.state, one.cleared_at, one.reason
            (going if one.is_firing else over).append(row)
    telling.write(_store(found, begun, over, going), found.rules)


def _lock_rules(found: Verdict) -> set[int]:
    """The rules that are as they were when they were judged by; judges take turns by their locks."""
    rows = AlertRule.objects.select_for_update(no_key=True).filter(pk__in=found.rules, enabled=True).order_by("pk")
    return {pk for pk, generation in rows.values_list("pk", "generation") if generation == found.rules[pk].generation}


def _store(found: Verdict, begun: list[Alert], over: list[Alert], going: list[Alert]) -> Told:
    """Write rows and events; those that are told now."""
    late = [one for one in going if not one.is_told and found.may_be_told(one)]
    first = [one for one in begun if found.may_be_told(one)]
    for one in [*late, *first]:
        one.is_told = True
    ended = [one for one in over if one.is_told]
    Alert.objects.bulk_create(begun)
    if over or going:
        updated = ["state", "cleared_at", "reason", "value", "is_told"]
        Alert.objects.bulk_create([*over, *going], update_conflicts=True, unique_fields=["id"], update_fields=updated)
    told = {one.pk for one in [*late, *first, *ended]}
    events = [_event(Verb.FIRE, one, told, state=[None, one.state], value=[None, one.value]) for one in begun]
    events += [_event(Verb.FIRE, one, told) for one in late]
    events += [event_of_end(one, is_told=one.pk in told) for one in over]
    stored = zip([*begun, *late, *over], event_rows.store(events), strict=True)
    return [(one, event) for one, event in stored if one.pk in told]


def event_of_end(alert: Alert, *, is_told: bool) -> Event:
    """The event of an alert that is over; not stored yet."""
    changes: dict[str, list[Any]] = {
        "state": ["firing", alert.state],
        "value": [None, alert.value],
        "reason": [None, alert.reason],
    }
    return _event(Verb.CLEAR, alert, {alert.pk} if is_told else set(), **changes)


def _event(verb: Verb, alert: Alert, told: set[int], **changes: list[Any]) -> Event:
    """The event of a transition; `told` among its changes says that webhooks are told of it."""
    said = {name: pair for name, pair in changes.items() if pair[1]}
    if alert.pk in told:
        said["told"] = [False, True]
    return event_rows.event(verb, Kind.ALERT, changes=said, **event_rows.columns_of(alert))


def forget(moment: datetime) -> None:
    """Delete the alerts that were over before this moment; the history may know them longer."""
    Alert.objects.filter(cleared_at__lt=moment).delete()
