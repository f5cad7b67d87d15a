"""Events of a list that follow each other and are alike, as one row."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.urls import reverse

from ipam.models import Event

_NAMED = 3  # of the events of a row
Row = tuple[Event, str]


@dataclass(frozen=True)
class Group:
    """What the same one did to things of one kind, or alerts of one rule: each event with the page that it leads to."""

    rows: list[Row]

    @property
    def event(self) -> Event:
        return self.rows[0][0]

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def link(self) -> str:
        return self.rows[0][1]

    @property
    def named(self) -> list[Row]:
        return self.rows[:_NAMED]

    @property
    def others(self) -> int:
        """How many are not named."""
        return self.count - len(self.named)

    @property
    def all(self) -> str:
        """The page that lists them, and those before."""
        event = self.event
        return f"{reverse('activity')}?{urlencode({'kind': event.kind, 'verb': event.verb, 'actor': event.actor})}"


def grouped(rows: Iterable[Row]) -> list[Group]:
    """These events, newest first, as few rows."""
    alike = groupby(rows, key=lambda row: (row[0].kind, row[0].verb, row[0].actor, vars(row[0]).get("rule_name")))
    return [Group(list(group)) for _, group in alike]
