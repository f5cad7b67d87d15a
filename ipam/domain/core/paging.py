"""Pages by key, not by offset: stable under concurrent writes, and as fast on the last page as on the first."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from ipam import errors
from ipam.natural import Natural

DEFAULT_LIMIT, HIGHEST_LIMIT = 50, 1000
_FORWARDS, _BACKWARDS = "n", "p"
_OF_A_LIST = "list"
_EXPRESSION = "in_order"  # what rows are ordered by that is no column


@dataclass(frozen=True)
class Page:
    """Rows of a list, and the opaque cursors of its neighbours; None where there is no neighbour."""

    rows: list[Any]
    next: str | None
    previous: str | None


def page(queryset: QuerySet[Any], *, field: Any = "pk", descending: bool = False, limit: int, cursor: str = "") -> Page:
    """The `limit` (1..1000) rows at `cursor`, ordered by a column or an expression; the primary key settles ties.

    Names order naturally: `node-2` before `node-10`. Each row has exactly one place, so rows that come and go elsewhere
    shift nothing. `Invalid` for a cursor that is none of ours.
    """
    order = _order_of(field, descending)
    by = Natural("name") if field == "name" else field
    if not isinstance(by, str):
        queryset, field = queryset.annotate(**{_EXPRESSION: by}), _EXPRESSION
    column = _column(queryset, field)
    place, backwards = _decode(cursor, order, queryset.model, column)
    reverse = descending != backwards
    ordered = _from_place(queryset, field, reverse, place).order_by(*_order(field, reverse))
    found = list(ordered[: limit + 1])
    return _cut(
        found, limit, order, backwards, place is not None, lambda row: [column.value_to_string(row), str(row.pk)]
    )


def page_of_list(rows: Sequence[Any], *, descending: bool = False, limit: int, cursor: str = "") -> Page:
    """The `limit` rows at `cursor` of a list that is made anew each time, in the order of the text `place` of each."""
    order = _order_of("place", descending)
    direction, place, _ = _unpack(cursor, order, _OF_A_LIST) if cursor else (_FORWARDS, None, "")
    reverse = descending != (direction == _BACKWARDS)
    ordered = sorted(rows, key=attrgetter("place"), reverse=reverse)
    beyond = [row for row in ordered if place is None or (row.place < place if reverse else row.place > place)]
    return _cut(beyond, limit, order, direction == _BACKWARDS, place is not None, lambda row: [row.place, _OF_A_LIST])


def _cut(
    found: list[Any], limit: int, order: str, backwards: bool, has_place: bool, packed: Callable[[Any], list[str]]
) -> Page:
    """The first `limit` of these as they are shown, and the cursors that `packed` says of the outermost."""
    more, rows = len(found) > limit, found[:limit]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (more or backwards)
    has_previous = bool(rows) and (more if backwards else has_place)
    return Page(
        rows,
        _encode(_FORWARDS, order, *packed(rows[-1])) if has_next else None,
        _encode(_BACKWARDS, order, *packed(rows[0])) if has_previous else None,
    )


def batches(queryset: QuerySet[Any], *order: str, size: int = 2_000) -> Iterator[Any]:
    """All rows in this order of columns, which must settle ties and never be empty, read `size` at a time by key.

    Memory stays flat without a cursor of the database, which would hold a session for as long as somebody reads, and is
    lost behind a pooler. Each batch is of its own moment: rows that come and go elsewhere shift nothing.
    """
    names = [_column(queryset, field).attname for field in order]
    ordered, rest = queryset.order_by(*names), queryset.order_by(*names)
    while True:
        rows = list(rest[:size])
        yield from rows
        if len(rows) < size:
            return
        rest = ordered.filter(beyond([(name, getattr(rows[-1], name)) for name in names]))


def beyond(place: Sequence[tuple[str, Any]]) -> Q:
    """The rows after a place. The first condition of each column alone bounds the index scan."""
    (name, value), *others = place
    if not others:
        return Q(**{f"{name}__gt": value})
    return Q(**{f"{name}__gte": value}) & (Q(**{f"{name}__gt": value}) | beyond(others))


def _column(queryset: QuerySet[Any], field: str) -> Any:
    if field == _EXPRESSION:
        column = copy(queryset.query.annotations[field].output_field)
        column.attname = field
        return column
    model = queryset.model
    return model._meta.pk if field == "pk" else model._meta.get_field(field)


def _encode(*parts: str) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, order: str, model: type[Model], column: Any) -> tuple[tuple[Any, Any] | None, bool]:
    if not cursor:
        return None, False
    direction, value, key = _unpack(cursor, order)
    try:
        place = column.to_python(value), model._meta.pk.clean(key, None)
    except (ValueError, TypeError, ValidationError):
        raise _foreign() from None
    return place, direction == _BACKWARDS


def _unpack(cursor: str, order: str, of: str = "") -> tuple[str, str, str]:
    """Direction, value and key of a cursor of a list in this order; with `of`, of one with this key."""
    try:
        direction, ordered, value, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _foreign() from None
    if direction not in (_FORWARDS, _BACKWARDS) or not isinstance(value, str) or not isinstance(key, str):
        raise _foreign()
    if ordered != order or (of and key != of) or "\0" in value:
        raise _foreign()
    return direction, value, key


def _foreign() -> errors.Invalid:
    return errors.Invalid("The cursor is none of this list in this order; start again without it.", field="cursor")


def _order_of(field: object, descending: bool) -> str:
    """The order of a list in a word: a cursor of another one leads nowhere."""
    return ("-" if descending else "") + (field if isinstance(field, str) else type(field).__name__)


def _order(field: str, descending: bool) -> list[str]:
    names = [field] if field == "pk" else [field, "pk"]
    return [f"-{name}" for name in names] if descending else names


def _from_place(queryset: QuerySet[Any], field: str, descending: bool, place: tuple[Any, Any] | None) -> QuerySet[Any]:
    """The rows after a place. The first condition alone bounds the index scan; the second settles ties."""
    if place is None:
        return queryset
    value, key = place
    beyond = "lt" if descending else "gt"
    if field == "pk":
        return queryset.filter(**{f"pk__{beyond}": key})
    return queryset.filter(
        Q(**{f"{field}__{beyond}e": value}) & (Q(**{f"{field}__{beyond}": value}) | Q(**{f"pk__{beyond}": key}))
    )
