"""What is left of a whole when parts of it are taken, on bare numbers and blocks."""

from ipam.domain.health.rebuilding import free_parts, gaps
from tests.builders import cidrs, ip


def test_gaps_are_what_lies_between() -> None:
    assert list(gaps(0, 9, [(2, 3), (4, 4), (7, 7)])) == [(0, 1), (5, 6), (8, 9)]


def test_nothing_is_left_of_what_is_taken_wholly() -> None:
    assert list(gaps(0, 9, [(0, 9)])) == []


def test_damaged_ranges_that_overlap_or_lie_outside_leave_no_false_gap() -> None:
    assert list(gaps(0, 9, [(-3, -1), (0, 5), (2, 3), (12, 14)])) == [(6, 9)]


def test_reserved_addresses_are_left_out_of_free_space() -> None:
    (prefix,) = cidrs("192.0.2.0/29")
    taken = [(ip("192.0.2.3").value, ip("192.0.2.3").value)]
    assert free_parts(prefix, taken, is_super=False) == cidrs(
        "192.0.2.1/32", "192.0.2.2/32", "192.0.2.4/31", "192.0.2.6/32"
    )


def test_super_network_gives_its_prefix_as_a_whole() -> None:
    assert free_parts(*cidrs("192.0.2.0/29"), [], is_super=True) == cidrs("192.0.2.0/29")
