"""Many addresses are given back at once, on any build of SQLite."""

import sqlite3
from random import Random

from django.db import connection
from django.test.utils import CaptureQueriesContext
from netaddr import IPAddress as Address

from ipam.addressing import host
from ipam.domain.space import free_space
from ipam.models import FreeBlock, Network
from tests.builders import IPV6, free_blocks

LEAST_VALUES = 32_766  # in a statement, as SQLite is built by default


def test_thousand_scattered_ipv6_blocks_that_cooled_or_lay_in_a_range_go_back_at_once(internet: Network) -> None:
    prefix, random = internet.prefixes.get(family=IPV6), Random(1)
    FreeBlock.objects.filter(prefix=prefix).delete()
    scattered = {Address(prefix.first.value + random.getrandbits(63)) for _ in range(1000)}
    if connection.vendor == "sqlite":
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, LEAST_VALUES)
    free_space.release(prefix.pk, map(host, scattered))
    assert free_blocks(prefix) == [f"{address}/128" for address in sorted(scattered)]


def test_thousand_addresses_beside_each_other_cost_as_many_statements_as_one(internet: Network) -> None:
    prefix = internet.prefixes.get(family=IPV6)
    spent = []
    for count in (1, 1000):
        FreeBlock.objects.filter(prefix=prefix).delete()
        with CaptureQueriesContext(connection) as asked:
            free_space.release_addresses(prefix.pk, [prefix.first + 1024 + number for number in range(count)])
        spent.append(len(asked))
    assert spent[0] == spent[1]


def test_thousand_scattered_ipv6_addresses_go_back_at_once(internet: Network) -> None:
    prefix, random = internet.prefixes.get(family=IPV6), Random(1)
    FreeBlock.objects.filter(prefix=prefix).delete()
    scattered = {Address(prefix.first.value + random.getrandbits(63)) for _ in range(1000)}
    if connection.vendor == "sqlite":
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, LEAST_VALUES)
    free_space.release_addresses(prefix.pk, scattered)
    assert free_blocks(prefix) == [f"{address}/128" for address in sorted(scattered)]
