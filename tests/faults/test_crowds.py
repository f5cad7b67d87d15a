"""Slow clients and floods: allocations go on."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from tests.faults.robots import NO_DIFFERENCE, differences, robots
from tests.faults.servers import Server, serving

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = b"POST /api/v1/ips/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n"
STALLS = [b"", HEAD, HEAD + b"\r\n{"]  # nothing, half a head, half a body


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    with serving() as server:
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


def test_flood_of_searches_does_not_stop_allocations(server: Server, token: str, pair: dict[str, Any]) -> None:
    stop = threading.Event()

    def search() -> set[int]:
        seen = set()
        while not stop.is_set():
            seen.add(server.call("GET", "/api/v1/search/?q=robot", token).status)
        return seen

    with ThreadPoolExecutor(30) as flood:
        floods = [flood.submit(search) for _ in range(30)]
        with robots(server, token, pair, each=10) as told:
            pass
        stop.set()
    assert (told.outcomes, differences(told)) == ({201: 40}, NO_DIFFERENCE)
    assert {status for one in floods for status in one.result()} <= {200, 503}
