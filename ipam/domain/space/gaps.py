"""What ranges leave free of a block. Arithmetic only: no database."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge

from netaddr import IPAddress, IPNetwork

from ipam.addressing import Family, block, blocks_between, split_around
from ipam.domain.space import usable_space

Range = tuple[int, int]  # first and last, inclusive


def gaps(first: int, last: int, taken: Iterable[Range]) -> Iterator[Range]:
    """What is left of first..last without the `taken` ranges, which come in ascending order."""
    for taken_first, taken_last in taken:
        if first < taken_first and first <= last:
            yield first, min(taken_first - 1, last)
        first = max(first, taken_last + 1)
    if first <= last:
        yield first, last


def free_parts(
    cidr: IPNetwork, taken: Iterable[Range], *, is_super: bool, gateway: IPAddress | None = None
) -> list[IPNetwork]:
    """The free space of a prefix as maximal aligned blocks; `taken` are its addresses or children, ascending.

    What of a prefix can be taken at all, says `usable_space`.
    """
    held_back = usable_space.held_back(cidr, is_super=is_super, gateway=gateway)
    free = gaps(cidr.first, cidr.last, merge(taken, held_back))
    return [part for first, last in free for part in blocks_between(Family.of(cidr), first, last)]


def free_range(sources: Iterable[IPNetwork], taken: Sequence[IPNetwork], length: int) -> IPNetwork | None:
    """The start of the block to take, of prefix length `length`; None when no source has room for it.

    Sources are tried in order, and inside one best fit: of the free blocks that are large enough the smallest, of
    those the lowest.
    """
    for source in sources:
        fitting = [one for one in free_blocks(source, taken) if one.prefixlen <= length]
        if fitting:
            chosen = max(fitting, key=lambda one: (one.prefixlen, -one.first))
            return block(Family.of(source), chosen.first, length)
    return None


def free_blocks(source: IPNetwork, taken: Iterable[IPNetwork]) -> list[IPNetwork]:
    """What is left of `source` without the blocks that are taken, as maximal aligned blocks."""
    free = [source]
    for held in taken:
        free = [part for one in free for part in _without(one, held)]
    return free


def _without(free: IPNetwork, held: IPNetwork) -> list[IPNetwork]:
    if free in held:
        return []
    return split_around(free, held) if held in free else [free]
