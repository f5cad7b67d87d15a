"""What became of one row of a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.files.cells import plain
from ipam.domain.files.kinds import Kind

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
Changes = Mapping[str, tuple[Any, Any]]  # column → before and after


@dataclass(frozen=True)
class Parsed:
    """A row as values, what is wrong with its cells, and the cells."""

    place: int
    values: Mapping[str, Any]
    broken: list[errors.IpamError]
    cells: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What people call it: its address, prefix or id, as it is written where it cannot be read."""
        for name in ("ip", "prefix", "id", "name"):
            if value := self.values.get(name):
                return str(value)
            if self.broken and self.cells.get(name):
                return shorten(self.cells[name])
        return ""


@dataclass(frozen=True)
class Outcome:
    """`new`, `changed` with the values before and after, `unchanged`, or `refused` with every reason."""

    place: int
    key: str
    state: str
    changes: Changes = field(default_factory=dict)
    reasons: tuple[errors.IpamError, ...] = ()


def differences(kind: Kind, found: Any, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The columns in which an object is not as a row says, as plain values: what it has, what the row says."""
    differing = {}
    for column in kind.columns:
        if column.name in values:
            have, wanted = plain(column.of(found)), plain(values[column.name])
            if have != wanted:
                differing[column.name] = have, wanted
    return differing
