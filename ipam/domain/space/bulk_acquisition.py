"""What is named, out of free space by the thousand: the free blocks around it are read once and split in memory."""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import F
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family, blocks_between, size
from ipam.domain.core import bulk_insert, lookups
from ipam.domain.space import free_rows, usable_space
from ipam.domain.space.free_rows import Part
from ipam.domain.space.gaps import Range, gaps
from ipam.fields import to_bytes
from ipam.models import FreeBlock, IPAddress, Prefix
from ipam.models.projects import NO_NAMESPACE

# Free blocks of a prefix are disjoint, so only the one that starts last at or before an address can hold it.
_HOLDING = """
    WITH wanted (network, family, prefix, namespace, first) AS (VALUES {rows})
    SELECT DISTINCT (
        SELECT id FROM ipam_freeblock AS free
        WHERE free.network_id = wanted.network AND free.family = wanted.family AND free.prefix_id = wanted.prefix
            AND coalesce(free.namespace_id, %s) = wanted.namespace AND free.first <= wanted.first
        ORDER BY free.first DESC LIMIT 1
    ) FROM wanted
"""
_AT_ONCE = 5_000  # blocks: SQLite takes 32,766 values in a statement
_COLUMNS = "pk", "network", "prefix", "namespace", "family", "first", "length"

Place = tuple[int, UUID | None]  # where blocks are free: in a prefix, and perhaps for a project alone
Start = tuple[Prefix, UUID | None, Address]  # where something begins that is wanted


def acquire_named(wanted: Sequence[tuple[Prefix, Address]]) -> set[tuple[int, int]]:
    """Take those of these addresses that are free, or gateways that nobody holds, each out of its prefix.

    Returns them as (id of the prefix, address as an integer). Half a dozen statements for any number.
    """
    values: dict[int, list[int]] = defaultdict(list)
    for prefix_id, value in sorted({(prefix.pk, address.value) for prefix, address in wanted}):
        values[prefix_id].append(value)
    prefixes = Prefix.objects.filter(pk__one_of=values.keys())
    held = lookups.lock_all(prefixes.in_order(), no_key=True)  # who gives back locks the prefix
    free = _free_gateways([one for one in held if one.gateway and one.gateway.value in values[one.pk]])
    spent: list[int] = []
    left: list[Part] = []
    for block in _lock_holding([(prefix, None, address) for prefix, address in wanted]):
        known = values[block.prefix_id]
        if inside := known[bisect_left(known, block.first) : bisect_right(known, block.last)]:
            free |= {(block.prefix_id, value) for value in inside}
            spent += [block.pk] if block.pk else []
            left += _left_of(block, [(value, value) for value in inside])
    FreeBlock.objects.filter(pk__one_of=spent).delete()
    free_rows.store(left)
    return free


def _free_gateways(prefixes: Sequence[Prefix]) -> set[tuple[int, int]]:
    """The gateways of locked prefixes that nobody holds."""
    if not prefixes:
        return set()
    taken = IPAddress.objects.filter(prefix__in=prefixes, address=F("prefix__gateway")).values_list("prefix", "address")
    return {(one.pk, one.gateway.value) for one in prefixes} - {(key, address.value) for key, address in taken}


