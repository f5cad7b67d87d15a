"""POST ips/ over HTTP, against the cheapest view that could stand in its place, on the same server."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from typing import Any

from django.contrib.auth.models import User

from ipam.addressing import Family
from ipam.domain.people import tokens
from tests.bench import cast
from tests.bench.table import Row, at_least, at_most
from tests.bench.timing import Act, compare, times_faster
from tests.builders import IPV4, IPV6
from tests.faults.servers import serving

_WORKERS, _CLIENTS = 2, 4
_REQUESTS = 100  # in a round
_ROUNDS = 8
# Limits as they are by default, but that one token asks for everything; a connection outlives the rounds of others.
_ENVIRONMENT = {
    "WEB_THREADS": "4",
    "REQUESTS_AT_ONCE": "6",
    "REQUESTS_PER_MINUTE": "1000000",
    "GUNICORN_CMD_ARGS": "--keep-alive 60",
}


def rows() -> Iterator[Row]:
    token = tokens.issue(User.objects.create_superuser("bench"))
    prefix = cast.network(IPV6).prefixes.get().pk
    with (
        serving("tests.bench.server", workers=_WORKERS, **_ENVIRONMENT) as server,
        ThreadPoolExecutor(_CLIENTS) as clients,
    ):
        client = _Client(server.port, token)
        single, pair = _allocate(client, IPV4), _allocate(client, IPV4, IPV6)
        insert = partial(client.ask, "POST", f"/bench/insert/{prefix}/", {})
        least = "over a view that authenticates and INSERTs one row"
        for what, act, goal in ("one address", single, at_least(1)), ("a pair", pair, at_least(0.9)):
            together = partial(_send, clients, act), partial(_send, clients, insert)
            time = compare(*reversed(together), rounds=_ROUNDS, calls=1, processes=server.workers())
            yield Row(f"POST ips/ of {what} {least}, throughput", time, goal)
        cpu = partial(compare, baseline=insert, by="application", processes=server.workers())
        yield Row(f"POST ips/ of one address {least}, CPU of Python", cpu(single), at_most(1))
        yield Row(f"POST ips/ of a pair {least}, CPU of Python", cpu(pair), at_most(1))
        yield Row(f"DELETE ips/{{id}}/ {least}, CPU of Python", cpu(_release(client)), at_most(1))
        faster = times_faster(_allocate(client, IPV4, count=1000), single)
        yield Row("1,000 addresses in one POST: times faster than 1,000 POSTs, one client", faster, at_least(30))


def _allocate(client: "_Client", *families: Family, count: int = 1) -> Callable[[], Any]:
    body = {"network": cast.network(*families).pk, "project": str(cast.project().pk), "count": count}
    return partial(client.ask, "POST", "/api/v1/ips/", body)


def _release(client: "_Client") -> Act:
    """Gives back one of a thousand."""
    held = _allocate(client, IPV4, count=1000)()["ips"]
    paths = iter([f"/api/v1/ips/{one['id']}/" for one in held])
    return lambda: client.ask("DELETE", next(paths))


def _send(clients: ThreadPoolExecutor, request: Act) -> None:
    """A round of requests, from all clients at once."""
    for sent in [clients.submit(request) for _ in range(_REQUESTS)]:
        sent.result()


class _Client:
    """Asks with a token, over one lasting connection per thread."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._kept = threading.local()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """What the answer says; anything but a success ends the bench."""
        if not hasattr(self._kept, "connection"):
            self._kept.connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        self._kept.connection.request(method, path, json.dumps(body), self._headers)
        answer = self._kept.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201, 204):
            raise RuntimeError(f"{path} answered {answer.status}: {text[:500]!r}")
        return json.loads(text or "null")
