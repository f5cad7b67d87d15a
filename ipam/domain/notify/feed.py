"""Events in an order in which nothing arrives late: whoever has read up to a position has missed nothing before it.

By id or time an event may become visible after a later one that was read, because its transaction took longer. On
PostgreSQL the order is by transaction, then id, and is read as far as every transaction before has ended: one that
writes for long delays what comes after it. SQLite writes one after the other: there it is the id.
"""

import base64
import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max, Q

from ipam import errors
from ipam.domain.core import access
from ipam.domain.core.paging import beyond
from ipam.models import Event, FeedState
from ipam.models.events import EventQuerySet
from ipam.models.feed import Position

# The oldest transaction that may still write events: `pg_snapshot_xmin`, but for those known to be of other databases
# of the cluster, which may take hours and never write here. And the next one that will begin.
_ENDS = """
SELECT least(pg_current_xact_id_if_assigned()::text::bigint, coalesce(
  (SELECT min(xid::text::bigint) FROM pg_snapshot_xip(now) AS xid WHERE xid::xid NOT IN (
    SELECT backend_xid FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND datname <> current_database())),
  pg_snapshot_xmax(now)::text::bigint)), pg_snapshot_xmax(now)::text::bigint
FROM pg_current_snapshot() AS now
"""
_CURSOR = re.compile(r"(\d{1,9})\.(\d{1,18})\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Page:
    """Events, oldest first; where to read on, and whether there was more to read at once."""

    events: list[Event]
    next: Position
    more: bool


def now() -> Position:
    """The end of the feed: everything before it is there to be read, and nothing will come to be before it."""
    return _ends()[0]


def last() -> Position:
    """The last event that can be read; one look at an index."""
    if connection.vendor != "postgresql":
        return now()
    found = Event.objects.filter(xid__lt=now().xid).order_by("-xid", "-pk").values_list("xid", "pk").first()
    return Position(*found) if found else Position()


def start() -> Position:
    """Before the first event: the last that was pruned."""
    return _state().pruned


def read(after: Position, *, limit: int, events: EventQuerySet | None = None) -> Page:
    """The first `limit` events after a position, of these: by default of all that lists tell and the caller may see.

    `next` is beyond what the filters of `events` leave out as well, so that nobody looks at that again.
    """
    end = now()  # before the rows: whatever is before it has been decided when they are read
    asked = access.visible(Event.objects.told()) if events is None else events
    order = ("xid", "id") if connection.vendor == "postgresql" else ("id",)
    until = Q(xid__lt=end.xid) if connection.vendor == "postgresql" else Q(id__lte=end.id)
    place = [(name, getattr(after, name)) for name in order]
    found = list(asked.filter(beyond(place), until).order_by(*order)[: limit + 1])
    if len(found) > limit:
        return Page(found[:limit], found[limit - 1].position, True)
    return Page(found, max(after, end), False)


def cursor_of(position: Position) -> str:
    """A position as an opaque text for somebody else to keep."""
    text = f"{_state().era}.{position.xid}.{position.id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_at(cursor: str) -> Position:
    """The position that a text of `cursor_of` says.

    Invalid at `after` for any other text. CursorExpired when something after it has been pruned, or when events have
    come to another cluster or were put back to an earlier state since: nobody could say what was missed.
    """
    try:
        found = _CURSOR.fullmatch(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode())
    except ValueError:  # other characters, half a byte
        found = None
    if found is None:
        raise errors.Invalid("after is now, start, or the cursor of an answer before.", field="after")
    era, xid, key = map(int, found.groups())
    position, state = Position(xid, key), _state()
    if era != state.era or not state.pruned <= position <= _ends()[1]:
        raise errors.CursorExpired(
            "Events after this cursor are no longer kept. Read what you follow anew, then go on with after=now; "
            "or read all events that are kept with after=start."
        )
    return position


def _state() -> FeedState:
    return FeedState.objects.first() or FeedState()


def _ends() -> tuple[Position, Position]:
    """The end of what can be read, and the end of what may have been written."""
    if connection.vendor != "postgresql":
        last = Position(0, Event.objects.aggregate(last=Max("pk"))["last"] or 0)
        return last, last
    with connection.cursor() as cursor:
        cursor.execute(_ENDS)
        decided, begun = cursor.fetchone()
    return Position(decided), Position(begun)
