"""Calls of metal-stack's protocols that are several operations of ours."""

from collections.abc import Callable
from typing import TypeVar

from ipam.domain.core.operations import transacted, undone_together

R = TypeVar("R")


def in_one_transaction(do: Callable[[], R]) -> R:
    """All that `do` does by several operations happens, or nothing; each tells the history for itself."""
    with undone_together():
        return transacted(do)()
