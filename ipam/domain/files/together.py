"""New objects of many rows, made together in a number of statements that does not grow with them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from django.db.models import Model

from ipam import errors
from ipam.domain.files.known import Known

N = TypeVar("N")
Rows = Mapping[int, Mapping[str, Any]]  # values by place


class Batch(Protocol):
    """What judges new objects one by one in memory, and then makes them together."""

    def add(self, new: Any, accept: Callable[[Any], object]) -> Any:
        """The object as it will be; None when something is in its way, or `accept` refuses it."""

    def store(self) -> None:
        """Make what was added: all of it, or an error and nothing."""


class Together:
    """A batch of what rows say, by their places. What it does not take is made, or refused, one by one."""

    def __init__(self, new: Mapping[int, N], batch: Callable[[Sequence[N]], Batch]) -> None:
        self._new, self._batch = new, batch(list(new.values()))

    def add(self, place: int, accept: Callable[[Any], object]) -> Any:
        """The object of the row at this place, as it will be; None when it is to be made by itself."""
        return self._batch.add(self._new[place], accept) if place in self._new else None

    def store(self) -> None:
        """Make what was added: all of it, or an error and nothing."""
        self._batch.store()


def read_all(
    read: Callable[[Mapping[str, Any], Known], N], rows: Rows, known: Known, references: Mapping[str, type[Model]]
) -> dict[int, N]:
    """What rows say, by their places, of which all is there that their `references` name by id."""
    keys = {
        place: [(model, key) for name, model in references.items() for key in _keys(row.get(name))]
        for place, row in rows.items()
    }
    there = {
        (model, key)
        for model in set(references.values())
        for key in known.get_many(model, [key for named in keys.values() for of, key in named if of is model])
    }
    found = {}
    for place, row in rows.items():
        with suppress(errors.IpamError):
            if there.issuperset(keys[place]):
                found[place] = read(row, known)
    return found


def _keys(value: Any) -> Iterator[Any]:
    """The ids that a cell holds: one, several or none."""
    yield from (one for one in (value if isinstance(value, list) else [value]) if one)
