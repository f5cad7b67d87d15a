"""Rows of all kinds but addresses, one by one: what is not there is made, what is there is compared."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import bulk_insert
from ipam.domain.core.operations import operation
from ipam.domain.files.cells import plain
from ipam.domain.files.columns import Kind
from ipam.domain.files.documents import ParseError
from ipam.domain.files.known import Known
from ipam.domain.files.outcomes import (
    CHANGED,
    NEW,
    UNCHANGED,
    Existing,
    Outcome,
    ParsedRow,
    differences,
    refuse_other,
)
from ipam.domain.files.references import References

_BATCH = 200  # rows that are looked up together


def apply(kind: Kind, rows: Iterable[ParsedRow], references: References) -> Iterator[Outcome]:
    """What became of each row. Children need their parents, so rows that wait for others come last."""
    known = Known()
    for batch in bulk_insert.batches(_in_order(kind, rows), _BATCH):
        stored = _Stored(kind, batch)
        for row in batch:
            yield _bring(kind, row, stored, known, references)


def _in_order(kind: Kind, rows: Iterable[ParsedRow]) -> Iterator[ParsedRow]:
    waiting = []
    for row in rows:
        if kind.turn(row.values):
            waiting.append(row)
        else:
            yield row
    yield from sorted(waiting, key=lambda row: kind.turn(row.values))


class _Stored:
    """The objects that a batch of rows is about, as far as they are there already."""

    def __init__(self, kind: Kind, rows: Iterable[ParsedRow]) -> None:
        self._kind = kind
        self._known: dict[Any, Any] = {}
        if kind.has_text_ids:
            self._known = dict.fromkeys(row.values["id"] for row in rows if row.values.get("id"))
            self._known |= kind.rows().in_bulk(list(self._known))

    def find(self, values: Mapping[str, Any]) -> Any:
        """The object; a second row about it sees what became of it by the first."""
        key = values.get("id")
        return self._known.pop(key) if key in self._known else self._kind.find(values)


def _bring(kind: Kind, row: ParsedRow, stored: _Stored, known: Known, references: References) -> Outcome:
    try:
        errors.raise_all(row.broken)
        found = stored.find(row.values)
        if found is None:
            made = _create(kind, row.values, known)
            return row.outcome(kind.one, NEW, key=row.key or str(made.pk))
        return _update(kind, found, row)
    except (ParseError, errors.Busy):
        raise
    except errors.IpamError as error:
        return row.refused(kind.one, [references.explained(one) for one in error.errors])


@operation
def _create(kind: Kind, values: Mapping[str, Any], known: Known) -> Any:
    """Make the object; refused if it would not be as the row says, for a row that is half true is not true."""
    made = kind.create(values, known)
    given = {column.name for column in kind.columns if column.as_given}
    said = {name: one for name, one in values.items() if one not in ("", None, [], {}) and name not in given}
    errors.raise_all(
        [
            errors.ForbiddenField(
                f"{name} would be {shorten(have)}, not {shorten(wanted)}: it follows from the rest. Leave it empty.",
                field=name,
            )
            for name, (have, wanted) in differences(kind, made, said).items()
        ]
    )
    return made


def _update(kind: Kind, found: Any, row: ParsedRow) -> Outcome:
    differing = {} if row.existing is Existing.LEAVE else differences(kind, found, row.values)
    if not differing:
        return row.outcome(kind.one, UNCHANGED)
    if row.existing is Existing.COMPARE:
        refuse_other(differing)
    errors.raise_all(
        [
            errors.ForbiddenField(
                f"{column.name} of {row.key} is {shorten(plain(differing[column.name][0]))} and never changes.",
                field=column.name,
            )
            for column in kind.columns
            if column.name in differing and not column.may_change
        ]
    )
    kind.update(found, {name: row.values[name] for name in differing})
    return row.outcome(kind.one, CHANGED, changes=differing)
