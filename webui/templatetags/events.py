"""What an event says, in words that people read: of lists of the history."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from ipam.addressing import Family
from ipam.models import Event
from ipam.models.events import Kind, Verb

register = template.Library()
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAX_CHANGES = 4
_NUMBERS = ("vrf", "asn", "node_mask")  # that count nothing
_WORDS: dict[object, str] = {True: "yes", False: "no", **{family.key: family.label for family in Family}}
_TOLD: dict[str, tuple[str, ...]] = {
    Kind.QUOTA: ("family", "resource", "network"),
    Kind.FINDING: ("key",),
    Kind.ALERT: ("told",),  # which webhooks read
}  # in the title and beside it, or for nobody to read
_ALERTS: dict[str, tuple[str, str]] = {Verb.FIRE: ("alert:", "alerts:"), Verb.CLEAR: ("alert over:", "alerts over:")}
_NAMED = {"project": "project", "namespace": "project", "network": "network"}  # changes that name what the event has
_FIELDS = {"shown_url": "URL", "vrf": "VRF", "asn": "ASN"}


@register.filter
def moment(at: datetime | None) -> SafeString:
    """A moment in UTC, which scripts show in local time, with UTC on hover; empty for none."""
    if at is None:
        return SafeString("")
    title = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return SafeString(f'<time data-local datetime="{at:%Y-%m-%dT%H:%M:%SZ}" title="{title}">{at:%Y-%m-%d %H:%M}</time>')


@register.filter
def ago(at: datetime) -> str:
    """How long it is since this moment, as people say it."""
    return "just now" if timezone.now() - at < timedelta(minutes=1) else f"{timesince(at)} ago"


@register.filter
def ago_short(at: datetime) -> str:
    """The same in its largest unit alone: `5 hours`."""
    return "just now" if timezone.now() - at < timedelta(minutes=1) else timesince(at, depth=1)


@register.filter
def called(who: object) -> str:
    """Whoever acts, by their name: that of a service account is followed by the id of its project."""
    name, _, project = str(who).rpartition("@")
    return name if name and _ID.fullmatch(project) else str(who)


@register.filter
def done(event: Event) -> str:
    """What was done: `add family`; of an alert what it is."""
    if event.kind == Kind.ALERT and event.verb in _ALERTS:
        return _ALERTS[event.verb][0]
    return Verb(event.verb).label if event.verb in Verb else event.verb


@register.filter
def of_kind(event: Event) -> str:
    """What kind of thing it was done to: `alert rule`."""
    if event.kind == Kind.ALERT and event.verb in _ALERTS:
        return ""
    return Kind(event.kind).label if event.kind in Kind else event.kind


@register.filter
def done_to(event: Event, count: int) -> str:
    """What was done to so many things of its kind: `allocate 8 addresses`, `8 alerts:`."""
    if event.kind == Kind.ALERT and event.verb in _ALERTS:
        return f"{count:,} {_ALERTS[event.verb][1]}"
    kind = "record" if event.kind == Kind.INSTALLATION else of_kind(event)
    return f"{done(event)} {count:,} {kind}{'es' if kind.endswith(('s', 'x')) else 's'}"


@register.filter
def is_counted(event: Event) -> bool:
    """Whether its title only says to how many things it was done."""
    return event.count != 1 and event.title == f"{event.count:,}"


@register.filter
def place(event: Event) -> str:
    """The network that it was in, by its name if the list has asked for it; empty where the title says it already."""
    network = getattr(event, "network_name", None) or event.network_id
    return "" if event.kind == Kind.NETWORK or network in event.title else network


@register.filter
def changes(event: Event) -> list[tuple[str, str, str]]:
    """The first changes: what, what it was (empty for nothing) and what it is; without those that its title says."""
    return list(_changes(event))[:_MAX_CHANGES]


def _changes(event: Event) -> Iterator[tuple[str, str, str]]:
    told = _TOLD.get(event.kind, ())
    for field, (before, after) in event.changes.items():
        if field not in told and (before or (after is not None and after != event.title)):
            was = _word(event, field, before) if before else ""
            yield _FIELDS.get(field, field.replace("_", " ")), was, _word(event, field, after)


def _listed(values: list[str]) -> str:
    """What has a name by it, and how many others there are."""
    named = [one for one in values if not _ID.fullmatch(one)]
    others = len(values) - len(named)
    return ", ".join(named + [f"{others} more"] * bool(named and others)) or str(others)


def _word(event: Event, field: str, value: Any) -> str:
    """A value; the network and the project of the event by their names, where the list has asked for them."""
    if value in (None, "", [], {}):
        return "none"
    if field in _NAMED and value == str(getattr(event, f"{_NAMED[field]}_id")):
        return getattr(event, f"{_NAMED[field]}_name", None) or str(value)
    if isinstance(value, list):
        return _listed([str(one) for one in value])
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}".strip() for key, one in value.items())
    if field == "family" and value in (4, 6):
        return Family(value).label
    if field == "limit" or (type(value) is int and field not in _NUMBERS):
        return f"{int(value):,}"
    return _WORDS.get(value, called(value))
