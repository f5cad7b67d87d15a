"""What rows refer to and is not there: told once, with all rows that go with it."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass, field

from ipam import errors
from ipam.addressing import MAX_NAMED, shorten, some
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
_REMEDY = "Check the id, or bring it in first."


class Shared(ABC):
    """A reason that many rows may have: what is alike is told once, with these rows."""

    alike: Hashable  # what such reasons have in common

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
        if len(self.names) < MAX_NAMED:
            self.names.append(name)

    def __str__(self) -> str:
        return some(self.names, count=self.count)


class MissingReference(Shared, errors.NotFound):
    """A row refers to what is not there."""

    def __init__(self, kind: str, key: object, *, field: str) -> None:
        self.alike = self._what = f"{kind} “{shorten(key)}”"
        super().__init__(f"There is no {self._what}. {_REMEDY}", field=field)

    def together(self, kind: str, rows: Rows) -> errors.IpamError:
        return errors.NotFound(f"There is no {self._what}, named by {rows.count:,} of the {kind}: {rows}. {_REMEDY}")


class RefusedReference(Shared, errors.NotFound):
    """A row refers to what was to be made by another row, which was refused; or comes in without it."""

    def __init__(self, kind: str, key: object, *, field: str, at: str, is_left_out: bool = False) -> None:
        self._what = f"{kind[0].upper()}{kind[1:]} “{shorten(key)}”"
        self._then = "and left out of" if is_left_out else "and with it"
        self.alike = self._what, is_left_out
        super().__init__(f"{self._what} was refused ({at}){', and left out' if is_left_out else ''}.", field=field)

    def together(self, kind: str, rows: Rows) -> errors.IpamError:
        return errors.NotFound(f"{self._what} was refused, {self._then} {rows.count:,} of the {kind}: {rows}.")


class References:
    """Which objects were refused, so that what refers to them can say so."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str], str] = {}  # kind and id → where the row is

    def note(self, outcome: Outcome) -> None:
        """Remember an object that rows may refer to and that was refused."""
        if outcome.state == REFUSED and outcome.kind in _REFERENCES.values():
            self._refused[outcome.kind, outcome.key] = outcome.at if outcome.name else f"row {outcome.at}"

    def left_out(self, column: str, key: object) -> list[errors.IpamError]:
        """What there is to say when a row comes in without what its column refers to: that it was refused, if so."""
        kind = _REFERENCES[column]
        at = self._refused.get((kind, str(key)))
        return [RefusedReference(kind, key, field=column, at=at, is_left_out=True)] if at is not None else []

    def missing(self, column: str, key: object) -> errors.IpamError:
        """The reason of a row whose column refers to what is not there."""
        kind = _REFERENCES[column]
        at = self._refused.get((kind, str(key)))
        if at is None:
            return MissingReference(kind, key, field=column)
        return RefusedReference(kind, key, field=column, at=at)

    def explained(self, error: errors.IpamError) -> errors.IpamError:
        """An error about a reference that leads nowhere, as one that rows share; any other as it is."""
        if isinstance(error, errors.NotFound) and error.key is not None and error.field in _REFERENCES:
            return self.missing(error.field, error.key)
        return error
