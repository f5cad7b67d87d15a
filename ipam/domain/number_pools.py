"""Pools of numbers that are handed out by themselves: VNIs and ASNs. Free numbers are rows of ranges."""

from django.db.models import Q

from ipam.models import NumberRange
from ipam.models.guards import POOLS

Pool = NumberRange.Pool
BOUNDS = {pool: (first, last) for pool, first, last in POOLS}


class PoolEmpty(Exception):
    """No number is left; the caller knows the words for it."""


def acquire(pool: Pool) -> int:
    """Take the lowest free number of the pool, at the same cost however many are taken. PoolEmpty if none is left."""
    ranges = NumberRange.objects.filter(pool=pool).order_by("first")
    while True:
        lowest = ranges.select_for_update().first()
        if lowest is not None:
            number: int = lowest.first
            _cut(lowest, number)
            return number
        if not ranges.exists():  # else: who held the last row has put new ones in its place
            raise PoolEmpty


def acquire_exactly(pool: Pool, number: int) -> None:
    """Take this number out of the pool, if it is one of the pool's free numbers."""
    holders = NumberRange.objects.filter(pool=pool, first__lte=number, last__gte=number)
    while holders.exists():  # again, if who held the range has put another in its place
        if holder := holders.select_for_update().first():
            _cut(holder, number)
            return


def release(pool: Pool, number: int) -> None:
    """Give a number back, merged with its free neighbours; numbers outside the pool's bounds are nobody's."""
    lowest, highest = BOUNDS[pool]
    if not lowest <= number <= highest:
        return
    first = last = number
    neighbours = NumberRange.objects.filter(Q(last=number - 1) | Q(first=number + 1), pool=pool)
    for neighbour in neighbours.order_by("pk").select_for_update():
        first, last = min(first, neighbour.first), max(last, neighbour.last)
        neighbour.delete()
    NumberRange.objects.create(pool=pool, first=first, last=last)


def _cut(holder: NumberRange, number: int) -> None:
    """Take `number` out of its range: what is left of it is zero, one or two ranges."""
    below, above = (holder.first, number - 1), (number + 1, holder.last)
    left = [part for part in (below, above) if part[0] <= part[1]]
    if not left:
        holder.delete()
        return
    holder.first, holder.last = left[-1]
    holder.save()
    for first, last in left[:-1]:
        NumberRange.objects.create(pool=holder.pool, first=first, last=last)
