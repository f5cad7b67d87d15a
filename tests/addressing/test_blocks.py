"""The arithmetic of aligned blocks, for both families alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork, IPSet

from ipam.addressing import (
    Family,
    block,
    blocks_between,
    buddies,
    fitting,
    host,
    merge,
    reserved_addresses,
    size,
    split_around,
    usable_blocks,
    utilization,
)
from ipam.values import parse_address


@st.composite
def prefixes(draw: st.DrawFn, shortest: int = 0) -> IPNetwork:
    family = draw(st.sampled_from(Family))
    length = draw(st.integers(shortest, family.bits))
    value = draw(st.integers(0, 2**family.bits - 1))
    return IPNetwork((value, length), version=family.value).cidr


@st.composite
def block_inside(draw: st.DrawFn) -> tuple[IPNetwork, IPNetwork]:
    whole = draw(prefixes())
    length = draw(st.integers(whole.prefixlen, Family.of(whole).bits))
    value = draw(st.integers(whole.first, whole.last))
    return whole, IPNetwork((value, length), version=whole.version).cidr


@st.composite
def small_prefix_with_taken(draw: st.DrawFn) -> tuple[IPNetwork, set[int]]:
    whole = draw(st.sampled_from([IPNetwork("10.0.0.0/27"), IPNetwork("2001:db8::/123")]))
    return whole, draw(st.sets(st.integers(whole.first, whole.last)))


@pytest.mark.parametrize(
    ("cidr", "reserved"),
    [
        ("10.0.0.0/24", ["10.0.0.0", "10.0.0.255"]),
        ("10.0.0.4/30", ["10.0.0.4", "10.0.0.7"]),
        ("10.0.0.4/31", []),
        ("10.0.0.4/32", []),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"]),
        ("2001:db8::/64", ["2001:db8::"]),
        ("2001:db8::4/126", ["2001:db8::4"]),
        ("2001:db8::4/127", []),
        ("2001:db8::4/128", []),
    ],
)
def test_reserved_addresses_of(cidr: str, reserved: list[str]) -> None:
    assert [str(address) for address in reserved_addresses(IPNetwork(cidr))] == reserved


@pytest.mark.parametrize(
    ("cidr", "usable"),
    [
        ("10.0.0.0/29", ["10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32"]),
        ("10.0.0.0/30", ["10.0.0.1/32", "10.0.0.2/32"]),
        ("10.0.0.0/31", ["10.0.0.0/31"]),
        ("10.0.0.0/32", ["10.0.0.0/32"]),
        ("2001:db8::/125", ["2001:db8::1/128", "2001:db8::2/127", "2001:db8::4/126"]),
        ("2001:db8::/127", ["2001:db8::/127"]),
    ],
)
def test_usable_blocks_of(cidr: str, usable: list[str]) -> None:
    assert [str(part) for part in usable_blocks(IPNetwork(cidr))] == usable


@given(prefixes())
def test_usable_and_reserved_addresses_are_the_prefix(cidr: IPNetwork) -> None:
    reserved = [host(address) for address in reserved_addresses(cidr)]
    assert IPSet([*usable_blocks(cidr), *reserved]) == IPSet([cidr])
    assert sum(part.size for part in [*usable_blocks(cidr), *reserved]) == cidr.size


@given(prefixes())
def test_usable_blocks_are_aligned_and_ascending(cidr: IPNetwork) -> None:
    parts = usable_blocks(cidr)
    assert all(part == part.cidr for part in parts)
    assert parts == sorted(parts, key=lambda part: part.first)


@given(block_inside())
def test_splitting_around_a_block_leaves_exactly_the_rest(pair: tuple[IPNetwork, IPNetwork]) -> None:
    whole, taken = pair
    left = split_around(whole, taken)
    assert IPSet(left) == IPSet([whole]) - IPSet([taken])
    assert sum(part.size for part in left) == whole.size - taken.size


@given(block_inside())
def test_splitting_leaves_as_few_blocks_as_can_be(pair: tuple[IPNetwork, IPNetwork]) -> None:
    whole, taken = pair
    assert sorted(part.prefixlen for part in split_around(whole, taken)) == list(
        range(whole.prefixlen + 1, taken.prefixlen + 1)
    )


def test_buddies_reach_up_to_the_prefix_and_no_further() -> None:
    found = buddies(IPNetwork("10.0.0.8/32"), 28)
    assert [str(buddy) for buddy in found] == ["10.0.0.9/32", "10.0.0.10/31", "10.0.0.12/30", "10.0.0.0/29"]


@given(block_inside())
def test_a_block_and_its_buddies_are_the_prefix(pair: tuple[IPNetwork, IPNetwork]) -> None:
    whole, part = pair
    assert IPSet([part, *buddies(part, whole.prefixlen)]) == IPSet([whole])


@given(small_prefix_with_taken(), st.data())
def test_merging_leaves_the_blocks_that_a_fresh_computation_gives(
    case: tuple[IPNetwork, set[int]], data: st.DataObject
) -> None:
    whole, taken = case
    released = data.draw(st.sets(st.sampled_from(sorted(taken)))) if taken else set()
    before = _free(whole, taken)
    bits = Family.of(whole).bits
    gone, new = merge([block(Family.of(whole), value, bits) for value in released], before, whole.prefixlen)
    assert (before - gone) | new == _free(whole, taken - released)


def test_merging_stops_at_the_prefix() -> None:
    gone, new = merge([IPNetwork("10.0.0.0/25")], {IPNetwork("10.0.0.128/25"), IPNetwork("10.0.1.0/24")}, 24)
    assert (gone, new) == ({IPNetwork("10.0.0.128/25")}, {IPNetwork("10.0.0.0/24")})


def test_block_that_is_released_twice_in_parts_becomes_one() -> None:
    halves = [IPNetwork("10.0.0.0/32"), IPNetwork("10.0.0.1/32")]
    assert merge(halves, [], 24) == (set(), {IPNetwork("10.0.0.0/31")})


def test_no_block_lies_between_an_address_and_the_one_before_it() -> None:
    assert blocks_between(Family.IPV4, 10, 9) == []


@pytest.mark.parametrize(
    ("lengths", "wanted", "fits"),
    [({24: 1}, 26, 4), ({24: 1, 26: 3}, 26, 7), ({28: 5}, 26, 0), ({}, 26, 0), ({0: 1}, 128, 2**128)],
)
def test_fitting_counts_blocks_of_a_length(lengths: dict[int, int], wanted: int, fits: int) -> None:
    assert fitting(lengths, wanted) == fits


def test_sizes_are_exact_at_any_length() -> None:
    assert [size(Family.IPV4, 24), size(Family.IPV6, 0)] == [256, 2**128]


def test_host_of_an_address_is_the_block_of_just_it() -> None:
    assert [str(host(parse_address(text))) for text in ("10.0.0.1", "2001:db8::1")] == [
        "10.0.0.1/32",
        "2001:db8::1/128",
    ]


def test_nothing_is_used_of_nothing() -> None:
    assert [utilization(0, 0), utilization(1, 4)] == [0.0, 0.25]


def _free(whole: IPNetwork, taken: set[int]) -> set[IPNetwork]:
    left = IPSet([whole]) - IPSet([block(Family.of(whole), value, Family.of(whole).bits) for value in taken])
    return set(left.iter_cidrs())
