"""So many requests per minute and token: nobody's loop takes the service from all others."""

import math
import threading
import time

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

_Level = tuple[float, float]  # how many requests are left, and when that was (monotonic seconds)
_levels: dict[tuple[str, int], _Level] = {}
_lock = threading.Lock()


class PerToken(BaseThrottle):
    """A token bucket for each bearer token, or user of a session: a minute's worth at once, refilled evenly.

    Each web process counts for itself. Counting in the database would make every read a write, and a further
    service for a limit that is there to stop runaway loops is not worth its upkeep.
    """

    _left = 0.0

    def allow_request(self, request: Request, view: object) -> bool:
        most = settings.REQUESTS_PER_MINUTE
        owner = request.auth or request.user
        if not most or owner.pk is None:
            return True
        key, now = ("token" if request.auth else "person", owner.pk), time.monotonic()
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
