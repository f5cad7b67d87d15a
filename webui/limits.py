"""What one request may cost; what the database says when it is more is put into words by `ipam.domain.core.outages`."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from ipam.api import throttling
from ipam.domain.core.outages import OutOfTime


class RequestTime:
    """Ends a request that has run for REQUEST_SECONDS at its next statement, and with it all that it began; however it
    ends, the next one of its token may begin.

    Answers that stream, such as exports, may go on; each of their statements is bounded by the database.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        end = time.monotonic() + settings.REQUEST_SECONDS

        def in_time(execute: Callable[..., object], *statement: object) -> object:
            if time.monotonic() > end:
                raise OutOfTime(f"The request has run for {settings.REQUEST_SECONDS} s.")
            return execute(*statement)

        try:
            with connection.execute_wrapper(in_time):
                return self.get_response(request)
        finally:
            throttling.leave(request)


def bound_statements() -> None:
    """Let PostgreSQL end what takes too long, from the next connection of this process on.

    A pooler lends each transaction another session: there it sets the timeouts itself, and no cursor may outlive its
    statement.
    """
    if connection.vendor != "postgresql":
        return
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    if settings.DATABASE_POOLER:
        kept = {"pool": connection.settings_dict["OPTIONS"]["pool"]}
        connection.settings_dict.update(settings.DATABASE_POOLER)
        connection.settings_dict["OPTIONS"] = kept | settings.DATABASE_POOLER.get("OPTIONS", {})
        return
    given = {name: seconds for name, seconds in settings.DATABASE_TIMEOUTS.items() if seconds}
    options = connection.settings_dict["OPTIONS"]
    timeouts = [f"-c {name}={seconds}s" for name, seconds in given.items()]
    options["options"] = " ".join([*filter(None, [options.get("options")]), *timeouts])
