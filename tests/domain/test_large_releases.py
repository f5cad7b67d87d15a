"""Many addresses are given back at once, on any build of SQLite."""

import sqlite3
from random import Random

from django.db import connection
from netaddr import IPAddress as Address

from ipam.addressing import host
from ipam.domain import free_space
from ipam.models import Network
from tests.builders import IPV6, free_blocks, ip

LEAST_VALUES = 32_766  # in a statement, as SQLite is built by default


def test_thousand_scattered_ipv6_addresses_go_back_in_one_operation(internet: Network) -> None:
    prefix = internet.prefixes.get(family=IPV6)
    before = free_blocks(prefix)
    first = ip("2001:db8:0:113::").value
    random = Random(1)
    scattered = {Address(first + random.getrandbits(63) + 1) for _ in range(1000)}
    for address in scattered:
        free_space.acquire_exactly(prefix, host(address))
    if connection.vendor == "sqlite":
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, LEAST_VALUES)
    free_space.release_addresses(prefix.pk, scattered)
    assert free_blocks(prefix) == before
