"""Named addresses out of free space by the thousand: the free blocks around them are read once and split in memory."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from django.db.models import Q
from netaddr import IPAddress as Address

from ipam.addressing import Family, blocks_between, size
from ipam.domain.core import bulk_insert
from ipam.domain.space import free_space
from ipam.domain.space.gaps import gaps
from ipam.models import FreeBlock, Prefix

_MAX_RANGES = 50  # prefixes that one statement looks at by themselves


def acquire_named(wanted: Sequence[tuple[Prefix, Address]]) -> set[tuple[int, int]]:
    """Take those of these addresses that are free, each out of the prefix that it lies in.

    Returns them as (id of the prefix, address as an integer). Half a dozen statements for any number.
    """
    prefixes = {prefix.pk: prefix for prefix, _ in wanted}
    values: dict[int, list[int]] = defaultdict(list)
    for prefix_id, value in sorted({(prefix.pk, address.value) for prefix, address in wanted}):
        values[prefix_id].append(value)
    free_space.lock_all(Prefix.objects.filter(pk__one_of=prefixes.keys()))
    free: set[tuple[int, int]] = set()
    spent: list[int] = []
    left: list[FreeBlock] = []
    for block in _blocks_around(prefixes, values):
        known = values[block.prefix_id]
        if inside := known[bisect_left(known, block.first) : bisect_right(known, block.last)]:
            free |= {(block.prefix_id, value) for value in inside}
            spent.append(block.pk)
            left += _left_of(block, inside)
    FreeBlock.objects.filter(pk__one_of=spent).delete()
    bulk_insert.bulk_insert(FreeBlock, left)
    return free


class _Block(NamedTuple):
    """A free block, as integers: an instance for each would be half of the work."""

    pk: int
    network_id: str
    prefix_id: int
    family: Family
    first: int
    last: int


def _blocks_around(prefixes: Mapping[int, Prefix], values: Mapping[int, Sequence[int]]) -> Iterator[_Block]:
    """The free blocks between the lowest and the highest wanted address of each prefix.

    Of few prefixes each is looked at by itself; of many, those of a family together, so that it stays one statement.
    """
    ends: dict[tuple[Family, int | None], list[int]] = defaultdict(list)
    for prefix_id, inside in values.items():
        ends[prefixes[prefix_id].address_family, prefix_id if len(prefixes) <= _MAX_RANGES else None] += inside
    near = Q(pk=None)
    for (family, only), inside in ends.items():
        near |= _around(family, min(inside), max(inside)) & (Q(prefix=only) if only else Q())
    columns = "pk", "network", "prefix", "family", "first", "length"
    blocks = FreeBlock.objects.filter(near, prefix__in=prefixes.keys()).order_by()
    for pk, network_id, prefix_id, family_, first, length in blocks.values_list(*columns):
        family = Family(family_)
        yield _Block(pk, network_id, prefix_id, family, first.value, first.value + size(family, length) - 1)


def _around(family: Family, lowest: int, highest: int) -> Q:
    """Blocks that start in lowest..highest, or hold `lowest`: then they start where a block around it does."""
    starts = {lowest >> shift << shift for shift in range(family.bits + 1)}
    holding = Q(first__one_of=[Address(start, family.value) for start in starts])
    return holding | Q(first__gt=Address(lowest, family.value), first__lte=Address(highest, family.value))


def _left_of(block: _Block, taken: Iterable[int]) -> list[FreeBlock]:
    parts = [
        part
        for start, end in gaps(block.first, block.last, ((value, value) for value in taken))
        for part in blocks_between(block.family, start, end)
    ]
    return free_space.rows(block.network_id, block.prefix_id, None, parts)
