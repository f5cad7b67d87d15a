"""The usual case of an operation by one statement, which needs no transaction around it."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection

from ipam.domain.core.constraints import constraints_in_words
from ipam.domain.core.operations import answering, atomic, depth, is_transient, waits_for_locks

P = ParamSpec("P")
R = TypeVar("R")

_ON = frozenset({"postgresql"})


def at_once(function: Callable[P, R | None]) -> Callable[P, R | None]:
    """The usual case of an operation, where one statement of PostgreSQL writes all: that is a transaction by itself.

    None, and nothing has happened, says that the operation has to do it: of what is unusual, of what others hold or
    have changed meanwhile, inside other operations, and where it has to wait.
    """

    @functools.wraps(function)
    def act(*args: P.args, **kwargs: P.kwargs) -> R | None:
        if connection.vendor not in _ON or depth() or waits_for_locks():
            return None
        with answering():
            if connection.in_atomic_block:
                with constraints_in_words(), atomic():
                    return function(*args, **kwargs)
            try:
                return function(*args, **kwargs)
            except IntegrityError:
                return None
            except OperationalError as error:
                if is_transient(error):
                    return None
                raise

    return act
