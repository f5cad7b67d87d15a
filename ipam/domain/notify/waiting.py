"""Requests that wait for events: a few in each process. They hold no connection, and look once a second together."""

import threading
import time

from django.conf import settings
from django.db import connection

from ipam.domain.notify import feed
from ipam.domain.notify.feed import Page
from ipam.models.events import EventQuerySet
from ipam.models.feed import Position

_EVERY = 1.0  # seconds between two looks


class _Lookout:
    """How many wait, and what the last look has seen; all of it under `turn`."""

    turn = threading.Condition()
    waiting = 0
    last = Position()
    looked_at = -_EVERY  # monotonic seconds
    is_closing = False


def read(after: Position, *, limit: int, events: EventQuerySet, seconds: float) -> Page:
    """What `feed.read` gives, as soon as that is something, at the latest after `seconds`.

    At once where EVENT_WAITERS wait already, after half of REQUEST_SECONDS, and when the process comes to its end.
    """
    page = feed.read(after, limit=limit, events=events)
    if page.events or not seconds or not _take_place():
        return page
    try:
        until = time.monotonic() + min(seconds, settings.REQUEST_SECONDS / 2 or seconds)
        while not page.events and _moves_beyond(page.next, until):
            page = feed.read(page.next, limit=limit, events=events)
        return page
    finally:
        with _Lookout.turn:
            _Lookout.waiting -= 1


def end() -> None:
    """Let nobody wait any longer, from within a second on: the process comes to its end."""
    _Lookout.is_closing = True  # without the lock: a signal may come at any moment


def _take_place() -> bool:
    with _Lookout.turn:
        if _Lookout.waiting >= settings.EVENT_WAITERS:
            return False
        _Lookout.waiting += 1
        return True


def _moves_beyond(position: Position, until: float) -> bool:
    """Wait for an event after this position: whether there is one before the moment `until`."""
    _let_go()
    while not _Lookout.is_closing and (left := until - time.monotonic()) > 0:
        if _is_to_look(position, left):
            _look()
        if _Lookout.last > position:
            return True
    return False


def _is_to_look(position: Position, left: float) -> bool:
    """Whether the caller is the one who looks; else it has waited for that, at most `left` seconds."""
    with _Lookout.turn:
        next_look = _Lookout.looked_at + _EVERY - time.monotonic()
        if next_look <= 0:
            _Lookout.looked_at = time.monotonic()
            return True
        if _Lookout.last <= position:
            _Lookout.turn.wait(min(left, next_look))
        return False


def _look() -> None:
    """Ask for all who wait. Not under the lock: whoever has a connection may wait for that, and this one for it."""
    try:
        last = feed.last()
    finally:
        _let_go()
    with _Lookout.turn:
        _Lookout.last = last
        _Lookout.turn.notify_all()


def _let_go() -> None:
    """Give the connection back for as long as nothing is asked."""
    if not connection.in_atomic_block:
        connection.close()