class Carving:
    """Child prefixes of many networks, judged one by one in memory and taken together.

    `wanted` is all that may be taken, with the prefix that it lies in.
    """

    def __init__(self, wanted: Iterable[tuple[Prefix, UUID | None, IPNetwork]]) -> None:
        self._free: dict[Place, list[_Block]] = defaultdict(list)
        self._taken: dict[Place, list[Range]] = defaultdict(list)
        starts = [(prefix, namespace_id, Address(cidr.first, cidr.version)) for prefix, namespace_id, cidr in wanted]
        for block in _lock_holding(starts):
            self._free[block.prefix_id, block.namespace_id].append(block)

    def add_untouched(self, prefixes: Iterable[Prefix], namespace_id: UUID) -> None:
        """All of these prefixes of a namespaced network are free for a project that has never taken from it."""
        for prefix in prefixes:
            place = prefix.pk, namespace_id
            self._free[place] = [
                _Block(None, prefix.network_id, *place, prefix.address_family, part.first, part.last)
                for part in usable_space.parts(prefix.cidr, is_super=True)
            ]

    def is_free(self, prefix: Prefix, namespace_id: UUID | None, cidr: IPNetwork) -> bool:
        """Whether all of `cidr` lies in one free block, and nothing of it has been taken since."""
        place = prefix.pk, namespace_id
        holding = bisect_right(self._free[place], cidr.first, key=lambda block: block.first) - 1
        if holding < 0 or cidr.last > self._free[place][holding].last:
            return False
        return all(last < cidr.first or cidr.last < first for first, last in self._around(place, cidr))

    def take(self, prefix: Prefix, namespace_id: UUID | None, cidr: IPNetwork) -> None:
        """Take a block that is free."""
        insort(self._taken[prefix.pk, namespace_id], (cidr.first, cidr.last))

    def store(self) -> None:
        """Split the blocks that parts were taken of; what a project takes first makes all else free for it."""
        touched = {place for place, taken in self._taken.items() if taken}
        opened = {(block.network_id, place[1]) for place in touched for block in self._free[place]}
        spent: list[int] = []
        left: list[Part] = []
        for place, blocks in self._free.items():
            for block in blocks:
                taken = self._taken[place]
                inside = taken[bisect_left(taken, (block.first, 0)) : bisect_left(taken, (block.last + 1, 0))]
                if block.pk is None and (block.network_id, block.namespace_id) in opened:
                    left += _left_of(block, inside)
                elif block.pk is not None and inside:
                    spent.append(block.pk)
                    left += _left_of(block, inside)
        FreeBlock.objects.filter(pk__one_of=spent).delete()
        free_rows.store(left)

    def _around(self, place: Place, cidr: IPNetwork) -> list[Range]:
        """What was taken last before a block, and first after its start."""
        taken = self._taken[place]
        after = bisect_left(taken, (cidr.first, 0))
        return taken[max(0, after - 1) : after + 1]


class _Block(NamedTuple):
    """A free block, as integers: an instance for each would be half of the work. Without a key it is not stored."""

    pk: int | None
    network_id: str
    prefix_id: int
    namespace_id: UUID | None
    family: Family
    first: int
    last: int


def _lock_holding(starts: Sequence[Start]) -> list[_Block]:
    """The free blocks that can hold what begins there, locked; those of a prefix in order.

    Whoever held one may have put others in its place that our statement could not see: look until nothing changes.
    """
    keys: set[int] = set()
    held: list[_Block] = []
    while (found := _find_holding(starts)) != keys:
        keys = found
        blocks = FreeBlock.objects.filter(pk__one_of=keys).order_by("family", "prefix", "first").select_for_update()
        held = [_block(*columns) for columns in blocks.values_list(*_COLUMNS)]
    return held


def _find_holding(starts: Iterable[Start]) -> set[int]:
    keys: set[int] = set()
    field = FreeBlock._meta.get_field("namespace").target_field
    for batch in bulk_insert.batches(starts, _AT_ONCE):
        values: list[Any] = []
        for prefix, namespace_id, address in batch:
            namespace = field.get_db_prep_value(namespace_id or NO_NAMESPACE, connection)
            values += [prefix.network_id, prefix.family, prefix.pk, namespace, to_bytes(address)]
        statement = _HOLDING.format(rows=", ".join(["(%s, %s, %s, %s, %s)"] * len(batch)))
        with connection.cursor() as cursor:
            cursor.execute(statement, [*values, field.get_db_prep_value(NO_NAMESPACE, connection)])
            keys |= {key for (key,) in cursor.fetchall() if key is not None}
    return keys


def _block(
    pk: int, network_id: str, prefix_id: int, namespace_id: UUID | None, family: int, first: Address, length: int
) -> _Block:
    last = first.value + size(Family(family), length) - 1
    return _Block(pk, network_id, prefix_id, namespace_id, Family(family), first.value, last)


def _left_of(block: _Block, taken: Iterable[Range]) -> Iterator[Part]:
    for start, end in gaps(block.first, block.last, taken):
        for cidr in blocks_between(block.family, start, end):
            yield Part(block.network_id, block.prefix_id, block.namespace_id, cidr)
