"""What others' tests expect of kept space: NetBox's IP ranges, Neutron's allocation pools, the excluded addresses of
Cluster API's in-cluster provider, whereabouts' ranges. One behaviour each, in our words.
"""

from typing import Any

import pytest

from ipam import errors
from ipam.domain.networks import addresses, networks, prefixes, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.domain.space import utilization
from ipam.models import AddressRange, Network, Prefix, Project
from tests.builders import IPV4, IPV6, cidrs, external, ip
from tests.shared import shared_fixture


@shared_fixture
def pool(project: Project) -> Network:
    """14 addresses of each family: 192.0.2.1 to .14; 2001:db8::1 to ::f."""
    both = cidrs("192.0.2.0/28", "2001:db8::/124")
    return networks.create(external(id="pool", vrf=9, prefixes=both, destination_prefixes=[]))


def lay(network: Network, first: str, last: str, **words: Any) -> AddressRange:
    return ranges.create(network, Bounds(first=ip(first), last=ip(last)), **words)


def exclude(network: Network, *texts: str) -> None:
    for cidr in cidrs(*texts):
        ranges.create(network, Bounds(prefix=cidr))


def given(network: Network, owner: Project, *named: str, count: int = 1, **asked: Any) -> list[str]:
    """The IPv4 addresses, or of the family asked for, that a request gets."""
    wanted = [ip(one) for one in named]
    families = asked.pop("families", [] if named else [IPV4])
    found = addresses.allocate(network, project=owner, addresses=wanted, count=count, families=families, **asked)
    return [str(one) for one in found]


def use(network: Network) -> tuple[int, int, int]:
    """IPv4 addresses that are used, reserved and available."""
    found = utilization.of_network(network)[0]
    return found.used_ips, found.reserved_ips, found.available_ips


# --- NetBox: IP ranges ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "last"), [("192.0.2.5", "192.0.2.9"), ("192.0.2.1", "192.0.2.5"), ("192.0.2.6", "192.0.2.7")]
)
def test_netbox_range_may_not_overlap_another(pool: Network, first: str, last: str) -> None:
    lay(pool, "192.0.2.4", "192.0.2.8")
    with pytest.raises(errors.Overlap):
        lay(pool, first, last)


def test_netbox_adjacent_ranges_are_fine(pool: Network) -> None:
    lay(pool, "192.0.2.4", "192.0.2.7")
    lay(pool, "192.0.2.8", "192.0.2.11")
    assert use(pool) == (0, 10, 6)


def test_netbox_range_of_one_address_is_one(pool: Network) -> None:
    assert lay(pool, "192.0.2.4", "192.0.2.4").size == 1


def test_netbox_range_marked_populated_takes_no_more_addresses(pool: Network, project: Project) -> None:
    lay(pool, "192.0.2.4", "192.0.2.7")
    with pytest.raises(errors.InRange):
        given(pool, project, "192.0.2.5")


def test_netbox_range_keeps_the_addresses_that_were_in_it(pool: Network, project: Project) -> None:
    given(pool, project, "192.0.2.5")
    lay(pool, "192.0.2.4", "192.0.2.7")
    assert use(pool) == (1, 5, 10)


# --- Neutron: allocation pools; what lies outside of all pools is given to whoever names it -----------
@pytest.fixture
def pools(pool: Network) -> Network:
    """Two pools: .2 to .4 and .10 to .11."""
    for first, last in (("192.0.2.0", "192.0.2.1"), ("192.0.2.5", "192.0.2.9"), ("192.0.2.12", "192.0.2.15")):
        lay(pool, first, last, use="by-name")
    return pool


def test_neutron_port_without_an_address_gets_one_of_the_pools(pools: Network, project: Project) -> None:
    assert given(pools, project, count=5) == [f"192.0.2.{number}" for number in (2, 3, 4, 10, 11)]


