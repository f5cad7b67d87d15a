"""So many requests per minute and token, and at once: nobody's loop takes the service from all others."""

import math
import threading
import time
from collections import Counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

_Owner = tuple[str, int]  # a token or a person
_Level = tuple[float, float]  # how many requests are left, and when that was (monotonic seconds)
_levels: dict[_Owner, _Level] = {}
_lock = threading.Lock()
_TURN_TIMEOUT_SECONDS = 0.25  # until another request of its owner has ended; it holds a thread meanwhile
_under_way: Counter[_Owner] = Counter()
_ended = threading.Condition()


class AtOnce(BaseThrottle):
    """Some of a process's threads for each bearer token, or user of a session; the others stay free for everybody else.

    A request keeps its place until `leave`, which the middleware calls when the answer is made. Others wait just long
    enough for short requests to end, so that a client with a few too many connections notices nothing.
    """

    def allow_request(self, request: Request, view: object) -> bool:
        most, owner = settings.REQUESTS_AT_ONCE, _owner(request)
        if not most or owner is None:
            return True
        with _ended:
            if not _ended.wait_for(lambda: _under_way[owner] < most, _TURN_TIMEOUT_SECONDS):
                return False
            _under_way[owner] += 1
        asked: Any = request
        getattr(asked, "_request", asked)._place = owner  # of the framework's request, or without it
        return True

    def wait(self) -> int:
        """Seconds after which it is worth another try."""
        return 1


def leave(request: HttpRequest) -> None:
    """The request has been answered, whatever the answer: its place is free."""
    owner: _Owner | None = getattr(request, "_place", None)
    if owner is not None:
        with _ended:
            _under_way.subtract([owner])
            if not _under_way[owner]:
                del _under_way[owner]
            _ended.notify_all()


class PerToken(BaseThrottle):
    """A token bucket for each bearer token, or user of a session: a minute's worth at once, refilled evenly.

    Each web process counts for itself. Counting in the database would make every read a write, and a further
    service for a limit that is there to stop runaway loops is not worth its upkeep.
    """

    _left = 0.0

    def allow_request(self, request: Request, view: object) -> bool:
        most, key, now = settings.REQUESTS_PER_MINUTE, _owner(request), time.monotonic()
        if not most or key is None:
            return True
        with _lock:
            left, since = _levels.get(key, (most, now))
            self._left = min(most, left + (now - since) * most / 60) - 1
            is_allowed = self._left >= 0
            _levels[key] = (self._left if is_allowed else self._left + 1, now)
        return is_allowed

    def wait(self) -> int:
        """Whole seconds until there is one more."""
        seconds: float = -self._left * 60 / settings.REQUESTS_PER_MINUTE
        return math.ceil(seconds)


def _owner(request: Request) -> _Owner | None:
    """Whose request it is; nobody's if no one is signed in."""
    owner = request.auth or request.user
    return ("token" if request.auth else "person", owner.pk) if owner.pk is not None else None
