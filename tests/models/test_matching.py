"""What a text in the search box of a list means."""

import pytest

from ipam.domain.networks import addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Prefix, Project
from tests.builders import ip


@pytest.fixture
def vpn(internet: Network, project: Project) -> IPAddress:
    (address,) = addresses.allocate(internet, project=project, name="vpn", addresses=[ip("203.0.113.200")])
    return address


@pytest.mark.parametrize("text", ["203.0.113.200", "203.0.113.192/26", "203.0.", "VPN"])
def test_address_is_found_by_itself_a_block_or_its_name(text: str, vpn: IPAddress) -> None:
    assert list(IPAddress.objects.matching(text)) == [vpn]


@pytest.mark.parametrize("text", ["203.0.113.201", "2001:db8:", "somebody"])
def test_address_elsewhere_is_not_found(text: str, vpn: IPAddress) -> None:
    assert list(IPAddress.objects.matching(text)) == []


@pytest.mark.parametrize("text", ["203.0.113.200", "203.0.0.0/16", "203.0.113.192/26"])
def test_prefix_is_found_by_what_it_shares_an_address_with(text: str, internet: Network, tenants: Network) -> None:
    assert list(map(str, Prefix.objects.matching(text))) == ["203.0.113.128/25"]


def test_prefix_is_found_by_its_network(internet: Network, tenants: Network) -> None:
    assert set(Prefix.objects.matching("INTER")) == set(internet.prefixes.all())


@pytest.mark.parametrize("text", ["10.0.3.0/24", "tenants", "2001:db8:0:10::9"])
def test_network_is_found_by_address_and_by_id(text: str, internet: Network, tenants: Network) -> None:
    assert list(Network.objects.matching(text)) == [tenants]


def test_machine_is_found_by_address_asn_and_name(private: Network, project: Project, partition: Partition) -> None:
    here = {"project": project, "partition": partition, "networks": [Attachment(network=private)]}
    first, second = machines.allocate(name="alpha", **here), machines.allocate(name="bravo", **here)
    asked = ["10.0.0.1", str(second.asn), f"AS{second.asn}", "bravo"]
    found = [list(Machine.objects.matching(text)) for text in asked]
    assert found == [[first], [second], [second], [second]]
