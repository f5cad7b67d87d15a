"""Tables: files of rows of one kind, whose cells become values."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import UUID

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import lookups
from ipam.domain.files import cells as table_cells
from ipam.domain.files import formats
from ipam.domain.files.columns import MANAGED_BY, PROJECT, Column, Kind
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.files.raw_rows import Faulty
from ipam.models import Project
from ipam.wording import count_of

WHY_REFUSED = "refused because"  # a column of what comes back to be mended; it says nothing when it is imported again


@dataclass(frozen=True)
class Table:
    """A file of rows of one kind."""

    kind: Kind
    file: BinaryIO
    format: str
    _owned: Counter[str] = field(default_factory=Counter, init=False)  # how many rows say by which system
    _projects: dict[str, UUID | errors.IpamError] = field(default_factory=dict, init=False)  # by the name that rows say

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
        for place, cells in formats.read_each(self.file, self.format):
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
            except errors.IpamError as refusal:
                broken.append(refusal)
                continue
            except ValueError as error:
                broken.append(errors.Invalid(f"{name}: {error}", field=name))
                continue
            if value is not table_cells.NOTHING:
                values[name] = value
        return ParsedRow(place, values, broken, cells)

    def _project(self, cell: object) -> UUID | None:
        """The id of a project, which a row may call by its name; each name is looked up once."""
        name = cell.strip() if isinstance(cell, str) else ""
        if not name or lookups.is_id(Project, name):
            return table_cells.uuid(cell)
        if name not in self._projects:
            try:
                self._projects[name] = lookups.named(Project, name, field=PROJECT.name).pk
            except errors.IpamError as refusal:
                self._projects[name] = refusal
        found = self._projects[name]
        if isinstance(found, errors.IpamError):
            raise found
        return found


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
