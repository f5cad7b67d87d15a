"""Eight processes that take addresses at the same moment: of one network, or each of its own."""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children, get_context
from uuid import UUID

from django.db import connection

from ipam.domain.core import context
from ipam.domain.networks import addresses
from ipam.models import Network, Project
from tests.bench import cast
from tests.bench.table import Row, at_least
from tests.bench.timing import Meter, Spent, over
from tests.builders import IPV4, IPV6

_CLIENTS = 8
_SECONDS = 2.0
_ROUNDS = 6  # the first warms up


def rows() -> Iterator[Row]:
    project = cast.project().pk
    goal = at_least(0.8) if connection.vendor == "postgresql" else None
    with ProcessPoolExecutor(_CLIENTS, mp_context=get_context("spawn")) as clients:
        for what, families in {"addresses": [IPV4], "pairs": [IPV4, IPV6]}.items():
            spread = [cast.network(*families).pk for _ in range(_CLIENTS)]
            hot = [cast.network(*families).pk] * _CLIENTS
            rounds = [(_take(clients, spread, project), _take(clients, hot, project)) for _ in range(_ROUNDS)]
            yield Row(f"8 clients, {what} of one hot prefix over 8 prefixes, throughput", over(rounds[1:]), goal)


def _take(clients: ProcessPoolExecutor, networks: list[str], project: UUID) -> Spent:
    """What each allocation takes when all clients together do as many as they can in the same few seconds."""
    done = 0

    def take() -> None:
        nonlocal done
        start = time.time() + 0.2
        asked = [clients.submit(_take_until, network, project, start, start + _SECONDS) for network in networks]
        done = sum(one.result() for one in asked)

    return (
        Meter([client.pid for client in active_children() if client.pid]).measure(take).per(max(1, done))
    )  # processes that start may do none


@context.system()
def _take_until(network: str, project: UUID, start: float, end: float) -> int:
    """In a process of its own: allocate from `start` until `end` (seconds since the epoch)."""
    source, owner = Network.objects.get(pk=network), Project.objects.get(pk=project)
    time.sleep(max(0.0, start - time.time()))
    done = 0
    while time.time() < end:
        addresses.allocate(source, project=owner)
        done += 1
    return done
