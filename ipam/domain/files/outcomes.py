"""Rows on their way in, and what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.files.cells import plain
from ipam.domain.files.columns import Kind

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"
Changes = Mapping[str, tuple[Any, Any]]  # column → before and after
_MAX_SHOWN = 120  # characters of a value


class Existing(Enum):
    """What a row means for an object that is there already: it becomes as the row says, has to be so, or stays."""

    CHANGE, COMPARE, LEAVE = range(3)


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A row as values, what is wrong with its cells, and the cells.

    `place` is its place among all rows, 0 for what is wrong with a file as a whole. `name` is what its file calls it,
    such as `networks[2] “internet”`; rows of tables go by their place. `left_out` is what of it could not be kept,
    though the row comes in.
    """

    place: int
    values: Mapping[str, Any]
    broken: Sequence[errors.IpamError] = ()
    cells: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    existing: Existing = Existing.CHANGE
    left_out: Sequence[errors.IpamError] = ()

    @property
    def key(self) -> str:
        """What people call it: its address, prefix or id, as it is written where it cannot be read."""
        for name in ("ip", "prefix", "id", "name"):
            if value := self.values.get(name):
                return str(value)
            if self.broken and self.cells.get(name):
                return shorten(self.cells[name])
        return ""

    def outcome(self, kind: str, state: str, *, key: str = "", changes: Changes | None = None) -> "Outcome":
        """What became of it, unless it was refused."""
        return Outcome(
            self.place, key or self.key, state, changes or {}, tuple(self.left_out), kind=kind, name=self.name
        )

    def refused(self, kind: str, reasons: Sequence[errors.IpamError]) -> "Outcome":
        """It was refused for all of these reasons."""
        return Outcome(self.place, self.key, REFUSED, reasons=tuple(reasons), kind=kind, name=self.name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`new`, `changed` with the values before and after, `unchanged`, or `refused` with every reason.

    Reasons of a row that is not refused say what of it was left out. `kind` is the word for one such object, empty for
    a row of no kind that we know.
    """

    place: int
    key: str
    state: str
    changes: Changes = field(default_factory=dict)
    reasons: tuple[errors.IpamError, ...] = ()
    kind: str = ""
    name: str = ""

    @property
    def at(self) -> str:
        """Where people find the row in its file."""
        return self.name.partition(" “")[0] or (str(self.place) if self.place else "")

    def named(self, error: errors.IpamError) -> errors.IpamError:
        """A reason with the row that it is about."""
        name = self.name or (f"Row {self.place}" if self.place else "")
        return type(error)(f"{name}: {error.detail}", field=error.field) if name else error


def differences(kind: Kind, found: Any, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The columns in which an object is not as a row says, as plain values: what it has, what the row says.

    The order of a list, be it of CIDRs or of networks, says nothing.
    """
    differing = {}
    for column in kind.columns:
        if column.name in values:
            have, wanted = plain(column.of(found)), plain(values[column.name])
            if have != wanted and not (_is_list(have, wanted) and sorted(have) == sorted(wanted)):
                differing[column.name] = have, wanted
    return differing


def refuse_other(differing: Changes) -> None:
    """AlreadyExists, which tells every value from both sides, when what is there is not as a row says."""
    told = [f"{name} is {_shown(have)} here and {_shown(said)} there" for name, (have, said) in differing.items()]
    if told:
        raise errors.AlreadyExists(
            f"it exists with other values: {', '.join(told)}. Change it here or in the document, so that both agree."
        )


def _is_list(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values)


def _shown(value: Any) -> str:
    """A plain value as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        value = [f"{key}={one}" for key, one in value.items()]
    if isinstance(value, list):
        return shorten(", ".join(map(str, value)), _MAX_SHOWN) or "none"
    return shorten(value, _MAX_SHOWN) if value not in (None, "") else "none"
