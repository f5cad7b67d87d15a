"""Rule 22: one address of every family, under one allocation, or nothing."""

from ipam.domain.networks import addresses
from ipam.models import Network, Project


def test_pair_has_one_address_of_each_family_under_one_allocation(internet: Network, project: Project) -> None:
    ipv4, ipv6 = addresses.allocate(internet, project=project)
    assert [str(ipv4), str(ipv6)] == ["203.0.113.129", "2001:db8:0:113::1"]
    assert ipv4.allocation == ipv6.allocation
