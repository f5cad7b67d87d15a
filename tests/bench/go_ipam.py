"""AcquireIP of go-ipam's service by grpcio, beside 10,000 addresses: how many a second, of one client and of eight.

The goals are what go-ipam's own server gave there, on PostgreSQL.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from ipam.models import Prefix
from tests.bench import cast
from tests.bench.table import Row, at_least
from tests.bench.timing import Ratio
from tests.builders import IPV4
from tests.compat.go_ipam.peers import Grpc, served

_USED = 10_000
_SECONDS = 3.0
_ROUNDS = 6  # the first warms up
_ORIGINAL = {1: 9.3, 8: 0.5}  # acquires a second


def rows() -> Iterator[Row]:
    network = cast.network(IPV4)
    cast.fill(network, _USED)
    cidr = str(Prefix.objects.get(network=network))
    with served() as port:
        for number, original in _ORIGINAL.items():
            clients = [Grpc(port) for _ in range(number)]
            with ThreadPoolExecutor(number) as pool:
                rounds = [sum(pool.map(lambda one: _acquire(one, cidr), clients)) for _ in range(_ROUNDS)]
            rates = Ratio.of([done / _SECONDS for done in rounds[1:]], unit="a second")
            what = f"go-ipam's AcquireIP by grpcio beside {_USED:,} used addresses, {number} at once"
            yield Row(what, rates, at_least(original))


def _acquire(client: Grpc, cidr: str) -> int:
    """How many one client gets in a few seconds."""
    end, done = time.monotonic() + _SECONDS, 0
    while time.monotonic() < end:
        client.call("AcquireIP", prefix_cidr=cidr)
        done += 1
    return done
