"""Pools of numbers that are handed out by themselves: VNIs and ASNs. Free numbers are rows of ranges."""

from django.db.models import F, Q, Sum

from ipam.models import NumberRange
from ipam.models.guards import POOLS

Pool = NumberRange.Pool
BOUNDS = {pool: (first, last) for pool, first, last in POOLS}


class PoolEmpty(Exception):
    """No number is left; the caller knows the words for it."""


def acquire(pool: Pool) -> int:
    """Take the lowest free number of the pool, at the same cost however many are taken. PoolEmpty if none is left."""
    lowest = _lock(pool)
    if lowest is None:
        raise PoolEmpty
    number: int = lowest.first
    _cut(lowest, number)
    return number


def acquire_exactly(pool: Pool, number: int) -> None:
    """Take this number out of the pool, if it is one of the pool's free numbers."""
    _lock(pool)
    holder = NumberRange.objects.filter(pool=pool, first__lte=number, last__gte=number).first()
    if holder is not None:
        _cut(holder, number)


def release(pool: Pool, number: int) -> None:
    """Give a number back, merged with its free neighbours; numbers outside the pool's bounds are nobody's."""
    lowest, highest = BOUNDS[pool]
    if not lowest <= number <= highest:
        return
    _lock(pool)
    first = last = number
    for neighbour in NumberRange.objects.filter(Q(last=number - 1) | Q(first=number + 1), pool=pool):
        first, last = min(first, neighbour.first), max(last, neighbour.last)
        neighbour.delete()
    NumberRange.objects.create(pool=pool, first=first, last=last)


def free() -> dict[Pool, int]:
    """How many numbers of each pool are left; one statement."""
    counted = NumberRange.objects.order_by().values("pool").annotate(left=Sum(F("last") - F("first") + 1))
    left = {row["pool"]: row["left"] for row in counted}
    return {pool: left.get(pool, 0) for pool in Pool}


def _lock(pool: Pool) -> NumberRange | None:
    """The lowest range, locked: whoever changes the pool holds it, so that changes take turns. None for an empty pool.

    Whoever held it may have put another in its place: look until it is the one that is held.
    """
    ranges = NumberRange.objects.filter(pool=pool).order_by("first")
    while lowest := ranges.first():
        held = ranges.filter(pk=lowest.pk).select_for_update().first()
        if held is not None and held == ranges.first():
            return held
    return None


def _cut(holder: NumberRange, number: int) -> None:
    """Take `number` out of its range: what is left of it is zero, one or two ranges. The row keeps the lower one."""
    below, above = (holder.first, number - 1), (number + 1, holder.last)
    left = [part for part in (below, above) if part[0] <= part[1]]
    if not left:
        holder.delete()
        return
    holder.first, holder.last = left[0]
    holder.save()
    for first, last in left[1:]:
        NumberRange.objects.create(pool=holder.pool, first=first, last=last)
