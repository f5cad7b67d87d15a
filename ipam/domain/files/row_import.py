"""Rows of all kinds but addresses: what is not there is made, what is there is compared.

What is new and has nothing in its way is made many at a time; all else one by one, by the operations that say why not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import bulk_insert, lookups
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
from ipam.domain.files.together import Together

_BATCH = 200  # rows that are looked up together


def apply(kind: Kind, rows: Iterable[ParsedRow], references: References) -> Iterator[Outcome]:
    """What became of each row. Children need their parents, so rows that wait for others come last."""
    known = Known()
    for batch in bulk_insert.batches(_in_order(kind, rows), _BATCH):
        yield from _Batch(kind, batch, known, references).outcomes()


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
        model = kind.rows().model
        keys = [key for row in rows if (key := row.values.get("id")) and lookups.is_id(model, key)]
        self._known: dict[Any, Any] = {**dict.fromkeys(keys), **kind.rows().in_bulk(keys)}

    def find(self, values: Mapping[str, Any]) -> Any:
        """The object; a second row about it sees what became of it by the first."""
        key = values.get("id")
        return self._known.pop(key) if key in self._known else self._kind.find(values)

    def is_new(self, values: Mapping[str, Any]) -> bool:
        """Whether no object is there, nor an earlier row about it."""
        key = values.get("id")
        return not key or self._known.get(key, self) is None

    def is_old(self, values: Mapping[str, Any]) -> bool:
        """Whether the object was there before these rows."""
        return self._known.get(values.get("id")) is not None


class _Batch:
    """Rows in their order; those that are made together wait until one comes that has to see them."""

    def __init__(self, kind: Kind, rows: Sequence[ParsedRow], known: Known, references: References) -> None:
        self._kind, self._rows, self._known, self._references = kind, rows, known, references
        self._stored = _Stored(kind, rows)
        self._together: Together | None = None
        self._waiting: list[tuple[ParsedRow, Any]] = []

    def outcomes(self) -> Iterator[Outcome]:
        for number, row in enumerate(self._rows):
            if self._add(number):
                continue
            if not self._changes_nothing(row):
                yield from self._store()
            yield self._bring(row)
        yield from self._store()

    def _changes_nothing(self, row: ParsedRow) -> bool:
        return bool(row.broken) or (row.existing is not Existing.CHANGE and self._stored.is_old(row.values))

    def _add(self, number: int) -> bool:
        """Whether the row waits to be made together with others."""
        row = self._rows[number]
        if not self._is_new(row):
            return False
        if self._together is None:
            rows = {one.place: one.values for one in self._rows[number:] if self._is_new(one)}
            self._together = self._kind.together(rows, self._known)
        if self._together is None:
            return False
        made = self._together.add(row.place, lambda made: _check_said(self._kind, made, row.values))
        if made is not None:
            self._stored.find(row.values)
            self._waiting.append((row, made))
        return made is not None

    def _is_new(self, row: ParsedRow) -> bool:
        return not row.broken and self._stored.is_new(row.values)

    def _store(self) -> Iterator[Outcome]:
        """Make what waits; where the database refuses it, one by one."""
        waiting, together = self._waiting, self._together
        if not waiting or together is None:
            return
        self._waiting, self._together = [], None
        try:
            together.store()
        except errors.IpamError:
            yield from (self._bring(row) for row, _ in waiting)
        else:
            yield from (row.outcome(self._kind.one, NEW, key=row.key or str(made.pk)) for row, made in waiting)

    def _bring(self, row: ParsedRow) -> Outcome:
        kind = self._kind
        try:
            errors.raise_all(row.broken)
            found = self._stored.find(row.values)
            if found is not None:
                outcome = _update(kind, found, row)
            else:
                made = _create(kind, row.values, self._known)
                outcome = row.outcome(kind.one, NEW, key=row.key or str(made.pk))
            if outcome.state != UNCHANGED:
                self._together = None  # what it has read is not so any more
            return outcome
        except (ParseError, errors.Busy):
            raise
        except errors.IpamError as error:
            return row.refused(kind.one, [self._references.explained(one) for one in error.errors])


@operation
def _create(kind: Kind, values: Mapping[str, Any], known: Known) -> Any:
    """Make the object; refused if it would not be as the row says."""
    made = kind.create(values, known)
    _check_said(kind, made, values)
    return made


def _check_said(kind: Kind, made: Any, values: Mapping[str, Any]) -> None:
    """Refuse an object that would not be as its row says: a row that is half true is not true."""
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
