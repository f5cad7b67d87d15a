"""One line per request, lines of which a machine reads the fields, and how long requests take.

A line names the view and never what was asked of it: no path, no query, no header, no body, so no secret.
"""

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.apps import apps
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from prometheus_client import Histogram

_FIELDS = ("request_id", "user", "route", "method", "status", "duration_ms")
_METHODS = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"}
_log = logging.getLogger("twofold.request")
_seconds = Histogram(
    "twofold_request_seconds",
    "From the arrival of a request until its answer begins.",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)


class RequestLog:
    """Logs a line when the answer of a request begins."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - begun
        _count(request, response, seconds)
        _write(request, response, seconds)
        return response


class RequestId(logging.Filter):
    """Puts the id of the request on every record, so that a traceback is found by it; a command has one id too."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id()
        return True


def _request_id() -> str:
    if not apps.models_ready:  # logs are set up before there are models, which a context knows
        return ""
    from ipam.domain.core import context

    return context.current().request_id if context.is_set() else ""


class JsonLine(logging.Formatter):
    """A record as one JSON object of known fields; what else libraries hang on it (requests, SQL) stays out."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in _FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """For Prometheus. Labels are bounded: names of URLs, the methods that there are, 2xx to 5xx."""
    method = request.method if request.method in _METHODS else "other"
    _seconds.labels(_route(request), method, f"{response.status_code // 100}xx").observe(seconds)


def _write(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    fields = {
        "method": request.method,
        "route": _route(request),
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
        "user": _user(request),
    }
    _log.info("%(method)s %(route)s %(status)d %(duration_ms).1fms %(user)s", fields, extra=fields)


def _route(request: HttpRequest) -> str:
    """The name of the URL, such as `api:network-list`; “-” for static files and what leads nowhere."""
    return (request.resolver_match and request.resolver_match.view_name) or "-"


def _user(request: HttpRequest) -> str:
    """Who asked, as far as it was asked for: a log line reads no database, which may be what is broken."""
    user = getattr(request, "user", None)
    if user is None or (isinstance(user, SimpleLazyObject) and not hasattr(request, "_cached_user")):
        return "-"
    return user.get_username() or "-"
