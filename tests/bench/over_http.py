"""POST ips/ over HTTP, against the cheapest view that could stand in its place, on the same server."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection

from django.contrib.auth.models import User

from ipam.addressing import Family
from ipam.domain.people import tokens
from tests.bench import cast
from tests.bench.table import Row, at_least
from tests.bench.timing import Act, Ratio, seconds
from tests.builders import IPV4, IPV6

_WORKERS, _CLIENTS = 2, 4
_REQUESTS = 200  # in a round
_ROUNDS = 8
_TIMEOUT = 30  # seconds, for the server to start and for each answer


def rows() -> Iterator[Row]:
    token = tokens.issue(User.objects.create_superuser("bench"))
    prefix = cast.network(IPV6).prefixes.get().pk
    with _server() as port, ThreadPoolExecutor(_CLIENTS) as clients:
        client = _Client(port, token)
        insert = partial(client.post, f"/bench/insert/{prefix}/", {})
        compare = partial(_compare, clients, baseline=insert)
        what = "POST ips/ over a view that authenticates and INSERTs one row, throughput"
        yield Row(f"{what}: one address", compare(_allocate(client, IPV4)), at_least(0.5))
        yield Row(f"{what}: a pair", compare(_allocate(client, IPV4, IPV6)), at_least(0.35))
        rounds = [_times_faster(_allocate(client, IPV4, count=1000), _allocate(client, IPV4)) for _ in range(_ROUNDS)]
        yield Row(
            "1,000 addresses in one POST: times faster than 1,000 POSTs, one client", Ratio.of(rounds), at_least(30)
        )


def _times_faster(many: Act, one: Act, sample: int = 100) -> float:
    one()
    single = seconds(lambda: [one() for _ in range(sample)]) / sample
    return 1000 * single / seconds(many)


def _allocate(client: "_Client", *families: Family, count: int = 1) -> Act:
    body = {"network": cast.network(*families).pk, "project": str(cast.project().pk), "count": count}
    return partial(client.post, "/api/v1/ips/", body)


def _compare(clients: ThreadPoolExecutor, subject: Act, baseline: Act) -> Ratio:
    """Throughput of `subject` over that of `baseline`; the first round warms up."""
    times = [[seconds(partial(_send, clients, act)) for act in (baseline, subject)] for _ in range(_ROUNDS + 1)]
    return Ratio.of([baseline_time / subject_time for baseline_time, subject_time in times[1:]])


def _send(clients: ThreadPoolExecutor, request: Act) -> None:
    """A round of requests, from all clients at once."""
    for sent in [clients.submit(request) for _ in range(_REQUESTS)]:
        sent.result()


class _Client:
    """Posts JSON with a token, over one lasting connection per thread."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._kept = threading.local()

    def post(self, path: str, body: object) -> None:
        if not hasattr(self._kept, "connection"):
            self._kept.connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT)
        self._kept.connection.request("POST", path, json.dumps(body), self._headers)
        answer = self._kept.connection.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"{path} answered {answer.status}: {text[:500]!r}")


@contextmanager
def _server() -> Iterator[int]:
    """gunicorn on a free port of loopback, as docs/operations.md starts it; it uses the scratch database."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = ["-m", "gunicorn", "tests.bench.server", "--workers", str(_WORKERS), "--threads", "4"]
    options = ["--bind", f"127.0.0.1:{port}", "--keep-alive", "60", "--log-level", "warning"]
    server = subprocess.Popen([sys.executable, *command, *options])
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(_TIMEOUT)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _TIMEOUT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
