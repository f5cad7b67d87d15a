"""What another system owns, and Twofold only shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import models

from ipam.models.base import Described

METAL_STACK = "metal-stack"
MANAGER_LENGTH = 16

_manager: ContextVar[str] = ContextVar("manager", default="")


@contextmanager
def made_for(manager: str) -> Iterator[None]:
    """What is made inside is managed by that system from the start."""
    before = _manager.set(manager)
    try:
        yield
    finally:
        _manager.reset(before)


def manager_of_new() -> str:
    """Who manages an object that is made now; empty: Twofold does."""
    return _manager.get()


class Managed(Described):
    """A described record that a mirror may own: then it is changed there, and only read here (rule 49d)."""

    managed_by = models.CharField(
        max_length=MANAGER_LENGTH,
        blank=True,
        default=manager_of_new,
        db_default="",
        editable=False,
        help_text="the system that owns it, such as metal-stack; empty: Twofold",
    )

    class Meta:
        abstract = True
