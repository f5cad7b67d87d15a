"""What a text in the search box of a list means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork

from ipam.addressing import Family, block
from ipam.domain import addresses, machines, narrowing
from ipam.domain.machines import Attachment
from ipam.models import FreeBlock, IPAddress, Machine, Network, Partition, Prefix, Project
from tests.builders import ip
from tests.shared import shared_fixture


@shared_fixture
def vpn(internet: Network, project: Project) -> IPAddress:
    (address,) = addresses.allocate(internet, project=project, name="vpn", addresses=[ip("203.0.113.200")])
    return address


@pytest.mark.parametrize("text", ["203.0.113.200", "203.0.113.192/26", "203.0.", "VPN"])
def test_address_is_found_by_itself_a_block_or_its_name(text: str, vpn: IPAddress) -> None:
    assert list(narrowing.addresses(IPAddress.objects.all(), text)) == [vpn]


@pytest.mark.parametrize("text", ["203.0.113.201", "2001:db8:", "somebody"])
def test_address_elsewhere_is_not_found(text: str, vpn: IPAddress) -> None:
    assert list(narrowing.addresses(IPAddress.objects.all(), text)) == []


@pytest.mark.parametrize("text", ["203.0.113.200", "203.0.0.0/16", "203.0.113.192/26"])
def test_prefix_is_found_by_what_it_shares_an_address_with(text: str, internet: Network, tenants: Network) -> None:
    assert list(map(str, narrowing.prefixes(Prefix.objects.all(), text))) == ["203.0.113.128/25"]


def test_prefix_is_found_by_its_network(internet: Network, tenants: Network) -> None:
    assert set(narrowing.prefixes(Prefix.objects.all(), "INTER")) == set(internet.prefixes.all())


@pytest.mark.parametrize("text", ["10.0.3.0/24", "tenants", "2001:db8:0:10::9"])
def test_network_is_found_by_address_and_by_id(text: str, internet: Network, tenants: Network) -> None:
    assert list(narrowing.networks(Network.objects.all(), text)) == [tenants]


def test_machine_is_found_by_address_asn_and_name(private: Network, project: Project, partition: Partition) -> None:
    here = {"project": project, "partition": partition, "networks": [Attachment(network=private)]}
    first, second = machines.allocate(name="alpha", **here), machines.allocate(name="bravo", **here)
    asked = ["10.0.0.1", str(second.asn), "bravo"]
    found = [list(narrowing.machines(Machine.objects.all(), text)) for text in asked]
    assert found == [[first], [second], [second]]


def test_free_block_is_found_by_an_address_in_it_and_by_its_network(vpn: IPAddress, internet: Network) -> None:
    found = narrowing.free_blocks(FreeBlock.objects.all(), "203.0.113.205")
    assert list(map(str, found)) == ["203.0.113.204/30"]
    assert set(narrowing.free_blocks(FreeBlock.objects.all(), "intern")) == set(internet.free_blocks.all())


def test_free_blocks_of_many_prefixes_are_found_as_well(
    internet: Network, tenants: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(narrowing, "_FEW", 0)
    assert list(map(str, narrowing.free_blocks(FreeBlock.objects.all(), "10.0.9.9"))) == ["10.0.0.0/16"]


@given(data=st.data())
def test_free_blocks_that_share_an_address_are_exactly_those_found(data: st.DataObject, vpn: IPAddress) -> None:
    length = data.draw(st.integers(20, 32))
    asked = block(Family.IPV4, ip("203.0.113.128").value + data.draw(st.integers(-200, 200)), length).cidr
    found = {free.cidr for free in FreeBlock.objects.overlapping(asked)}
    assert found == {free.cidr for free in FreeBlock.objects.all() if share(free.cidr, asked)}


def share(one: IPNetwork, other: IPNetwork) -> bool:
    return one.version == other.version and one.first <= other.last and one.last >= other.first