def test_neutron_pools_that_are_used_up_are_exhausted_although_the_subnet_is_not(
    pools: Network, project: Project
) -> None:
    given(pools, project, count=5)
    with pytest.raises(errors.Exhausted, match="9 more are reserved by ranges"):
        given(pools, project)


def test_neutron_fixed_address_outside_of_the_pools_is_given(pools: Network, project: Project) -> None:
    assert given(pools, project, "192.0.2.7") == ["192.0.2.7"]


def test_neutron_address_outside_of_the_pools_goes_back_outside(pools: Network, project: Project) -> None:
    before = use(pools)
    addresses.release_many(addresses.allocate(pools, project=project, addresses=[ip("192.0.2.7")]))
    assert use(pools) == before


def test_neutron_gateway_is_in_no_pool(pool: Network, project: Project) -> None:
    prefixes.update(Prefix.objects.get(family=4), gateway=ip("192.0.2.1"))
    assert given(pool, project) == ["192.0.2.2"]


def test_neutron_pool_lies_in_its_subnet(pool: Network) -> None:
    with pytest.raises(errors.NotInPrefix):
        lay(pool, "192.0.2.10", "192.0.2.20")


def test_neutron_pool_that_is_reversed_is_refused(pool: Network) -> None:
    with pytest.raises(errors.Invalid):
        lay(pool, "192.0.2.10", "192.0.2.2")


def test_neutron_pool_is_of_one_family(pool: Network) -> None:
    with pytest.raises(errors.RangeFamily):
        lay(pool, "192.0.2.10", "2001:db8::2")


# --- Cluster API: excludedAddresses -------------------------------------------------------------------
def test_capi_excluded_addresses_are_none_of_the_pool(pool: Network, project: Project) -> None:
    exclude(pool, "192.0.2.1/32", "192.0.2.4/30")
    assert (use(pool), given(pool, project, count=3)) == ((0, 7, 9), ["192.0.2.2", "192.0.2.3", "192.0.2.8"])


def test_capi_address_that_is_excluded_later_stays_with_its_claim(pool: Network, project: Project) -> None:
    held = addresses.allocate(pool, project=project, addresses=[ip("192.0.2.4")])
    exclude(pool, "192.0.2.4/32")
    assert use(pool) == (1, 2, 13)
    addresses.release_many(held)
    assert use(pool) == (0, 3, 13)


def test_capi_reserved_addresses_are_given_where_the_pool_says_so(pool: Network, project: Project) -> None:
    exclude(pool, "192.0.2.1/32", "192.0.2.2/31")
    prefixes.update(Prefix.objects.get(family=4), reserve_ends=False)
    assert given(pool, project, count=2) == ["192.0.2.0", "192.0.2.4"]


# --- whereabouts: ranges and excludes -------------------------------------------------------------------
def test_whereabouts_exclusion_at_the_beginning_moves_the_first_address(pool: Network, project: Project) -> None:
    exclude(pool, "192.0.2.0/29")
    assert given(pool, project) == ["192.0.2.8"]


def test_whereabouts_exclusions_beside_each_other_are_passed_over_together(pool: Network, project: Project) -> None:
    exclude(pool, "192.0.2.0/30", "192.0.2.4/30", "192.0.2.8/32")
    assert given(pool, project) == ["192.0.2.9"]


def test_whereabouts_range_that_is_excluded_wholly_has_no_address(pool: Network, project: Project) -> None:
    exclude(pool, "192.0.2.0/28")
    with pytest.raises(errors.Exhausted):
        given(pool, project)


def test_whereabouts_excludes_ipv6_as_well(pool: Network, project: Project) -> None:
    exclude(pool, "2001:db8::/125")
    assert given(pool, project, families=[IPV6]) == ["2001:db8::8"]


def test_whereabouts_address_that_was_released_is_given_again(pool: Network, project: Project) -> None:
    exclude(pool, "192.0.2.0/29")
    first, *_ = addresses.allocate(pool, project=project, count=2, families=[IPV4])
    addresses.release(first)
    assert given(pool, project) == ["192.0.2.8"]
