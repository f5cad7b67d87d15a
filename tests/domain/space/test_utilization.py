"""Use of networks and prefixes: exact integers at any size."""

import pytest

from ipam.domain.networks import addresses, networks
from ipam.domain.space import fullness, room, utilization
from ipam.models import Network, Prefix, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, namespaced


def counts(network: Network) -> list[tuple[int, int, int, int]]:
    return [
        (use.total_ips, use.used_ips, use.reserved_ips, use.available_ips) for use in utilization.of_network(network)
    ]


def test_fresh_network_has_used_nothing(internet: Network) -> None:
    assert counts(internet) == [(128, 0, 2, 126), (2**64, 0, 1, 2**64 - 1)]


def test_each_address_is_counted_exactly(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=3)
    assert counts(internet) == [(128, 3, 2, 123), (2**64, 3, 1, 2**64 - 4)]


def test_addresses_of_a_super_are_used_when_a_child_holds_them(tenants: Network, private: Network) -> None:
    assert counts(tenants) == [(2**16, 2**10, 0, 2**16 - 2**10), (2**64, 2**32, 0, 2**64 - 2**32)]


def test_available_prefixes_are_children_of_the_default_length_that_fit(tenants: Network, private: Network) -> None:
    assert [(use.used_prefixes, use.available_prefixes) for use in utilization.of_network(tenants)] == [
        (1, 63),
        (1, 2**32 - 1),
    ]


def test_networks_that_are_no_supers_have_no_available_prefixes(internet: Network) -> None:
    assert [use.available_prefixes for use in utilization.of_network(internet)] == [None, None]


def test_utilization_is_the_taken_share_of_what_could_be_taken(project: Project) -> None:
    network = networks.create(external(prefixes=cidrs("192.0.2.0/29"), destination_prefixes=()))
    addresses.allocate(network, project=project, count=3)
    assert utilization.of_network(network)[0].utilization == 0.5


def test_full_network_is_used_wholly(project: Project) -> None:
    network = networks.create(external(prefixes=cidrs("192.0.2.0/30", "192.0.3.0/31"), destination_prefixes=()))
    addresses.allocate(network, project=project, count=4)
    assert (counts(network), utilization.of_network(network)[0].utilization) == ([(6, 4, 2, 0)], 1.0)


def test_namespaced_super_shows_the_project_that_has_taken_most(project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    assert [use.available_prefixes for use in utilization.of_network(clusters)] == [4, 4]
    for owner in (project, stranger, stranger):
        networks.create(child(parent=clusters, project=owner))
    shown = [(use.used_prefixes, use.available_prefixes) for use in utilization.of_network(clusters)]
    assert shown == [(2, 2), (2, 2)]


def test_namespaced_super_that_one_project_has_taken_wholly_is_full(project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    for owner in (stranger, *[project] * 4):
        networks.create(child(parent=clusters, project=owner))
    assert [(use.available_prefixes, use.utilization) for use in utilization.of_network(clusters)] == [(0, 1.0)] * 2
    (first, _) = utilization.of_prefixes(clusters.prefixes.select_related("network").in_order()).values()
    assert first.available_ips == 0


def test_project_that_has_taken_most_is_found_among_sizes_beyond_64_bits(project: Project, stranger: Project) -> None:
    wide = networks.create(
        namespaced(prefixes=cidrs("fd00:6::/48"), default_child_prefix_length={IPV6: 52}, destination_prefixes=())
    )
    networks.create(child(parent=wide, project=stranger, length={IPV6: 128}))
    networks.create(child(parent=wide, project=project, length={IPV6: 52}))
    networks.create(child(parent=wide, project=stranger, length={IPV6: 52}))
    assert utilization.of_network(wide)[0].used_ips == 2**76 + 1


def test_prefix_has_its_own_use(internet: Network, project: Project) -> None:
    networks.add_prefix(internet, *cidrs("192.0.2.0/30"))
    addresses.allocate(internet, project=project)
    of_prefixes = utilization.of_prefixes(Prefix.objects.select_related("network").in_order())
    assert [use.used_ips for use in of_prefixes.values()] == [1, 0, 1]


def test_statements_do_not_grow_with_networks(
    internet: Network, tenants: Network, private: Network, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(3):  # type: ignore[operator]
        utilization.of_networks([internet, tenants, private])


def test_room_is_that_of_the_family_that_runs_out_first(internet: Network, tenants: Network) -> None:
    assert room.of_uses(utilization.of_network(internet)) == room.Room(126, IPV4)
    assert room.of_uses(utilization.of_network(tenants)) == room.Room(64, IPV4)


def test_single_family_is_no_limit_of_another(underlay: Network) -> None:
    assert room.of_uses(utilization.of_network(underlay)) == room.Room(254, None)


def test_ipv6_may_be_the_family_that_runs_out(project: Project) -> None:
    network = networks.create(external(prefixes=cidrs("192.0.2.0/24", "2001:db8::/126"), destination_prefixes=()))
    assert room.of_uses(utilization.of_network(network)) == room.Room(3, IPV6)


def test_use_of_a_network_is_that_of_its_prefixes_together(project: Project) -> None:
    network = networks.create(external(prefixes=cidrs("203.0.113.0/28", "203.0.113.64/28", "2001:db8::/64")))
    addresses.allocate(network, project=project, count=3)
    by_prefix = utilization.of_prefixes(list(network.prefixes.all()), network)
    assert fullness.together(by_prefix.values()) == utilization.of_network(network)
