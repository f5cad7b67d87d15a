"""Addresses as people read them: what they share stands back, what changes stands out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPAddress, IPNetwork

from ipam.domain.networks import addresses
from ipam.models import IPAddress as TakenAddress
from ipam.models import Network, Prefix, Project
from webui.templatetags.addresses import first_of, full_form, half, neighbourhood, parts, shared_start


@pytest.mark.parametrize(
    ("cidr", "start"),
    [
        ("10.0.0.0/22", "10.0."),
        ("10.0.0.0/24", "10.0.0."),
        ("10.0.0.128/25", "10.0.0."),
        ("10.0.0.1/32", "10.0.0."),
        ("0.0.0.0/0", ""),
        ("100.0.0.0/6", ""),
        ("2001:db8:0:10::/64", "2001:db8:0:10:"),
        ("2001:db8:1::/48", "2001:db8:1:"),
        ("::/0", ""),
    ],
)
def test_shared_start_ends_at_a_separator(cidr: str, start: str) -> None:
    assert shared_start(IPNetwork(cidr)) == start


@st.composite
def places(draw: st.DrawFn) -> tuple[IPNetwork, IPAddress]:
    """A prefix of either family, and an address in it."""
    version, bits = draw(st.sampled_from([(4, 32), (6, 128)]))
    value = draw(st.integers(0, 2**bits - 1))
    length = draw(st.integers(0, bits))
    cidr = IPNetwork((value, length), version=version).cidr
    return cidr, IPAddress(draw(st.integers(cidr.first, cidr.last)), version)


@given(places())
def test_every_address_of_a_prefix_begins_with_its_shared_start_or_shows_no_fixed_part(
    place: tuple[IPNetwork, IPAddress],
) -> None:
    cidr, one = place
    taken = TakenAddress(address=one, family=one.version)
    taken.prefix = _prefix(cidr)
    fixed, changing = parts(taken)
    assert fixed + changing == str(one)
    assert fixed in ("", shared_start(cidr))
    assert (fixed != "") == (shared_start(cidr) != "" and str(one).startswith(shared_start(cidr)))


def _prefix(cidr: IPNetwork) -> Prefix:
    family = cidr.version
    first, last = (IPAddress(end, family) for end in (cidr.first, cidr.last))
    return Prefix(first=first, last=last, length=cidr.prefixlen, family=family)


@given(places())
def test_full_form_is_the_same_address_with_all_digits(place: tuple[IPNetwork, IPAddress]) -> None:
    _, one = place
    assert IPAddress(full_form(one)) == one
    assert len(full_form(one)) == (39 if one.version == 6 else len(str(one)))


def test_full_form_of_a_cidr_keeps_its_length() -> None:
    assert full_form("2001:db8::/64") == "2001:0db8:0000:0000:0000:0000:0000:0000/64"


def test_text_and_addresses_without_their_prefix_have_no_fixed_part(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    fetched = list(TakenAddress.objects.all())
    assert [parts(one)[0] for one in [*fetched, "10.0.0.1"]] == ["", "", ""]


def test_address_with_its_prefix_stands_out_by_its_last_part(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    with_prefix = TakenAddress.objects.select_related("prefix")
    assert list(map(parts, with_prefix)) == [("203.0.113.", "129"), ("2001:db8:0:113:", ":1")]


def test_neighbourhood_is_the_last_zoom_of_the_map(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    held = TakenAddress.objects.select_related("prefix")
    assert [str(neighbourhood(one)) for one in held] == ["203.0.113.128/25", "2001:db8:0:113::/120"]


@pytest.mark.parametrize(("held", "said"), [(0, "—"), (1, "10.0.0.0</b>"), (3, 'title="10.0.0.1, 10.0.0.2">+2</span>')])
def test_machine_shows_its_first_address_of_a_family_and_how_many_more(held: int, said: str) -> None:
    shown = first_of([f"10.0.0.{number}" for number in range(held)])
    assert said in shown
    assert shown.count("<b ") == min(held, 1)


def test_half_of_a_pair_leads_to_its_page_in_the_colour_of_its_family(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    shown = [half(one) for one in TakenAddress.objects.all()]
    assert [
        one.pk.hex in text.replace("-", "") for one, text in zip(TakenAddress.objects.all(), shown, strict=True)
    ] == [True] * 2
    assert ["family-ipv4" in text for text in shown] == [True, False]


def test_half_that_is_missing_is_a_dash() -> None:
    assert half(None) == '<span class="soft">—</span>'
