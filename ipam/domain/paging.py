"""Pages by key, not by offset: stable under concurrent writes, and as fast on the last page as on the first."""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from ipam import errors

DEFAULT_LIMIT, HIGHEST_LIMIT = 50, 1000
_FORWARDS, _BACKWARDS = "n", "p"


@dataclass(frozen=True)
class Page:
    """Rows of a list, and the opaque cursors of its neighbours; None where there is no neighbour."""

    rows: list[Any]
    next: str | None
    previous: str | None


def page(queryset: QuerySet[Any], *, field: str = "pk", descending: bool = False, limit: int, cursor: str = "") -> Page:
    """The `limit` (1..1000) rows at `cursor`, ordered by a column; the primary key settles ties.

    Each row has exactly one place, so rows that come and go elsewhere shift nothing. `Invalid` for a cursor that is
    none of ours.
    """
    column = _column(queryset.model, field)
    place, backwards = _decode(cursor, queryset.model, column)
    reverse = descending != backwards
    ordered = _from_place(queryset, field, reverse, place).order_by(*_order(field, reverse))
    rows = list(ordered[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (more or backwards)
    has_previous = bool(rows) and (more if backwards else place is not None)
    return Page(
        rows,
        _encode(_FORWARDS, rows[-1], column) if has_next else None,
        _encode(_BACKWARDS, rows[0], column) if has_previous else None,
    )


def batches(queryset: QuerySet[Any], *order: str, size: int = 2_000) -> Iterator[Any]:
    """All rows in this order of columns, which must settle ties and never be empty, read `size` at a time by key.

    Memory stays flat without a cursor of the database, which would hold a session for as long as somebody reads, and is
    lost behind a pooler. Each batch is of its own moment: rows that come and go elsewhere shift nothing.
    """
    names = [_column(queryset.model, field).attname for field in order]
    ordered, rest = queryset.order_by(*names), queryset.order_by(*names)
    while True:
        rows = list(rest[:size])
        yield from rows
        if len(rows) < size:
            return
        rest = ordered.filter(_beyond([(name, getattr(rows[-1], name)) for name in names]))


def _beyond(place: list[tuple[str, Any]]) -> Q:
    """The rows after a place. The first condition of each column alone bounds the index scan."""
    (name, value), *others = place
    if not others:
        return Q(**{f"{name}__gt": value})
    return Q(**{f"{name}__gte": value}) & (Q(**{f"{name}__gt": value}) | _beyond(others))


def _column(model: type[Model], field: str) -> Any:
    return model._meta.pk if field == "pk" else model._meta.get_field(field)


def _encode(direction: str, row: Model, column: Any) -> str:
    text = json.dumps([direction, column.value_to_string(row), str(row.pk)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, model: type[Model], column: Any) -> tuple[tuple[Any, Any] | None, bool]:
    if not cursor:
        return None, False
    try:
        direction, value, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if direction not in (_FORWARDS, _BACKWARDS) or not isinstance(value, str) or not isinstance(key, str):
            raise ValueError(direction)
        place = column.to_python(value), model._meta.pk.clean(key, None)
    except (ValueError, TypeError, ValidationError, binascii.Error, RecursionError):
        raise errors.Invalid("The cursor is not one of ours; start again without it.", field="cursor") from None
    return place, direction == _BACKWARDS


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
