"""Pools of numbers that are handed out by themselves: VNIs and ASNs. Free numbers are rows of ranges.

Whoever draws locks one range and passes over those that others hold, as with free blocks; so a long range is cut
into pieces by whoever draws from it. Whoever gives back waits for nobody.
"""

import functools
import operator
from collections.abc import Collection, Iterator

from django.db import connection
from django.db.models import F, Q, Subquery, Sum

from ipam.domain.core import lookups
from ipam.domain.space.gaps import gaps
from ipam.models import NumberRange
from ipam.models.number_ranges import BOUNDS

Pool = NumberRange.Pool
ASN_BASE = 4_210_000_000  # private 32-bit ASNs (RFC 6996), the base that metal-stack uses


# Of a long range so many pieces are cut at once, of so many numbers each: clients that draw at the same moment.
_PIECES, _PIECE = 8, 64
# The first number of the lowest range that nobody holds. What is cut off of a long one goes into rows of its own.
_DRAW = """
    WITH lowest AS MATERIALIZED (
        SELECT id, first FROM ipam_numberrange WHERE pool = %s ORDER BY first LIMIT 1 {lock}
    )
    UPDATE ipam_numberrange
    SET first = first + 1 + %s * CASE WHEN (last - first - 1) / %s < %s THEN (last - first - 1) / %s ELSE %s END
    WHERE id IN (SELECT id FROM lowest) AND last > first
    RETURNING (SELECT first FROM lowest), first - 1
"""


class PoolEmpty(Exception):
    """No number is left; the caller knows the words for it."""


def acquire(pool: Pool) -> int:
    """Take the lowest free number of the pool that nobody else holds, at the same cost however many are taken.

    PoolEmpty only when none is left: while others hold all that is free, this waits.
    """
    lock = "" if connection.vendor == "sqlite" else "FOR UPDATE SKIP LOCKED"
    with connection.cursor() as cursor:
        cursor.execute(_DRAW.format(lock=lock), [pool, _PIECE, _PIECE, _PIECES, _PIECE, _PIECES])
        drawn = cursor.fetchone()
    if drawn is not None:
        number, last = map(int, drawn)
        cut = range(number + 1, last, _PIECE)
        if cut:
            NumberRange.objects.bulk_create(NumberRange(pool=pool, first=one, last=one + _PIECE - 1) for one in cut)
        return number
    lowest = lookups.lock_first(NumberRange.objects.filter(pool=pool).order_by("first"))
    if lowest is None:
        raise PoolEmpty
    number = int(lowest.first)
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
    held = list(neighbours.select_for_update(skip_locked=True))
    for neighbour in held:
        first, last = min(first, neighbour.first), max(last, neighbour.last)
    for upper in held[1:]:
        upper.delete()
    merged = held[0] if held else NumberRange(pool=pool)
    merged.first, merged.last = first, last
    merged.save()


class Batch:
    """Numbers of a pool for many at once, chosen one by one in memory: those that are `named`, and `count` others."""

    def __init__(self, pool: Pool, named: Collection[int], count: int) -> None:
        self._pool = pool
        self._taken: set[int] = set()
        lowest, highest = BOUNDS[pool]
        inside = [number for number in named if lowest <= number <= highest]
        ranges = NumberRange.objects.filter(pool=pool).order_by("first")
        holding = [Q(first__lte=number, last__gte=number) for number in inside]
        held = [
            *lookups.lock_all(ranges[: count + len(inside)] if count else ranges.none()),
            *lookups.lock_all(ranges.filter(functools.reduce(operator.or_, holding, Q(pk=None)))),
        ]
        self._held = sorted({one.pk: one for one in held}.values(), key=lambda one: one.first)

    def lowest(self) -> int:
        """The lowest free number that was not taken yet; PoolEmpty if none is left."""
        for one in self._held:
            for number in range(one.first, one.last + 1):
                if number not in self._taken:
                    return number
        raise PoolEmpty

    def has(self, number: int) -> bool:
        """Whether a number that was named is free, or outside the pool's bounds, where numbers are nobody's."""
        lowest, highest = BOUNDS[self._pool]
        return not lowest <= number <= highest or any(one.first <= number <= one.last for one in self._held)

    def take(self, number: int) -> None:
        """Take this number, if it is one of the pool's."""
        self._taken.add(number)

    def store(self) -> None:
        """Take what was chosen out of the pool, in two statements."""
        cut = {one.pk: list(_left_of(one, self._taken)) for one in self._held}
        changed = [one for one in self._held if cut[one.pk] != [(one.first, one.last)]]
        NumberRange.objects.filter(pk__in=[one.pk for one in changed]).delete()
        NumberRange.objects.bulk_create(
            NumberRange(pool=self._pool, first=first, last=last) for one in changed for first, last in cut[one.pk]
        )


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


def _left_of(holder: NumberRange, taken: Collection[int]) -> Iterator[tuple[int, int]]:
    """What is left of a range without some numbers."""
    inside = sorted(number for number in taken if holder.first <= number <= holder.last)
    return gaps(holder.first, holder.last, ((number, number) for number in inside))


def _pieces(first: int, last: int) -> Iterator[tuple[int, int]]:
    """A range as some pieces and the rest."""
    for _ in range(_PIECES):
        if last - first < _PIECE:
            break
        yield first, first + _PIECE - 1
        first += _PIECE
    yield first, last
