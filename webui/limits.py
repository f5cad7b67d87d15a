"""What one request may cost; of the database see `ipam.domain.core.bounds`."""

import math
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
        end = time.monotonic() + (settings.REQUEST_SECONDS or math.inf)

        def in_time(execute: Callable[..., object], *statement: object) -> object:
            if time.monotonic() > end:
                raise OutOfTime(f"The request has run for {settings.REQUEST_SECONDS} s.")
            return execute(*statement)

        try:
            with connection.execute_wrapper(in_time):
                return self.get_response(request)
        finally:
            throttling.leave(request)
