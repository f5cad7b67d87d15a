"""Addresses come back as they went in, and their order in the database is address order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.domain.networks import networks
from ipam.fields import AddressField, from_bytes, text_of, to_bytes
from ipam.models import FreeBlock, Network, Prefix
from tests.builders import cidrs, external, ip
from tests.shared import shared_fixture

ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda value: Address(value, 4)),
    st.integers(0, 2**128 - 1).map(lambda value: Address(value, 6)),
    st.lists(st.sampled_from(["0", "0", "1", "ffff", "ff"]), min_size=8, max_size=8).map(":".join).map(Address),
)
EDGES = ["0.0.0.0", "0.0.0.1", "10.0.0.9", "10.0.0.10", "127.255.255.255", "128.0.0.0", "255.255.255.255",
         "::", "::1", "::a00:9", "7fff::", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]  # fmt: skip


@shared_fixture
def prefix(internet: Network) -> Prefix:
    FreeBlock.objects.all().delete()
    return internet.prefixes.in_order()[0]


def store(prefix: Prefix, addresses: list[Address]) -> None:
    FreeBlock.objects.all().delete()
    FreeBlock.objects.bulk_create(
        FreeBlock(network=prefix.network, prefix=prefix, family=address.version, first=address, length=32)
        for address in addresses
    )


@given(ADDRESSES)
def test_bytes_are_the_family_and_the_address_and_give_its_text(address: Address) -> None:
    assert (to_bytes(address)[0], len(to_bytes(address))) == (address.version, 5 if address.version == 4 else 17)
    assert from_bytes(to_bytes(address)) == address
    assert text_of(to_bytes(address)) == str(address)


@given(wanted=st.lists(ADDRESSES, unique=True, max_size=20))
def test_database_order_is_address_order_with_ipv4_first(wanted: list[Address], prefix: Prefix) -> None:
    store(prefix, wanted)
    found = list(FreeBlock.objects.order_by("first").values_list("first", flat=True))
    assert found == sorted(wanted, key=lambda address: (address.version, address.value))


def test_edges_are_in_order(prefix: Prefix) -> None:
    edges = [Address(text) for text in EDGES]
    store(prefix, edges[::-1])
    assert [free.first for free in FreeBlock.objects.order_by("first")] == edges


@given(wanted=st.lists(ADDRESSES, unique=True, max_size=20), border=ADDRESSES)
def test_comparison_in_the_database_is_comparison_of_addresses(
    wanted: list[Address], border: Address, prefix: Prefix
) -> None:
    store(prefix, wanted)
    found = set(FreeBlock.objects.filter(first__lte=border).values_list("first", flat=True))
    assert found == {
        address for address in wanted if (address.version, address.value) <= (border.version, border.value)
    }


@pytest.mark.parametrize("text", EDGES)
def test_address_comes_back_as_it_went_in(text: str, prefix: Prefix) -> None:
    store(prefix, [Address(text)])
    assert FreeBlock.objects.get().first == Address(text)


@pytest.mark.parametrize("value", [None, ip("10.0.0.1"), "10.0.0.1", b"\x04\x0a\x00\x00\x01"])
def test_field_reads_addresses_text_and_bytes(value: Any) -> None:
    assert AddressField().to_python(value) == (None if value is None else ip("10.0.0.1"))


def test_text_that_is_no_address_finds_no_way_into_the_database(db: None) -> None:
    with pytest.raises(ValueError, match=r"write 10\.0\.0\.0 instead"):
        list(Prefix.objects.filter(first__lte="10.0.0"))


@shared_fixture
def three() -> Network:
    wanted = cidrs("10.0.0.0/24", "10.0.2.0/24", "2001:db8::/64")
    return networks.create(external(prefixes=wanted, destination_prefixes=()))


@pytest.mark.parametrize(
    ("cidr", "overlapping", "within"),
    [
        ("10.0.0.0/16", ["10.0.0.0/24", "10.0.2.0/24"], ["10.0.0.0/24", "10.0.2.0/24"]),
        ("10.0.0.128/25", ["10.0.0.0/24"], []),
        ("10.0.1.0/24", [], []),
        ("10.0.2.0/24", ["10.0.2.0/24"], ["10.0.2.0/24"]),
        ("::/0", ["2001:db8::/64"], ["2001:db8::/64"]),
        ("0.0.0.0/0", ["10.0.0.0/24", "10.0.2.0/24"], ["10.0.0.0/24", "10.0.2.0/24"]),
    ],
)
def test_overlap_and_containment_are_range_comparisons(
    cidr: str, overlapping: list[str], within: list[str], three: Network
) -> None:
    found = Prefix.objects.in_order()
    assert [str(one) for one in found.overlapping(IPNetwork(cidr))] == overlapping
    assert [str(one) for one in found.within(IPNetwork(cidr))] == within


def test_prefix_that_contains_an_address_is_found(three: Network) -> None:
    assert [str(one) for one in Prefix.objects.containing_address(ip("10.0.2.255"))] == ["10.0.2.0/24"]
