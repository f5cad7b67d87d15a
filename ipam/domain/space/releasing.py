"""The common way back into free space: one address of each prefix, for a whole allocation at once."""

from collections.abc import Sequence
from itertools import takewhile

from django.db import connection
from netaddr import IPAddress

from ipam.addressing import Family, buddy_starts, host
from ipam.domain.core import writes
from ipam.domain.space import usable_space
from ipam.fields import to_bytes
from ipam.models import FreeBlock, Prefix

# Each buddy by itself in the index, as in `free_space`; one that went while this waited for it has no id.
_BLOCK = """
    SELECT id FROM ipam_freeblock
    WHERE prefix_id = wanted.prefix_id AND namespace_id IS NULL AND length = wanted.length AND first = wanted.first
"""
_LOCK = f"""
    SELECT free.id, wanted.prefix_id, wanted.length
    FROM unnest(%s::bigint[], %s::smallint[], %s::bytea[]) AS wanted (prefix_id, length, first)
    LEFT JOIN LATERAL ({_BLOCK} FOR UPDATE) AS free ON TRUE
    WHERE free.id IS NOT NULL OR EXISTS ({_BLOCK} OFFSET 0)
"""  # noqa: S608  no values
# CROSS JOIN: SQLite would rather read all that is free in the prefix.
_LOOK = """
    WITH wanted (length, first) AS (VALUES {})
    SELECT free.id, prefix_id, free.length FROM wanted CROSS JOIN ipam_freeblock AS free
    WHERE prefix_id = %s AND namespace_id IS NULL AND free.length = wanted.length AND free.first = wanted.first
"""
_Free = dict[tuple[int, int], int | None]  # ids by prefix and length; None: looked at too early


def release(released: Sequence[tuple[Prefix, IPAddress]]) -> None:
    """Give one address back to each of these prefixes, which are locked; it merges with its free buddies.

    The buddy that begins where the merged block does keeps its row, so no two of the writes touch the same place.
    """
    usable = [
        (prefix, one)
        for prefix, one in released
        if one != prefix.gateway and usable_space.parts(host(one), is_super=True)
    ]
    buddies = [(prefix, one, _buddies(prefix, one)) for prefix, one in usable]
    free = _look(buddies)
    while None in free.values():  # who takes several addresses puts blocks back that it did not need, as new rows
        free = _look(buddies)
    gone: list[int | None] = []
    new: list[FreeBlock] = []
    for prefix, one, starts in buddies:
        merged = list(takewhile(lambda buddy, key=prefix.pk: (key, buddy[0]) in free, starts))  # type: ignore[misc]
        ids = {start: free[prefix.pk, length] for length, start in merged}
        length, first = Family.of(one).bits - len(merged), min([one.value, *ids])
        if first in ids:
            writes.execute("UPDATE ipam_freeblock SET length = %s WHERE id = %s", [length, ids.pop(first)])
        else:
            place = {"network_id": prefix.network_id, "prefix_id": prefix.pk, "family": one.version}
            new.append(FreeBlock(first=IPAddress(first, one.version), length=length, **place))
        gone += ids.values()
    if gone:
        writes.execute(f"DELETE FROM ipam_freeblock WHERE id IN ({', '.join(['%s'] * len(gone))})", gone)  # noqa: S608  marks
    writes.insert(new)


def _buddies(prefix: Prefix, one: IPAddress) -> list[tuple[int, int]]:
    family = Family.of(one)
    return buddy_starts(family, one.value, family.bits, prefix.length)


def _look(buddies: Sequence[tuple[Prefix, IPAddress, list[tuple[int, int]]]]) -> _Free:
    """Those of the buddies that are free, locked."""
    found: _Free = {}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            wanted = [
                (prefix.pk, length, to_bytes(IPAddress(start, one.version)))
                for prefix, one, starts in buddies
                for length, start in sorted(starts, key=lambda buddy: buddy[1])  # locked in the order that all keep
            ]
            cursor.execute(_LOCK, [list(column) for column in zip(*wanted, strict=True)] or [[], [], []])
            return {(prefix_id, length): key for key, prefix_id, length in cursor.fetchall()}
        for prefix, one, starts in buddies:
            if starts:
                mine = [v for length, start in starts for v in (length, to_bytes(IPAddress(start, one.version)))]
                cursor.execute(_LOOK.format(", ".join(["(%s, %s)"] * len(starts))), [*mine, prefix.pk])
                found |= {(prefix_id, length): key for key, prefix_id, length in cursor.fetchall()}
    return found
