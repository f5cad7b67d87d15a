"""One attempt to send a message, by HTTP and without the database: no transaction is open meanwhile."""

import http.client
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib import metadata

from django.conf import settings

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.notify import targets
from ipam.domain.notify.targets import Target
from ipam.models.webhooks import ERROR_LENGTH

_log = logging.getLogger(__name__)

MAX_RETRY_AFTER_SECONDS = 86_400
GONE = 410
_MAX_READ = 64_000  # bytes of an answer
_HEADERS = {
    "content-type": "application/json",
    "user-agent": f"Twofold/{metadata.version('twofold')}",
    "connection": "close",
}


@dataclass(frozen=True)
class Sending:
    """A message that this process holds the lease of; `attempt` tells its attempts apart."""

    delivery: int
    attempt: int
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt: the status of the answer, if any, and in a sentence what is wrong, if anything.

    `retry_after`: the seconds that the receiver wants to be left alone, at most a day.
    """

    status: int | None = None
    error: str = ""
    retry_after: float = 0


def send(sending: Sending) -> Outcome:
    """POST a message to where its URL leads at this moment; never longer than WEBHOOK_TIMEOUT_SECONDS in all."""
    deadline = time.monotonic() + settings.WEBHOOK_TIMEOUT_SECONDS
    try:
        target = targets.resolve(sending.url)
        target.require_allowed()
        with _connected(target, deadline) as connection:
            connection.request("POST", target.path, sending.body, {**_HEADERS, **sending.headers})
            answer = connection.getresponse()
            with suppress(OSError, http.client.HTTPException):  # the status counts, and nobody looks at the rest
                answer.read(_MAX_READ)
        return _outcome(answer.status, answer.headers.get("Retry-After", ""))
    except errors.IpamError as refusal:
        return Outcome(error=refusal.detail)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline:
            return Outcome(error=f"No answer within {settings.WEBHOOK_TIMEOUT_SECONDS} seconds.")
        return Outcome(error=shorten(f"No answer: {type(error).__name__}: {error}", ERROR_LENGTH - 1))
    except Exception:  # of ours; whoever sends goes on with the others
        _log.exception("Sending failed")
        return Outcome(error="Twofold itself failed to send this; its log says why.")


def _outcome(status: int, retry_after: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome(status)
    redirects = " Redirects are not followed." if 300 <= status < 400 else ""
    return Outcome(status, f"The receiver answered {status}.{redirects}", _seconds(retry_after))


@contextmanager
def _connected(target: Target, deadline: float) -> Iterator[http.client.HTTPConnection]:
    """A connection to one of the addresses that have been judged; TLS checks the name. It ends at the deadline.

    A time-out of a socket counts anew with each byte, so somebody else ends what is too slow.
    """
    link = _connect(target, deadline)
    ending = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [link])
    ending.daemon = True
    ending.start()
    connection: http.client.HTTPConnection
    try:
        if target.scheme == "https":
            context = ssl.create_default_context()
            link = context.wrap_socket(link, server_hostname=target.host, do_handshake_on_connect=False)
            ending.args = [link]
            link.do_handshake()
            connection = http.client.HTTPSConnection(target.host, target.port, context=context)
        else:
            connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = link
        yield connection
    finally:
        ending.cancel()
        link.close()


def _connect(target: Target, deadline: float) -> socket.socket:
    """To the first of the addresses that answers, each given its share of the time that is left."""
    for left in range(len(target.addresses), 0, -1):
        address = target.addresses[-left]
        seconds = max(0.001, (deadline - time.monotonic()) / left)
        try:
            link = socket.create_connection((str(address), target.port), seconds)
        except OSError:
            if left == 1:
                raise
            continue
        link.settimeout(max(0.001, deadline - time.monotonic()))
        return link
    raise OSError("no address")  # what has none is refused before


def _cut(link: socket.socket) -> None:
    """End a connection in whatever it is at, so that whoever reads from it goes on."""
    with suppress(OSError):  # ended already
        socket.socket.shutdown(link, socket.SHUT_RDWR)  # that of TLS would change what the other thread uses


def _seconds(text: str) -> float:
    """What Retry-After says, in seconds or as a moment; 0 for anything else."""
    try:
        if text.isascii() and text.isdigit():
            seconds = float(text[:9])
        else:
            moment = parsedate_to_datetime(text)
            seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):  # a year of twenty digits
        return 0
    return min(max(0.0, seconds), MAX_RETRY_AFTER_SECONDS)
