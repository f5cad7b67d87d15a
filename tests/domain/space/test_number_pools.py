"""Rules 7 and 33: numbers that are handed out by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import Pool, PoolEmpty
from ipam.models import NumberRange


def shrink(pool: Pool, first: int, last: int) -> None:
    NumberRange.objects.filter(pool=pool).update(first=first, last=last)


def ranges(pool: Pool) -> list[tuple[int, int]]:
    return list(NumberRange.objects.filter(pool=pool).order_by("first").values_list("first", "last"))


def test_new_pools_are_full(db: None) -> None:
    assert [ranges(pool) for pool in Pool] == [[(1, 131_072)], [(1, 131_072)]]


def test_lowest_free_number_is_taken(db: None) -> None:
    assert [number_pools.acquire(Pool.VRF) for _ in range(3)] == [1, 2, 3]


def test_pools_do_not_touch_each_other(db: None) -> None:
    number_pools.acquire(Pool.VRF)
    assert number_pools.acquire(Pool.ASN) == 1


def test_last_number_empties_the_pool(db: None) -> None:
    shrink(Pool.VRF, 131_072, 131_072)
    assert number_pools.acquire(Pool.VRF) == 131_072
    with pytest.raises(PoolEmpty):
        number_pools.acquire(Pool.VRF)


@pytest.mark.parametrize(
    ("number", "left"),
    [(1, [(2, 9)]), (9, [(1, 8)]), (5, [(1, 4), (6, 9)]), (10, [(1, 9)])],
)
def test_number_that_is_named_leaves_the_pool(number: int, left: list[tuple[int, int]], db: None) -> None:
    shrink(Pool.VRF, 1, 9)
    number_pools.acquire_exactly(Pool.VRF, number)
    assert ranges(Pool.VRF) == left


def test_released_number_merges_with_its_neighbours(db: None) -> None:
    shrink(Pool.VRF, 1, 9)
    for _ in range(3):
        number_pools.acquire(Pool.VRF)
    for number in (1, 3, 2):
        number_pools.release(Pool.VRF, number)
    assert ranges(Pool.VRF) == [(1, 9)]


def test_long_range_is_cut_into_pieces_for_those_who_draw_at_the_same_moment(db: None) -> None:
    shrink(Pool.VRF, 1, 1000)
    number_pools.acquire(Pool.VRF)
    assert ranges(Pool.VRF) == [*((first, first + 63) for first in range(2, 514, 64)), (514, 1000)]


@pytest.mark.parametrize("number", [0, 131_073, 16_777_215])
def test_number_beyond_the_pool_is_nobodys(number: int, db: None) -> None:
    number_pools.release(Pool.VRF, number)
    assert ranges(Pool.VRF) == [(1, 131_072)]


@given(steps=st.lists(st.integers(1, 12), max_size=30))
def test_free_and_taken_numbers_are_the_pool(steps: list[int], db: None) -> None:
    shrink_to(12)
    taken: set[int] = set()
    for number in steps:
        if number in taken:
            number_pools.release(Pool.ASN, number)
            taken.remove(number)
        else:
            number_pools.acquire_exactly(Pool.ASN, number)
            taken.add(number)
    free = [number for first, last in ranges(Pool.ASN) for number in range(first, last + 1)]
    assert sorted([*free, *taken]) == list(range(1, 13))


def shrink_to(last: int) -> None:
    NumberRange.objects.filter(pool=Pool.ASN).delete()
    NumberRange.objects.create(pool=Pool.ASN, first=1, last=last)
