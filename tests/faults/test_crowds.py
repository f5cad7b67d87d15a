"""Slow clients and floods: allocations go on."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam.domain.people import tokens
from tests.faults.robots import NO_DIFFERENCE, differences, robots
from tests.faults.servers import Server, serving

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = b"POST /api/v1/ips/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
STALLS = [b"", HEAD, HEAD + b"\r\n{"]  # nothing, half a head, half a body
SIGN_IN = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
HEALTH = b"GET /api/v1/healthz/ HTTP/1.1\r\nHost: localhost\r\n"
TRICKLES = {
    "a head": b"GET /api/v1/healthz/ HTTP/1.1\r\nX-Long: " + b"x" * 16_800,
    "a body": SIGN_IN + b"Content-Length: 60000\r\n\r\n" + b"x" * 16_800,
    "a body with a token": HEAD.replace(b": 100", b": 2000000") + b"Authorization: Bearer x\r\n\r\n" + b"x" * 16_800,
    "a body that is too large": SIGN_IN + b"Content-Length: 90000000\r\n\r\n" + b"x" * 16_800,
    "a body of unknown length": SIGN_IN + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + b"x" * 16_800,
    "a further request": HEALTH + b"\r\n" + HEALTH,
    "after the last request": HEALTH + b"Connection: close\r\n\r\n",
}


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    with serving(REQUESTS_AT_ONCE="6") as server:
        yield server


def test_two_hundred_clients_that_stall_do_not_stop_allocations(
    server: Server, token: str, pair: dict[str, Any]
) -> None:
    with ExitStack() as stalled:
        for number in range(200):
            client = stalled.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            client.sendall(STALLS[number % len(STALLS)])
        with robots(server, token, pair, each=10) as told:
            pass
    assert (told.outcomes, differences(told)) == ({201: 40}, NO_DIFFERENCE)


@pytest.mark.parametrize("trickle", TRICKLES)
def test_clients_that_send_a_byte_now_and_then_hold_nobody_up(
    server: Server, token: str, pair: dict[str, Any], trickle: str
) -> None:
    stop = threading.Event()

    def send(client: socket.socket) -> None:
        with suppress(OSError):  # it has been dropped
            client.sendall(TRICKLES[trickle])
            while not stop.wait(1):
                client.send(b"x")

    with ExitStack() as opened, ThreadPoolExecutor(24) as senders:
        for _ in range(24):
            client = opened.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            senders.submit(send, client)
        try:
            healthy = [server.call("GET", "/api/v1/healthz/").status for _ in range(8)]
            with robots(server, token, pair, each=5) as told:
                pass
        finally:
            stop.set()
    assert (healthy, told.outcomes, differences(told)) == ([200] * 8, {201: 20}, NO_DIFFERENCE)


def test_flood_of_searches_does_not_stop_allocations(server: Server, token: str, pair: dict[str, Any]) -> None:
    stop, another = threading.Event(), tokens.issue(User.objects.get())

    def search() -> set[int]:
        seen = set()
        while not stop.is_set():
            seen.add(server.call("GET", "/api/v1/search/?q=robot", another).status)
        return seen

    with ThreadPoolExecutor(30) as flood:
        floods = [flood.submit(search) for _ in range(30)]
        with robots(server, token, pair, each=10) as told:
            pass
        stop.set()
    assert (told.outcomes, differences(told)) == ({201: 40}, NO_DIFFERENCE)
    assert {status for one in floods for status in one.result()} <= {200, 429, 503}


BAD = {
    "unknown fields": ("partitions/", {str(number): 1 for number in range(200_000)}),
    "prefixes": ("networks/", {"type": "external", "prefixes": ["x"] * 400_000}),
    "attachments": ("machines/", {"project": "a", "partition": "b", "networks": [{}] * 400_000}),
}


@pytest.mark.parametrize("role", ["operator", "nobody"])
def test_large_mistakes_get_small_answers_and_hold_nobody_up(
    server: Server, token: str, pair: dict[str, Any], role: str
) -> None:
    user = User.objects.get() if role == "operator" else User.objects.create_user("nobody")
    another, stop = tokens.issue(user), threading.Event()

    def err(path: str, body: Any) -> set[tuple[int, bool]]:
        seen = set()
        while not seen or not stop.is_set():
            answer = server.call("POST", f"/api/v1/{path}", another, body)
            seen.add((answer.status, len(answer.text.encode()) <= 64_000))
        return seen

    with ThreadPoolExecutor(6) as crowd:
        erring = [crowd.submit(err, *BAD[name]) for name in BAD for _ in range(2)]
        with robots(server, token, pair, each=5) as told:
            pass
        stop.set()
    assert (told.outcomes, differences(told)) == ({201: 20}, NO_DIFFERENCE)
    refused = {one for each in erring for one in each.result()}
    assert refused - {(429, True)} == {(400 if role == "operator" else 403, True)}
