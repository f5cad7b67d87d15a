"""Findings that need not be shown: snoozed for a while, or accepted for good, by the key that surveys keep."""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.core import access, context, event_rows, history, paging
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import alert_validation, survey
from ipam.models import Finding, FindingMark
from ipam.models.events import Kind, Verb

MAX_AT_ONCE = paging.DEFAULT_LIMIT  # a page of them


def find(keys: Collection[str]) -> list[Finding]:
    """The findings with these keys, marked or not; errors are those of `snooze`."""
    return _found(keys)


def add_marks(findings: Sequence[Finding]) -> None:
    """Let each of these findings know its `mark`, if it has one; one statement."""
    places = {one.marked_as[:3] for one in findings}
    asked = dict(zip(("code__in", "kind__in", "object_id__in"), zip(*places, strict=True), strict=False))
    marks = {one.about: one for one in FindingMark.objects.in_force().filter(**asked)} if asked else {}
    for one in findings:
        one.mark = marks.get(one.marked_as)


@operation
def snooze(keys: Collection[str], *, until: datetime, reason: str) -> list[Finding]:
    """Leave findings, at most a page of them, out of lists and alerts until then: all of them, or none.

    What is found no more is in no other's way; NotFound where nothing is left that the caller sees. Forbidden for all
    but operators, and owners of the projects that they are about; of a finding that each project has by itself, the
    caller's are snoozed. Invalid unless `until` is in the future and at most a year away.
    """
    found = _found(keys)
    alert_validation.check_until(until, reason)
    return _mark(Verb.SNOOZE, found, {"until": until, "reason": reason, "by": context.current().user})


@operation
def accept(keys: Collection[str], *, reason: str) -> list[Finding]:
    """Leave findings out for good; errors are those of `snooze`."""
    found = _found(keys)
    alert_validation.check_reason(reason)
    return _mark(Verb.ACCEPT, found, {"until": None, "reason": reason, "by": context.current().user})


@operation
def reopen(keys: Collection[str]) -> list[Finding]:
    """Show findings again that were snoozed or accepted; errors are those of `snooze`."""
    found = _found(keys)
    add_marks(found)
    FindingMark.objects.filter(pk__in=[one.mark.pk for one in found if one.mark]).delete()
    for one in found:
        one.mark = None
    _record(Verb.REOPEN, found, {"until": None, "reason": ""})
    return found


def _mark(verb: Verb, found: list[Finding], said: dict[str, Any]) -> list[Finding]:
    """Each once, in the order that all who mark follow, so that they wait for each other in turn."""
    marks = {one.marked_as: FindingMark(**_columns(one), **said) for one in sorted(found, key=attrgetter("place"))}
    FindingMark.objects.bulk_create(
        marks.values(), update_conflicts=True, unique_fields=FindingMark.COLUMNS, update_fields=list(said)
    )
    for one in found:
        one.mark = marks[one.marked_as]
    _record(verb, found, said)
    return found


def _record(verb: Verb, found: list[Finding], said: dict[str, Any]) -> None:
    """One event, which what they are about has in common; the history of each of their networks has it."""
    keys, until = list(dict.fromkeys(one.key for one in found)), said["until"] and said["until"].isoformat()
    changes = {
        "key": [None, keys if len(keys) > 1 else keys[0]],
        "until": [None, until],
        "reason": [None, said["reason"]],
    }
    event = history.write(
        verb,
        Kind.FINDING,
        object_id=_common(found, "object_id") or "",
        object_name=_common(found, "object_name") or "",
        network_id=_common(found, "network_id") or "",
        project_id=_common(found, "project_id"),
        count=len(keys),
        changes={name: pair for name, pair in changes.items() if pair[1]},
    )
    if event:
        event_rows.mention_networks([(event, {one.network_id for one in found} - {""})])


def _common(found: list[Finding], column: str) -> Any:
    """The value that all of them have there, or None."""
    values = {getattr(one, column) for one in found}
    return values.pop() if len(values) == 1 else None


def _found(keys: Collection[str]) -> list[Finding]:
    """The findings with these keys that the caller sees and may answer for, worst first."""
    if len(keys) > MAX_AT_ONCE:
        raise errors.Invalid(f"At most {MAX_AT_ONCE} findings at a time, and these are {len(keys)}.", field="key")
    places = list(map(_place, keys))
    asked = {column: {place[column] for place in places} for column in ("code", "kind", "object_id", "family")}
    found = [one for one in survey.wanted(asked, marked=None) if one.key in keys]
    if not found:
        said = shorten(", ".join(keys))
        raise errors.NotFound(f"There is no finding “{said}” at present. Take a key of the list.", field="key")
    if any(one.kind == "survey" for one in found):
        raise errors.Invalid("Only a survey mends this: let `manage.py work` run, or take one.", field="key")
    who = access.current()
    own = [one for one in found if who.may(Permission.MANAGE, one.project_id)]
    answered = {one.key for one in own}
    for one in found:
        if one.key not in answered:
            access.require(Permission.MANAGE, one.project_id)
    return own


def _place(key: str) -> dict[str, Any]:
    """The columns of the findings with this key."""
    code, kind, object_id, family = [*key.split(":"), "", "", ""][:4]
    number = {"": None, **{one.key: int(one) for one in Family}}.get(family, -1)
    return {"code": code, "kind": kind, "object_id": object_id, "family": number}


def _columns(one: Finding) -> dict[str, Any]:
    return dict(zip(FindingMark.COLUMNS, one.marked_as, strict=True))
