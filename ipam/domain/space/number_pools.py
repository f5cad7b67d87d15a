"""Pools of numbers that are handed out by themselves: VNIs and ASNs. Free numbers are rows of ranges.

Whoever draws locks one range and passes over those that others hold, as with free blocks; so a long range is cut
into pieces by whoever draws from it. Whoever gives back waits for nobody.
"""

from collections.abc import Iterator

from django.db.models import F, Q, Subquery, Sum

from ipam.domain.core import lookups
from ipam.models import NumberRange
from ipam.models.number_ranges import BOUNDS

Pool = NumberRange.Pool
ASN_BASE = 4_210_000_000  # private 32-bit ASNs (RFC 6996), the base that metal-stack uses


# Of a long range so many pieces are cut at once, of so many numbers each: clients that draw at the same moment.
_PIECES, _PIECE = 8, 64


class PoolEmpty(Exception):
    """No number is left; the caller knows the words for it."""


def acquire(pool: Pool) -> int:
    """Take the lowest free number of the pool that nobody else holds, at the same cost however many are taken.

    PoolEmpty only when none is left: while others hold all that is free, this waits.
    """
    lowest = lookups.lock_first(NumberRange.objects.filter(pool=pool).order_by("first"))
    if lowest is None:
        raise PoolEmpty
    number: int = lowest.first
    _cut(lowest, number)
    return number


def acquire_exactly(pool: Pool, number: int) -> None:
    """Take this number out of the pool, if it is one of the pool's free numbers.

    Whoever holds its range may put others in the place of that: wait, and look again.
    """
    holder = NumberRange.objects.filter(pool=pool, first__lte=number, last__gte=number).order_by("-first")
    while holder.exists():
        if held := holder.select_for_update().first():
            _cut(held, number)
            return


def release(pool: Pool, number: int) -> None:
    """Give a number back; numbers outside the pool's bounds are nobody's.

    It is merged with its free neighbours, but with those that others hold at this moment.
    """
    lowest, highest = BOUNDS[pool]
    if not lowest <= number <= highest:
        return
    ranges = NumberRange.objects.filter(pool=pool)
    below = Subquery(ranges.filter(first__lt=number).order_by("-first").values("pk")[:1])
    neighbours = ranges.filter(Q(pk=below, last=number - 1) | Q(first=number + 1))
    first = last = number
    for neighbour in neighbours.select_for_update(skip_locked=True):
        first, last = min(first, neighbour.first), max(last, neighbour.last)
        neighbour.delete()
    NumberRange.objects.create(pool=pool, first=first, last=last)


def free() -> dict[Pool, int]:
    """How many numbers of each pool are left; one statement."""
    counted = NumberRange.objects.order_by().values("pool").annotate(left=Sum(F("last") - F("first") + 1))
    left = {row["pool"]: row["left"] for row in counted}
    return {pool: left.get(pool, 0) for pool in Pool}


def _cut(holder: NumberRange, number: int) -> None:
    """Take `number` out of its locked range. The row keeps the lowest part of what is left, others are new rows."""
    left = [(holder.first, number - 1), *_pieces(number + 1, holder.last)]
    parts = [(first, last) for first, last in left if first <= last]
    if not parts:
        holder.delete()
        return
    holder.first, holder.last = parts[0]
    holder.save()
    if parts[1:]:
        NumberRange.objects.bulk_create(NumberRange(pool=holder.pool, first=low, last=high) for low, high in parts[1:])


def _pieces(first: int, last: int) -> Iterator[tuple[int, int]]:
    """A range as some pieces and the rest."""
    for _ in range(_PIECES):
        if last - first < _PIECE:
            break
        yield first, first + _PIECE - 1
        first += _PIECE
    yield first, last
