"""What operations leave to the one around them, to be settled together, once and last: numbers by what they are of.

So no row that many want is held until then. What an operation has left goes with it when it is refused, as its rows do.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

Numbers = Mapping[Any, int]

# Never changed, but replaced: what it was is put back where a savepoint is.
_owed: ContextVar[Numbers | None] = ContextVar("owed", default=None)


@contextmanager
def settled_at_end(settle: Callable[[Numbers], object]) -> Iterator[None]:
    """What is owed inside is settled when all of that has been done; for an operation, in its transaction."""
    before = _owed.set({})
    try:
        yield
        owed = so_far()
    finally:
        _owed.reset(before)
    settle(owed)


def is_gathered() -> bool:
    """Whether an operation around this one settles."""
    return _owed.get() is not None


def so_far() -> Numbers:
    """What this transaction owes by now."""
    return _owed.get() or {}


def owe(numbers: Mapping[Hashable, int]) -> None:
    """Leave these numbers, which may be negative, to be added to what is owed."""
    owed = so_far()
    _owed.set({**owed, **{key: owed.get(key, 0) + number for key, number in numbers.items()}})


@contextmanager
def undone_with(savepoint: AbstractContextManager[None]) -> Iterator[None]:
    """What is owed inside is as little owed as its rows are there, where the savepoint is undone."""
    before = _owed.get()
    try:
        with savepoint:
            yield
    except BaseException:
        _owed.set(before)
        raise
