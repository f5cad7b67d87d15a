"""What became of one row of a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ipam import errors
from ipam.domain.table_cells import plain
from ipam.domain.tables import Kind

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
Changes = Mapping[str, tuple[Any, Any]]  # column → before and after


@dataclass(frozen=True)
class Parsed:
    """A row as values, and what is wrong with its cells."""

    place: int
    values: Mapping[str, Any]
    broken: list[errors.IpamError]

    @property
    def key(self) -> str:
        """What people call it: its id, address or prefix."""
        for name in ("ip", "prefix", "id", "name"):
            if self.values.get(name):
                return str(self.values[name])
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
