"""What has to be true of all that is stored: each room says it of its own rows, and the doctor asks every room."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q


@dataclass(frozen=True)
class Remedy:
    """Something that can be derived anew from other rows."""

    title: str
    apply: Callable[[], None]


@dataclass(frozen=True)
class Finding:
    """A sentence that says what is wrong; without remedy a person has to decide."""

    sentence: str
    remedy: Remedy | None = None


Check = Callable[[], Iterator[Finding]]
_registered: list[Check] = []


def check(function: Check) -> Check:
    """Decorates what reads rows and yields findings; it writes nothing and trusts no operation."""
    _registered.append(function)
    return function


def run_all() -> Iterator[Finding]:
    """All findings of all rooms that the app has loaded (`ipam.apps`)."""
    for one in _registered:
        yield from one()


def same(column: str, other: str) -> Q:
    """Both columns are equal, or both are none."""
    nothing: dict[str, Any] = {f"{column}__isnull": True, f"{other}__isnull": True}
    return Q(**nothing) | Q(**{column: F(other)})
