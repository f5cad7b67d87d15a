"""Allocating an address against the least that it could cost: one INSERT in a transaction of its own."""

from collections.abc import Iterator
from functools import partial
from itertools import count

from django.db import connection
from netaddr import IPAddress as Address

from ipam.domain.networks import addresses
from ipam.models import IPAddress
from tests.bench import cast
from tests.bench.table import Row, at_most
from tests.bench.timing import Act, compare, times_faster
from tests.builders import IPV4, IPV6

_MANY = 1000
_SINGLE_GOAL = {"postgresql": 4, "sqlite": 8}
_PAIR_GOAL = {"postgresql": 6, "sqlite": 12}


def rows() -> Iterator[Row]:
    project = cast.project()
    single, pair = cast.network(IPV4), cast.network(IPV4, IPV6)
    insert = _insert()
    yield Row(
        "acquire one address, over one ORM INSERT",
        compare(lambda: addresses.allocate(single, project=project), insert),
        at_most(_SINGLE_GOAL[connection.vendor]),
    )
    yield Row(
        "acquire a dual-stack pair, over one ORM INSERT",
        compare(lambda: addresses.allocate(pair, project=project), insert),
        at_most(_PAIR_GOAL[connection.vendor]),
    )
    held = iter(addresses.allocate(cast.network(IPV4), project=project, count=_MANY))
    yield Row("release one address, over one ORM INSERT", compare(lambda: addresses.release(next(held)), insert))
    network = cast.network(IPV4)
    together = partial(addresses.allocate, network, project=project, count=_MANY)
    faster = times_faster(together, partial(addresses.allocate, network, project=project))
    yield Row("1,000 addresses in one operation: times faster than 1,000 of one", faster)


def _insert() -> Act:
    """A row like those that an operation stores, in autocommit."""
    network = cast.network(IPV4)
    prefix = network.prefixes.get()
    owner = cast.project()
    numbers = count(prefix.first.value + 1)

    def insert() -> None:
        IPAddress.objects.create(
            address=Address(next(numbers), 4), family=4, network=network, prefix=prefix, project=owner
        )

    return insert
