"""Four processes that create machines at the same moment, over one; beside the same of addresses."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.db import connection

from ipam.domain.core import context
from ipam.domain.networks import addresses, machines, networks, partitions
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Network, Partition, Project
from tests.bench import cast
from tests.bench.table import Row, at_least
from tests.bench.timing import Ratio
from tests.builders import IPV4, IPV6, child, super_network

_CLIENTS = 4
_SECONDS = 2.0
_ROUNDS = 7

Act = Callable[[Network, Project, Partition], object]


def rows() -> Iterator[Row]:
    site = partitions.create(id="bench")
    parent = networks.create(super_network(partition=site))
    private = networks.create(child(parent=parent, project=cast.project(), length={IPV4: 17, IPV6: 96})).pk
    with ProcessPoolExecutor(_CLIENTS, mp_context=get_context("spawn")) as clients:
        rounds = [[_speedup(clients, act, private) for act in (_take_pair, _make_machine)] for _ in range(_ROUNDS)]
    pairs, made = zip(*rounds[1:], strict=True)
    goal = at_least(0.7) if connection.vendor == "postgresql" else None
    yield Row("pairs: 4 clients over 1, throughput", Ratio.of(list(pairs)))
    yield Row("machines: 4 clients over 1, throughput", Ratio.of(list(made)))
    ratios = [ours / theirs for theirs, ours in rounds[1:]]
    yield Row("machines: 4 clients over 1, over the same of pairs, throughput", Ratio.of(ratios), goal)


def _speedup(clients: ProcessPoolExecutor, act: Act, network: str) -> float:
    return _throughput(clients, act, network, _CLIENTS) / _throughput(clients, act, network, 1)


def _throughput(clients: ProcessPoolExecutor, act: Act, network: str, many: int) -> int:
    """How often so many clients together do it in the same few seconds."""
    start = time.time() + 0.2
    asked = [clients.submit(_repeat, act, network, start, start + _SECONDS) for _ in range(many)]
    return sum(one.result() for one in asked)


@context.system()
def _repeat(act: Act, network: str, start: float, end: float) -> int:
    """In a process of its own: do it from `start` until `end` (seconds since the epoch)."""
    place, owner, site = Network.objects.get(pk=network), cast.project(), Partition.objects.get()
    time.sleep(max(0.0, start - time.time()))
    done = 0
    while time.time() < end:
        act(place, owner, site)
        done += 1
    return done


def _take_pair(network: Network, project: Project, site: Partition) -> None:
    addresses.allocate(network, project=project)


def _make_machine(network: Network, project: Project, site: Partition) -> None:
    machines.allocate(project=project, partition=site, networks=[Attachment(network=network)])
