"""Tables: files of rows of one kind, whose cells become values."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, BinaryIO
from uuid import UUID

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import bulk_insert, lookups
from ipam.domain.files import cells as table_cells
from ipam.domain.files import formats
from ipam.domain.files.columns import MANAGED_BY, PROJECT, Column, Kind
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.files.raw_rows import Faulty, Row
from ipam.models import Project
from ipam.wording import count_of

_AT_ONCE = 1_000  # rows whose projects are looked up together
Placed = tuple[int, Row | Faulty]

WHY_REFUSED = "refused because"  # a column of what comes back to be mended; it says nothing when it is imported again


@dataclass(frozen=True)
class Table:
    """A file of rows of one kind."""

    kind: Kind
    file: BinaryIO
    format: str
    _owned: Counter[str] = field(default_factory=Counter, init=False)  # how many rows say by which system
    _projects: dict[str, UUID | str] = field(default_factory=dict, init=False)  # or why none is meant, by name

    def sections(self) -> Iterable[tuple[Kind, Iterator[ParsedRow]]]:
        """Its rows as values.

        What is wrong with a row stays with it; columns that are wrong from the first on are raised as UnknownField.
        """
        self._owned.clear()
        self._projects.clear()
        yield self.kind, self._rows()

    def not_kept(self) -> list[str]:
        """Who owned what."""
        count = self._owned.total()
        rows = count_of(count, "row")
        return [f"managed_by of {rows}: who owns an object follows from who makes it"] if count else []

    def _rows(self) -> Iterator[ParsedRow]:
        columns = {column.name: column for column in self.kind.columns}
        known: set[str] = set()
        for place, cells in chain.from_iterable(map(self._with_projects, self._batches())):
            if isinstance(cells, Faulty):
                yield ParsedRow(place, {}, [errors.Invalid(cells.detail)], cells.cells)
                continue
            self._owned.update(filter(None, [cells.get(MANAGED_BY.name)]))
            cells.pop(WHY_REFUSED, None)
            if known.issuperset(cells):
                yield self._parse_row(place, cells, columns)
            elif unknown := _unknown(self.kind, cells):
                if not known:
                    raise unknown
                yield ParsedRow(place, {}, [unknown], cells)
            else:
                known |= set(cells)
                yield self._parse_row(place, cells, columns)

    def _parse_row(self, place: int, cells: Mapping[str, Any], columns: Mapping[str, Column]) -> ParsedRow:
        values: dict[str, Any] = {}
        broken: list[errors.IpamError] = []
        for name, cell in cells.items():
            try:
                value = self._project(cell) if columns[name] is PROJECT else columns[name].read(cell)
            except ValueError as error:
                broken.append(errors.Invalid(f"{name}: {error}", field=name))
                continue
            if value is not table_cells.NOTHING:
                values[name] = value
        return ParsedRow(place, values, broken, cells)

    def _batches(self) -> Iterable[list[Placed]]:
        return bulk_insert.batches(formats.read_each(self.file, self.format), _AT_ONCE)

    def _with_projects(self, rows: list[Placed]) -> list[Placed]:
        """The same rows, now that the projects are known which they call by name: two statements for all of them, and
        a few for each name that several have.
        """
        said = {_name(cells.get(PROJECT.name)) for _, cells in rows if not isinstance(cells, Faulty)}
        new = said - self._projects.keys() - {""}
        self._projects.update((name, _meant(name, keys)) for name, keys in lookups.keys_called(Project, new).items())
        return rows

    def _project(self, cell: object) -> UUID | None:
        """The id of a project, which a row may call by its name."""
        found = self._projects[name] if (name := _name(cell)) else table_cells.uuid(cell)
        if isinstance(found, str):
            raise ValueError(found)
        return found


def _meant(name: str, keys: Sequence[UUID]) -> UUID | str:
    """The project that a name means, or why it means none."""
    try:
        found: UUID = lookups.key_of(Project, name, keys)
    except ValueError as why:
        return str(why)
    return found


def _name(cell: object) -> str:
    """The name that stands in a cell for a project; empty for an id, and for what is neither."""
    text = cell.strip() if isinstance(cell, str) else ""
    return "" if "\0" in text or lookups.is_id(Project, text) else text


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
