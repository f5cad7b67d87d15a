"""Rows of free space as they are stored: of each there may be thousands, so no object is made of one."""

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.core import bulk_insert, writes

_INSERT = "INSERT INTO ipam_freeblock (network_id, prefix_id, namespace_id, family, first, length) "
_VALUES = "VALUES (%s, %s, %s, %s, %s, %s)"
# As arrays, so that neither driver nor database makes a token of each value: half of what COPY takes.
_ARRAYS = "SELECT * FROM unnest(%s::varchar[], %s::bigint[], %s::uuid[], %s::smallint[], %s::bytea[], %s::smallint[])"


class Part(NamedTuple):
    """A part of a prefix that becomes free."""

    network_id: str
    prefix_id: int
    namespace_id: UUID | None
    cidr: IPNetwork


def store(parts: Iterable[Part]) -> None:
    """Make parts of prefixes free that merge with nothing; one statement for thousands."""
    for batch in bulk_insert.batches(parts):
        rows = [_row(part) for part in batch]
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_INSERT + _ARRAYS, _arrays(rows))
            else:
                cursor.executemany(_INSERT + _VALUES, rows)


def store_together(parts: Iterable[Part]) -> None:
    """The same with all that an operation writes together: nothing after it looks for free space."""
    if connection.vendor == "postgresql":
        if rows := [_row(part) for part in parts]:
            writes.execute(_INSERT + _ARRAYS, _arrays(rows))
    else:
        store(parts)


def _row(part: Part) -> tuple[Any, ...]:
    network_id, prefix_id, namespace_id, cidr = part
    return network_id, prefix_id, writes.stored_uuid(namespace_id), cidr.version, first(cidr), cidr.prefixlen


def _arrays(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def first(cidr: IPNetwork) -> bytes:
    """The first address of a block as it is stored."""
    return stored_address(Family.of(cidr), cidr.first)


def stored_address(family: Family, value: int) -> bytes:
    """An address as it is stored."""
    return bytes([family]) + value.to_bytes(family.bits // 8, "big")
