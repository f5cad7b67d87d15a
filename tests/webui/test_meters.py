"""Counts as people read them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam.addressing import Family
from ipam.domain.space.utilization import FamilyUse
from ipam.models import Prefix
from tests.builders import cidrs, ip
from webui import network_rows
from webui.meters import Meter, PrefixMeter, humanize, percent, sparkline, summary, units


def use(family: Family = Family.IPV4, **changes: object) -> FamilyUse:
    counts = {"total_ips": 256, "reserved_ips": 2, "available_ips": 254, "used_prefixes": 0, "available_prefixes": None}
    return FamilyUse(family=family, **counts | changes)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (1022, "1,022"),
        (4_294_967_291, "4.29 billion"),
        (2_000_000, "2 million"),
        (2**64, "1.84 × 10¹⁹"),
        (999_499_999, "999 million"),
        (999_500_000, "1 billion"),
        (10**15 - 1, "1.00 × 10¹⁵"),
    ],
)
def test_human_counts_are_short(count: int, text: str) -> None:
    assert humanize(count) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (1e-9, "< 0.1 %"), (0.5, "50 %"), (0.9999, "> 99.9 %"), (1, "100 %")]
)
def test_percentage_never_pretends_nothing_or_everything(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("family", "count", "text"),
    [
        (Family.IPV4, 0, "0 addresses"),
        (Family.IPV4, 1, "1 address"),
        (Family.IPV4, 1022, "1,022 addresses"),
        (Family.IPV4, 2**32, "4.29 billion addresses"),
        (Family.IPV6, 2**32 - 1, "4.29 billion addresses"),
        (Family.IPV6, 2**48, "281 trillion addresses"),
        (Family.IPV6, 2**60, "1.15 × 10¹⁸ addresses"),
        (Family.IPV6, 2**63, "≈ 0.5 /64"),
        (Family.IPV6, 2**64 - 2, "≈ 1 /64"),
        (Family.IPV6, 2**64, "≈ 1 /64"),
        (Family.IPV6, 3 * 2**63, "≈ 1.5 /64s"),
        (Family.IPV6, 2**65, "≈ 2 /64s"),
        (Family.IPV6, 2**80 - 1, "≈ 65,536 /64s"),
        (Family.IPV6, 2**128, "≈ 1.84 × 10¹⁹ /64s"),
    ],
)
def test_large_ipv6_space_is_counted_in_64s(family: Family, count: int, text: str) -> None:
    assert units(family, count) == text


@given(st.integers(0, 2**128))
def test_ipv6_space_is_counted_in_addresses_or_64s_and_in_nothing_else(count: int) -> None:
    assert units(Family.IPV6, count).rpartition(" ")[2] in ("address", "addresses", "/64", "/64s")


# --- the prefixes of a network ----------------------------------------------------------------------
def prefix_meter(**counts: int | None) -> PrefixMeter:
    (cidr,) = cidrs("2001:db8::/64")
    prefix = Prefix(family=cidr.version, first=ip(str(cidr.network)), last=ip(str(cidr[-1])), length=cidr.prefixlen)
    shown = use(Family.IPV6, total_ips=2**64, **counts)
    return PrefixMeter(prefix, Meter(shown, None if shown.available_prefixes is None else 96))


def test_prefix_of_a_super_is_counted_in_children_of_the_default_length() -> None:
    meter = prefix_meter(reserved_ips=0, available_ips=2**63, used_prefixes=1, available_prefixes=2**31)
    assert meter.left == "2.15 billion × /96 left"
    assert meter.exact == (
        "2001:db8::/64: 9,223,372,036,854,775,808 of 18,446,744,073,709,551,616 addresses taken (50 %), "
        "9,223,372,036,854,775,808 free; 1 child, room for 2,147,483,648 of /96."
    )


def test_prefix_that_gives_addresses_is_counted_in_64s_and_exactly_on_hover() -> None:
    meter = prefix_meter(reserved_ips=1, available_ips=2**64 - 2)
    assert (meter.left, meter.width) == ("≈ 1 /64 left", 0.8)
    assert meter.exact.endswith("addresses taken (< 0.1 %), 18,446,744,073,709,551,614 free.")


def test_meter_of_anything_taken_is_seen() -> None:
    taken = use(Family.IPV6, total_ips=2**64, reserved_ips=1, available_ips=2**64 - 2)
    assert Meter(taken).width == 0.8


def test_meter_says_that_it_fills_up_in_words() -> None:
    assert Meter(use(available_ips=30)).state_text == "▲ filling up"


def test_verdict_names_the_family_that_runs_out_first() -> None:
    uses = [use(available_ips=37), use(Family.IPV6, available_ips=2**64)]
    assert summary(uses, is_super=False) == "Room for 37 more pairs; IPv4 runs out first"


def test_verdict_on_the_page_of_a_network_says_in_what_time_the_first_family_runs_out() -> None:
    both = [use(available_ips=37), use(Family.IPV6, available_ips=2**64)]
    soon, later = (network_rows.Lane(one.family, [], Meter(one), "bad", "3–6 days", "2–5 Dec") for one in both)
    assert network_rows.verdict([soon, later], is_super=False) == (
        "Room for 37 more pairs; IPv4 runs out first, in 3–6 days"
    )
    undated = replace(soon, when="too new", by="")
    assert network_rows.verdict([undated, later], is_super=False) == "Room for 37 more pairs; IPv4 runs out first"


def test_verdict_of_one_family_names_none() -> None:
    assert summary([use(available_ips=1)], is_super=False) == "Room for 1 more address"


def test_verdict_of_a_super_counts_children() -> None:
    uses = [use(available_prefixes=59), use(Family.IPV6, available_prefixes=2**32)]
    assert summary(uses, is_super=True) == "Room for 59 more dual-stack children; IPv4 runs out first"


# --- sparklines -----------------------------------------------------------------------------------
def test_sparkline_ends_at_the_right_and_its_top_is_full() -> None:
    assert sparkline([0, 5, 10], 10) == "M88 19H89V10H90V1H90"


def test_sparkline_says_a_height_once() -> None:
    assert sparkline([3] * 91, 10) == "M0 14H90"


@pytest.mark.parametrize(("values", "most"), [([], 10), ([1], 10), ([1, 2], 0)])
def test_nothing_is_drawn_of_what_has_no_past_or_no_room(values: list[int], most: int) -> None:
    assert sparkline(values, most) == ""


@given(values=st.lists(st.integers(0, 2**128), min_size=2, max_size=91), most=st.integers(1, 2**128))
def test_sparkline_stays_in_its_box(values: list[int], most: int) -> None:
    first, *steps = sparkline(values, most)[1:].split("H")
    heights = [int(first.split()[1]), *(int(one.split("V")[1]) for one in steps[:-1])]
    assert all(1 <= y <= 19 for y in heights)
    assert len(sparkline(values, most)) < 700


def test_meter_of_a_network_has_its_days_and_ends_with_now() -> None:
    assert Meter(use(available_ips=127), days=[0, 0]).spark == "M88 19H90V10H90"
