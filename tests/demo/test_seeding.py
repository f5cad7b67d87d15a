"""How many addresses each network of an invented cloud gets."""

import pytest

from ipam import errors
from ipam.demo.seeding import shares


def test_shares_follow_the_weights() -> None:
    assert shares(100, [1, 3], [100, 100]) == [25, 75]


def test_shares_add_up_although_weights_do_not_divide() -> None:
    assert sum(shares(100, [1, 1, 1], [100, 100, 100])) == 100


def test_what_one_cannot_hold_goes_to_the_others() -> None:
    assert shares(100, [1, 1], [10, 100]) == [10, 90]


def test_nothing_is_shared_as_nothing() -> None:
    assert shares(0, [1, 1], [10, 10]) == [0, 0]


def test_more_than_all_can_hold_is_refused() -> None:
    with pytest.raises(errors.Exhausted):
        shares(21, [1, 1], [10, 10])
