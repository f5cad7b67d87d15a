"""Findings that need not be shown: snoozed for a while, or accepted for good, by the key that surveys keep."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ipam import errors
from ipam.addressing import Family, shorten
from ipam.domain.core import access, context, history
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import alert_validation, survey
from ipam.models import Finding, FindingMark
from ipam.models.events import Kind, Verb


def find(key: str) -> Finding:
    """The finding with this key, marked or not; errors are those of `snooze`."""
    return _found(key)[0]


def add_marks(findings: Sequence[Finding]) -> None:
    """Let each of these findings know its `mark`, if it has one; one statement."""
    places = {one.marked_as[:3] for one in findings}
    asked = dict(zip(("code__in", "kind__in", "object_id__in"), zip(*places, strict=True), strict=False))
    marks = {one.about: one for one in FindingMark.objects.in_force().filter(**asked)} if asked else {}
    for one in findings:
        one.mark = marks.get(one.marked_as)


@operation
def snooze(key: str, *, until: datetime, reason: str) -> Finding:
    """Leave a finding out of lists and alerts until then; NotFound for a key of nothing that the caller sees.

    Forbidden for all but operators, and owners of the project that it is about; of a finding that each project has
    by itself, the caller's are snoozed. Invalid unless `until` is in the future and at most a year away.
    """
    found = _found(key)
    alert_validation.check_until(until, reason)
    return _mark(Verb.SNOOZE, found, {"until": until, "reason": reason, "by": context.current().user})


@operation
def accept(key: str, *, reason: str) -> Finding:
    """Leave a finding out for good; errors are those of `snooze`."""
    found = _found(key)
    alert_validation.check_reason(reason)
    return _mark(Verb.ACCEPT, found, {"until": None, "reason": reason, "by": context.current().user})


@operation
def reopen(key: str) -> Finding:
    """Show a finding again that was snoozed or accepted; errors are those of `snooze`."""
    found = _found(key)
    for one in found:
        FindingMark.objects.filter(**_columns(one)).delete()
    _record(Verb.REOPEN, found[0], {"until": None, "reason": ""})
    return found[0]


def _mark(verb: Verb, found: list[Finding], said: dict[str, Any]) -> Finding:
    for one in found:
        one.mark, _ = FindingMark.objects.update_or_create(**_columns(one), defaults=said)
    _record(verb, found[0], said)
    return found[0]


def _record(verb: Verb, one: Finding, said: dict[str, Any]) -> None:
    until = said["until"] and said["until"].isoformat()
    changes = {"key": [None, one.key], "until": [None, until], "reason": [None, said["reason"]]}
    history.write(
        verb,
        Kind.FINDING,
        object_id=one.object_id,
        object_name=one.object_name,
        network_id=one.network_id,
        project_id=one.project_id,
        changes={name: pair for name, pair in changes.items() if pair[1]},
    )


def _found(key: str) -> list[Finding]:
    """The findings with this key that the caller sees and may answer for."""
    code, kind, object_id, family = [*key.split(":"), "", "", ""][:4]
    number = {"": None, **{one.key: int(one) for one in Family}}.get(family, -1)
    asked: dict[str, set[Any]] = {"code": {code}, "kind": {kind}, "object_id": {object_id}, "family": {number}}
    found = [one for one in survey.wanted(asked, marked=None) if one.key == key]
    if not found:
        raise errors.NotFound(f"There is no finding “{shorten(key)}” at present. Take a key of the list.", field="key")
    if found[0].kind == "survey":
        raise errors.Invalid("Only a survey mends this: let `manage.py work` run, or take one.", field="key")
    who = access.current()
    own = [one for one in found if who.may(Permission.MANAGE, one.project_id)]
    if not own:
        access.require(Permission.MANAGE, found[0].project_id)
    return own


def _columns(one: Finding) -> dict[str, Any]:
    return dict(zip(FindingMark.COLUMNS, one.marked_as, strict=True))
