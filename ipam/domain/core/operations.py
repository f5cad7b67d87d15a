"""How an operation runs: one transaction, retried when the database asks for it, refused in words.

Every public verb of the domain is an `@operation`. Inside, the order is: lock, check, write.
"""

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from ipam import errors
from ipam.domain.core import counters, owed
from ipam.domain.core.constraints import BUSY, constraints_in_words, lasting

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_MAX_ATTEMPTS = 6
_SERIALIZATION_FAILURE, _DEADLOCK = "40001", "40P01"  # SQLSTATE, PostgreSQL manual, appendix A
_BEGIN_SNAPSHOT = {"postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "sqlite": "BEGIN"}

_depth: ContextVar[int] = ContextVar("depth", default=0)

# Whether this transaction waits for others in the order that all keep, instead of passing over what they hold.
_waits_for_locks: ContextVar[bool] = ContextVar("waits_for_locks", default=False)

# Whether nobody goes on after a refusal of an operation that is in no other.
_is_undone_together: ContextVar[bool] = ContextVar("is_undone_together", default=False)

# Whether nothing of this will be kept, whatever becomes of it.
_is_dry_run: ContextVar[bool] = ContextVar("is_dry_run", default=False)


def operation(function: Callable[P, R]) -> Callable[P, R]:
    """A verb of the domain: `transacted`, and alone in answering for all that happens inside (`is_nested`)."""
    return answering()(transacted(function))


@contextmanager
def answering() -> Iterator[None]:
    """What an operation does: it counts its refusal, unless another one answers for that."""
    with _set(_depth, _depth.get() + 1):
        try:
            yield
        except errors.IpamError as refusal:
            if not (is_nested() or _is_dry_run.get() or _will_be_tried_again(refusal)):
                counters.refused(refusal.code)
            raise


def transacted(function: Callable[P, R]) -> Callable[P, R]:
    """Run `function` in a transaction of its own: all of it happens, or nothing.

    A deadlock, a serialization failure or `Busy` is retried up to 5 times with jitter, waiting for locks. Inside
    another transaction (a dry run, an import) it is a savepoint, and the outer one decides about retries.
    Where a further try could say no more about a broken constraint, what the constraint says is raised.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(_MAX_ATTEMPTS):
            refusal: errors.IpamError = errors.Busy(BUSY)
            try:
                with _set(_waits_for_locks, attempt > 0 or waits_for_locks()), constraints_in_words(), atomic():
                    return function(*args, **kwargs)
            except errors.Busy as busy:
                if connection.in_atomic_block:
                    raise
                refusal = lasting(busy)
            except OperationalError as error:
                if not connection.in_atomic_block and _is_lock_timeout(error):
                    break
                if connection.in_atomic_block or not is_transient(error):
                    raise
            time.sleep(random.uniform(0.2, 1) * 0.01 * 2**attempt)  # noqa: S311  jitter, no secret
        if not _depth.get():  # the transaction of a whole request: no operation is around it to count this
            counters.refused(refusal.code)
        raise refusal

    return run


def undone_together(is_so: bool = True) -> AbstractContextManager[None]:
    """A refusal of an operation directly inside undoes all that is around it, so that it needs no savepoint; or not."""
    return _set(_is_undone_together, is_so)


@contextmanager
def dry_run() -> Iterator[None]:
    """Everything inside happens, its results can be read, and nothing is kept: a dry run."""
    with _set(_is_dry_run, True), _set(_waits_for_locks, True), transaction.atomic():  # once, so it must not lose
        yield
        transaction.set_rollback(True)


@contextmanager
def without_waiting() -> Iterator[None]:
    """On SQLite a statement inside fails at once, instead of waiting for the one writer that there can be."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        (milliseconds,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")


@contextmanager
def snapshot() -> Iterator[None]:
    """Read everything as it was at one moment, without holding writers up."""
    if connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN_SNAPSHOT[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def waits_for_locks() -> bool:
    """Whether this transaction is a further try, or the only one: it waits where a first try would start again."""
    return _waits_for_locks.get()


def depth() -> int:
    """How many operations are under way, one inside another."""
    return _depth.get()


def is_nested() -> bool:
    """Whether the operation that runs is part of another, which answers for it."""
    return depth() > 1


@contextmanager
def _set(variable: ContextVar[T], value: T) -> Iterator[None]:
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def atomic() -> AbstractContextManager[None]:
    """A transaction; inside of one a savepoint, where somebody around may go on after a refusal."""
    return owed.undone_with(transaction.atomic(savepoint=not _is_undone_together.get() or _depth.get() != 1))


def _will_be_tried_again(refusal: errors.IpamError) -> bool:
    """Whether the transaction around decides about a further try, instead of the operation inside it."""
    return isinstance(refusal, errors.Busy) and connection.in_atomic_block


def is_transient(error: OperationalError) -> bool:
    """Whether the same transaction may well succeed when it is run again."""
    return getattr(error.__cause__, "sqlstate", None) in (_SERIALIZATION_FAILURE, _DEADLOCK)


def _is_lock_timeout(error: OperationalError) -> bool:
    """Whether SQLite's one writer did not finish within the timeout of the connection."""
    return getattr(error.__cause__, "sqlite_errorname", "").startswith("SQLITE_BUSY")
