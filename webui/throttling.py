"""How often somebody may try to sign in. django-axes counts and locks; here is what counts together."""

from datetime import datetime

from axes.handlers.database import AxesDatabaseHandler
from django.conf import settings
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from netaddr import IPAddress

from ipam.api.authentication import source_of

_FAILURES_THAT_COUNT_AS_ONE = 10  # of a source, behind which there may be a whole office

Credentials = dict[str, object] | None


def source(request: HttpRequest) -> str | None:
    """Where attempts come from: an IPv4 address, or the first of an IPv6 /64, which is all one network's."""
    found = source_of(request)
    if found is not None and found.version == 6:
        found = IPAddress(found.value >> 64 << 64, 6)
    return found and str(found)


def is_no_guess(request: HttpRequest, credentials: Credentials = None) -> bool:
    """Whether nobody's password was tried: an identity provider keeps count of its own."""
    return not (credentials or {}).get("username")


class Throttle(AxesDatabaseHandler):
    """Locks a name for a source after 5 failures, and a source for all names after 50, for 15 minutes."""

    def get_failures(self, request: HttpRequest, credentials: Credentials = None) -> int:
        return max(failures for failures, _ in self._failures(request, credentials))

    def reset_user_attempts(self, request: HttpRequest, credentials: Credentials = None) -> int:
        """Forget the failures of this name alone: whoever knows one password shall not guess on at others."""
        of_name, _ = self.filter_user_attempts(request, credentials)
        forgotten: int = of_name.delete()[0]
        return forgotten

    def locked_until(self, request: HttpRequest, credentials: Credentials) -> datetime:
        """When the last failure that locks has been forgotten."""
        found = self._failures(request, credentials)
        last = [at for failures, at in found if at and failures >= settings.AXES_FAILURE_LIMIT]
        return max(last, default=timezone.now()) + settings.AXES_COOLOFF_TIME

    def _failures(self, request: HttpRequest, credentials: Credentials) -> list[tuple[int, datetime | None]]:
        """How many count, and when the last was: of the name from this source, and of the source."""
        found = [
            attempts.aggregate(failures=Sum("failures_since_start", default=0), last=Max("attempt_time"))
            for attempts in self.get_user_attempts(request, credentials)
        ]
        of_name, of_source = ((each["failures"], each["last"]) for each in found)
        return [of_name, (of_source[0] // _FAILURES_THAT_COUNT_AS_ONE, of_source[1])]


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Credentials) -> HttpResponse:
    """The page that says when to try again; it is the same whether there is such a user or not."""
    until = Throttle().locked_until(request, credentials)
    page = render(request, "locked.html", {"until": until}, status=429)
    page.headers["Retry-After"] = str(max(1, round((until - timezone.now()).total_seconds())))
    return page
