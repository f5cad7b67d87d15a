"""What the last pass of a mirror had to tell, that passes fail, or that none comes any more."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet, TextField, UUIDField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from ipam.domain.core import access
from ipam.models import Finding, Mirror

OLD_AFTER = timedelta(hours=1)
WHAT = "mirror-"  # how the last column of our rows begins
_TEXT = TextField()


def queries() -> Iterator[QuerySet[Any, Any]]:
    """Rows for the one statement of `loose_ends`; all of them are for those who see the platform."""
    mirrors = Mirror.objects.all() if access.current().sees_everything else Mirror.objects.none()
    old = mirrors.filter(succeeded_at__lte=timezone.now() - OLD_AFTER)
    yield _rows(mirrors.exclude(told=[]), Cast("told", _TEXT), "told")
    yield _rows(mirrors.filter(~Q(error="")), "error", "failing")
    yield _rows(old, "url", "old")


def of_rows(rows: Iterable[Any]) -> Iterator[Finding]:
    """The findings of rows that `queries` gave."""
    for _, name, _, said, what in rows:
        if what == f"{WHAT}told":
            yield from (Finding(**one) for one in json.loads(said))
        elif what == f"{WHAT}failing":
            yield _of_mirror("mirror_failing", name, f"The last pass failed, and changed nothing. {said[:400]}")
        else:
            sentence = f"Nothing has been brought over from {said[:200]} for an hour. See that its timer runs."
            yield _of_mirror("mirror_old", name, sentence)


def _rows(mirrors: QuerySet[Mirror], said: Any, what: str) -> QuerySet[Any, Any]:
    nobody, nothing = Value(None, UUIDField()), Value("", _TEXT)
    return mirrors.order_by().values_list(nobody, "id", nothing, said, Value(f"{WHAT}{what}", _TEXT))


def _of_mirror(code: str, name: str, sentence: str) -> Finding:
    severity = Finding.Severity.WARNING
    return Finding(code=code, severity=severity, kind="mirror", object_id=name, object_name=name, sentence=sentence)
