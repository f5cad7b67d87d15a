"""Judging what was seen by the rules: what begins to fire, what is over.

Everything is compared in memory, outside of any transaction; `transitions` stores what differs.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from ipam.domain.insight import forecasts, transitions, watching
from ipam.domain.insight.hysteresis import Limits, plain
from ipam.domain.insight.transitions import Verdict
from ipam.domain.insight.watching import Met, Watched, in_scope
from ipam.models import Alert, AlertRule
from ipam.models.alerts import Watch

GONE, OUT_OF_SCOPE = "It is no longer there.", "It is out of the rule's scope."
NOT_FOUND = "This is found no more, or somebody has snoozed or accepted it."
Open = Mapping[tuple[int, str], Alert]  # open alerts, by rule and subject


def judge_networks(keys: Collection[str]) -> None:
    """Judge these networks as they are now, pools and quotas; what of them has gone clears. Statements are constant.

    What is full by now says so before rules ask for its days.
    """
    watched = watching.of_networks(keys, timezone.now())
    forecasts.follow(watched.readings, watched.at)
    judge(watched)


def judge(watched: Watched) -> None:
    """Judge what was seen by every rule that is enabled, keep what differs, and write to whom it is to be told."""
    rules, now = list(AlertRule.objects.filter(enabled=True)), timezone.now()
    judged, others = _open(watched, now)
    open_alerts = {(one.rule_id, one.subject): one for one in judged}
    found = Verdict(watched.at, now, {rule.pk: rule for rule in rules}, [*judged, *others])
    for rule in rules:
        if watched.covers(rule.watch, rule.code):
            _Judge(rule, found).judge(watched, open_alerts)
    transitions.keep(found)


def _open(watched: Watched, now: datetime) -> tuple[list[Alert], list[Alert]]:
    """The open alerts of what was looked at, and of other things about which a snooze has ended."""
    firing = Alert.objects.firing()
    if watched.only is None:
        return list(firing), []
    judged = Q(kind="network", network_id__in=watched.only) | Q(kind__in=("pool", "quota"))
    awake = firing.filter(is_told=False, snoozed_until__lte=now).values("subject")
    return list(firing.filter(judged)), list(firing.filter(subject__in=awake).exclude(judged))


class _Judge:
    """One rule, and what it says of all that it looks at."""

    def __init__(self, rule: AlertRule, found: Verdict) -> None:
        self._rule, self._found = rule, found
        self._limits = None if rule.watch == Watch.FINDING else Limits.of(rule)

    def judge(self, watched: Watched, open_alerts: Open) -> None:
        """An open alert whose object is not met is over."""
        rule, scope = self._rule, self._rule.scope
        unmet = {subject: one for (key, subject), one in open_alerts.items() if key == rule.pk}
        outside = set()
        for met in watched.of(rule.watch, rule.code):
            if (rule.family and met.family != rule.family) or (scope and not in_scope(scope, met)):
                outside.add(met.subject)
            elif (alert := unmet.pop(met.subject, None)) is None:
                self._begin(met)
            else:
                self._follow(alert, met)
        for subject, alert in unmet.items():
            gone = GONE if self._limits else NOT_FOUND
            self._end(alert, OUT_OF_SCOPE if subject in outside else gone)

    def _begin(self, met: Met) -> None:
        limits = self._limits
        if limits is not None and (met.value is None or not limits.fires(met.value)):
            return
        self._found.begun.append(
            Alert(
                rule=self._rule,
                subject=met.subject,
                kind=met.kind,
                object_id=met.object_id,
                object_name=met.name,
                network_id=met.network.pk if met.network else "",
                project_id=met.project_id,
                family=met.family,
                severity=self._rule.severity,
                value=limits.written(met.value) if limits else "",
                threshold=plain(self._rule.fire) or "",
                since=self._found.now,
                is_shared=met.is_shared,
            )
        )

    def _follow(self, alert: Alert, met: Met) -> None:
        """What something that fires says now: it is over, or it goes on with another value. Unknown is neither."""
        if self._limits is None or met.value is None:
            return
        value, before = self._limits.written(met.value), alert.value
        alert.value = value
        if self._limits.clears(met.value):
            self._end(alert, "")
        elif value != before:
            self._found.changed.append(alert)

    def _end(self, alert: Alert, reason: str) -> None:
        alert.state, alert.cleared_at, alert.reason = Alert.State.CLEARED, self._found.now, reason
        self._found.over.append(alert)
