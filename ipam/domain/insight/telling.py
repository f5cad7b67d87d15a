"""Who is told of alerts: one letter to each address for what is kept together, and the webhooks of the rules."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.urls import reverse

from ipam.addressing import Family
from ipam.domain.insight.hysteresis import in_words
from ipam.domain.notify import deliveries, letters
from ipam.links import page_of
from ipam.models import Alert, AlertRule, Event, Webhook
from ipam.models.alerts import AlertSeverity, Watch

_MAX_TOLD = 100  # alerts in one letter; the page of alerts has all
_ADD = "Add an {family} prefix, or release what is unused."
_WHAT_TO_DO = {
    Watch.UTILIZATION: _ADD,
    Watch.DAYS_LEFT: _ADD,
    Watch.CHILDREN_LEFT: "Add an {family} prefix in time, or carve longer ones.",
    Watch.POOL: "Release machines or networks that are not needed.",
    Watch.QUOTA: "Raise the limit, or have the project release what it does not need.",
    Watch.FINDING: "The page of findings says what mends it.",
}
_WORST = [AlertSeverity.SERIOUS, AlertSeverity.WARNING, AlertSeverity.INFO]


def write(told: Sequence[tuple[Alert, Event]], rules: Mapping[int, AlertRule]) -> None:
    """Write the letters and deliveries of what is told, in its transaction; they are sent afterwards."""
    events: defaultdict[int, list[Event]] = defaultdict(list)
    for alert, event in told:
        events[alert.rule_id].append(event)
    for webhook in Webhook.objects.filter(enabled=True, alert_rules__in=events).distinct() if events else ():
        mine = webhook.alert_rules.filter(pk__in=events).values_list("pk", flat=True)
        deliveries.enqueue(webhook, sorted((one for key in mine for one in events[key]), key=lambda one: one.pk))
    _write_letters(sorted((alert for alert, _ in told), key=_urgency), rules)


def _urgency(alert: Alert) -> tuple[bool, int, str]:
    return not alert.is_firing, _WORST.index(AlertSeverity(alert.severity)), alert.subject


def _write_letters(told: Sequence[Alert], rules: Mapping[int, AlertRule]) -> None:
    by_address: defaultdict[str, list[Alert]] = defaultdict(list)
    for one in told:
        for address in rules[one.rule_id].mails:
            by_address[address].append(one)
    for address, alerts in by_address.items():
        letters.write(address, _subject(alerts), _body(alerts, rules))


def _subject(alerts: Sequence[Alert]) -> str:
    firing = [one for one in alerts if one.is_firing]
    first = f"{alerts[0].severity if firing else 'over'}: {alerts[0]}"
    more = f" and {len(alerts) - 1:,} more" if len(alerts) > 1 else ""
    return f"Twofold, {first}{more}"


def _body(alerts: Sequence[Alert], rules: Mapping[int, AlertRule]) -> str:
    parts = [_told(one, rules[one.rule_id]) for one in alerts[:_MAX_TOLD]]
    if more := len(alerts) - _MAX_TOLD:
        parts += [f"And {more:,} more."] if more > 0 else []
    return "\n\n".join([*parts, f"All alerts: {settings.PUBLIC_URL}{reverse('alerts')}"]) + "\n"


def _told(alert: Alert, rule: AlertRule) -> str:
    """What one alert says: how bad, of what, value and threshold, what to do, and where."""
    lines = [
        f"{alert.severity.upper() if alert.is_firing else 'OVER'}: {alert}",
        f"  {rule.name}: {_said(alert, rule)}",
    ]
    if alert.is_firing:
        family = Family(alert.family).label if alert.family else ""
        lines.append(f"  {_WHAT_TO_DO[Watch(rule.watch)].format(family=family)}")
    return "\n".join([*lines, f"  {link(alert)}"])


def _said(alert: Alert, rule: AlertRule) -> str:
    if alert.reason and not alert.is_firing:
        return alert.reason
    if rule.watch == Watch.FINDING:
        return f"{rule.code} since {alert.since:%Y-%m-%d %H:%M} UTC"
    does, limit = ("fires", alert.threshold) if alert.is_firing else ("clears", rule.clear)
    value = in_words(rule, alert.value) or "no date any more"
    return f"{Watch(rule.watch).label}: {value} ({does} at {in_words(rule, limit)})"


def link(alert: Alert) -> str:
    """The page of what an alert is about, or that of alerts."""
    page = page_of(alert.kind, alert.object_id, alert.project_id) or reverse("alerts")
    return f"{settings.PUBLIC_URL}{page}"
