"""Bring a table in: judge every row, say what would become of it, and do it; all of it, or what is not refused.

A preview is a rehearsal of the same thing: there is no second code path that could disagree.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, bulk_insert, history
from ipam.domain.core.bulk_insert import Advance
from ipam.domain.core.operations import operation, rehearsal
from ipam.domain.core.permissions import Deed
from ipam.domain.files import address_import, formats
from ipam.domain.files import cells as table_cells
from ipam.domain.files.cells import plain
from ipam.domain.files.documents import Unreadable
from ipam.domain.files.formats import Faulty
from ipam.domain.files.kinds import ADDRESSES, KINDS, Column, Kind
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED, UNCHANGED, Outcome, Parsed, differences
from ipam.models import events

MOST_KEPT = 1_000  # outcomes of each state that a summary names; it counts all of them
_BATCH = 2_000


@dataclass(frozen=True)
class Table:
    """A file of rows of one kind."""

    kind: Kind
    file: BinaryIO
    format: str


@dataclass
class Summary:
    """What became of the rows of a table, or would: how many of each state, and the first of each by their place."""

    counts: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count an outcome, and keep it while few are kept."""
        self.counts[outcome.state] += 1
        kept = self.outcomes.setdefault(outcome.state, [])
        if len(kept) < MOST_KEPT:
            kept.append(outcome)

    @property
    def refused(self) -> list[Outcome]:
        """The first refusals, by place."""
        return sorted(self.outcomes.get(REFUSED, []), key=lambda one: one.place)

    def shown(self, most: int) -> list[Outcome]:
        """Up to `most` outcomes: what is refused first, then what would change, then what is new, then the rest."""
        ordered = [
            outcome
            for state in (REFUSED, CHANGED, NEW, UNCHANGED)
            for outcome in sorted(self.outcomes.get(state, []), key=lambda one: one.place)
        ]
        return ordered[:most]


def preview(table: Table, advance: Advance = lambda rows: None) -> Summary:
    """What would become of each row if those that are refused were left out. Nothing is kept.

    Unreadable when the file is no such table, UnknownField for columns that the kind does not have.
    """
    with rehearsal():
        return bring_in(table, skip_refused=True, advance=advance)


@operation
def bring_in(table: Table, *, skip_refused: bool = False, advance: Advance = lambda rows: None) -> Summary:
    """Make and change what the rows say. With a refused row nothing is kept, unless refused rows are to be skipped.

    `advance` is called with the number of rows that were just done.
    """
    access.demand(Deed.OPERATE)
    summary = Summary()
    parsed = _parse(table)
    outcomes = address_import.bring_in(parsed) if table.kind is ADDRESSES else _one_by_one(table.kind, parsed)
    with history.as_one_event(events.Verb.IMPORT):
        for batch in bulk_insert.batches(outcomes, _BATCH):
            for outcome in batch:
                summary.add(outcome)
            advance(len(batch))
        if summary.counts[REFUSED] and not skip_refused:
            _refuse_all(summary)
        _record(table.kind, summary)
    return summary


def _record(kind: Kind, summary: Summary) -> None:
    """One event for all rows, which the timelines of their networks and addresses show."""
    done = {state: summary.counts[state] for state in (NEW, CHANGED) if summary.counts[state]}
    if done:
        history.write(
            events.Verb.IMPORT,
            events.Kind.INSTALLATION,
            count=sum(done.values()),
            changes={f"{kind.name}, {state}": [0, count] for state, count in done.items()},
        )


def _refuse_all(summary: Summary) -> None:
    broken = [
        type(error)(f"Row {outcome.place}: {error.detail}", field=error.field)
        for outcome in summary.refused
        for error in outcome.reasons
    ]
    if (more := summary.counts[REFUSED] - len(summary.refused)) > 0:
        broken.append(errors.Invalid(f"{more:,} more rows are refused."))
    errors.raise_all(broken)


def _parse(table: Table) -> Iterator[Parsed]:
    """Rows as values. What is wrong with a row stays with it; columns that are wrong from the first on end it all."""
    columns = {column.name: column for column in table.kind.columns}
    known: set[str] = set()
    for place, cells in formats.read_each(table.file, table.format):
        if isinstance(cells, Faulty):
            yield Parsed(place, {}, [errors.Invalid(cells.detail)], cells.cells)
        elif known.issuperset(cells):
            yield _parse_row(place, cells, columns)
        elif unknown := _unknown(table.kind, cells):
            if not known:
                raise unknown
            yield Parsed(place, {}, [unknown], cells)
        else:
            known |= set(cells)
            yield _parse_row(place, cells, columns)


def _unknown(kind: Kind, names: Collection[str]) -> errors.UnknownField | None:
    unknown = [f"“{shorten(name)}”" for name in names if name not in kind.names]
    if not unknown:
        return None
    if others := [other.name for other in KINDS.values() if set(names) <= set(other.names)]:
        meant = " or ".join(others)
        return errors.UnknownField(
            f"These are columns of {meant}, not of {kind.name}: say that the rows are {meant}.", field="kind"
        )
    there_is_none = "There is no column" if len(unknown) == 1 else "There are no columns"
    return errors.UnknownField(f"{there_is_none} {', '.join(unknown)} of {kind.name}. Known: {', '.join(kind.names)}.")


def _parse_row(place: int, cells: Mapping[str, Any], columns: Mapping[str, Column]) -> Parsed:
    values: dict[str, Any] = {}
    broken: list[errors.IpamError] = []
    for name, cell in cells.items():
        try:
            value = columns[name].read(cell)
        except ValueError as error:
            broken.append(errors.Invalid(f"{name}: {error}", field=name))
            continue
        if value is not table_cells.NOTHING:
            values[name] = value
    return Parsed(place, values, broken, cells)


def _one_by_one(kind: Kind, rows: Iterable[Parsed]) -> Iterator[Outcome]:
    """Children need their parents, so rows without a parent come first."""
    waiting = []
    for row in rows:
        if row.values.get("parent"):
            waiting.append(row)
        else:
            yield _bring(kind, row)
    for row in waiting:
        yield _bring(kind, row)


def _bring(kind: Kind, row: Parsed) -> Outcome:
    try:
        errors.raise_all(row.broken)
        found = kind.find(row.values)
        if found is None:
            made = _create(kind, row.values)
            return Outcome(row.place, row.key or str(made.pk), NEW)
        return _update(kind, found, row)
    except (Unreadable, errors.Busy):
        raise
    except errors.IpamError as error:
        return Outcome(row.place, row.key, REFUSED, reasons=tuple(error.errors))


@operation
def _create(kind: Kind, values: Mapping[str, Any]) -> Any:
    """Make the object; refused if it would not be as the row says, for a row that is half true is not true."""
    made = kind.create(values)
    said = {name: one for name, one in values.items() if one not in ("", None, [], {})}
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


def _update(kind: Kind, found: Any, row: Parsed) -> Outcome:
    differing = differences(kind, found, row.values)
    if not differing:
        return Outcome(row.place, row.key, UNCHANGED)
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
    return Outcome(row.place, row.key, CHANGED, changes=differing)
