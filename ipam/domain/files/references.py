"""What rows refer to and is not there: told once, with all rows that go with it."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass, field

from ipam import errors
from ipam.addressing import MOST_NAMED, shorten, some
from ipam.domain.files.outcomes import REFUSED, Outcome

# Columns that refer, and the word for what they refer to.
_REFERENCES = {
    "partition": "partition",
    "project": "project",
    "parent": "network",
    "network": "network",
    "networks": "network",
    "machine": "machine",
}


class Shared(ABC):
    """A reason that many rows may have: what is alike is told once, with these rows."""

    @property
    @abstractmethod
    def alike(self) -> Hashable:
        """What such reasons have in common."""

    @abstractmethod
    def together(self, kind: str, rows: "Rows") -> errors.IpamError:
        """The sentence about all rows of a kind that have this reason."""


@dataclass
class Rows:
    """How many rows there are, and the names of the first."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count a row, and keep its name while few are kept."""
        self.count += 1
        if len(self.names) < MOST_NAMED:
            self.names.append(name)

    def __str__(self) -> str:
        return some(self.names, count=self.count)


class MissingReference(Shared, errors.NotFound):
    """A row refers to what is not there; `was_refused` says that another row would have made it.

    With `is_left_out` the row comes in without it.
    """

    def __init__(self, kind: str, key: str, *, field: str, was_refused: bool, is_left_out: bool = False) -> None:
        self.kind, self.key, self.was_refused, self.is_left_out = kind, key, was_refused, is_left_out
        what = f"{kind} “{shorten(key)}”"
        self._what = what[0].upper() + what[1:] if was_refused else what
        then = ", and left out here" if is_left_out else ""
        missing = f"There is no {what}. Check the id, or bring it in first."
        super().__init__(f"{self._what} was refused{then}." if was_refused else missing, field=field)

    @property
    def alike(self) -> Hashable:
        return self.kind, self.key, self.is_left_out

    def together(self, kind: str, rows: Rows) -> errors.IpamError:
        who = f"{rows.count:,} of the {kind}"
        if self.is_left_out:
            return errors.NotFound(f"{self._what} was refused, and left out of {who}: {rows}.")
        if self.was_refused:
            return errors.NotFound(f"{self._what} was refused, and with it {who}: {rows}.")
        return errors.NotFound(f"There is no {self._what}, named by {who}: {rows}. Check the id, or bring it in first.")


class References:
    """Which objects were refused, so that what refers to them can say so."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, str]] = set()

    def note(self, outcome: Outcome) -> None:
        """Remember an object that rows may refer to and that was refused."""
        if outcome.state == REFUSED and outcome.kind in _REFERENCES.values():
            self._refused.add((outcome.kind, outcome.key))

    def was_refused(self, kind: str, key: object) -> bool:
        """Whether a row would have made this."""
        return (kind, str(key)) in self._refused

    def missing(self, column: str, key: object) -> MissingReference:
        """The reason of a row whose column refers to what is not there."""
        kind = _REFERENCES[column]
        return MissingReference(kind, str(key), field=column, was_refused=self.was_refused(kind, key))

    def explained(self, error: errors.IpamError) -> errors.IpamError:
        """An error about a reference that leads nowhere, as one that rows share; any other as it is."""
        if isinstance(error, errors.NotFound) and error.key is not None and error.field in _REFERENCES:
            return self.missing(error.field, error.key)
        return error
