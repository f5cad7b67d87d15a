"""How much of a range is held: whoever holds it, and of a namespaced super where most of it is."""

from typing import Any

from ipam.domain.networks import addresses, networks, prefixes, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models import AddressRange, Network, Project
from tests.builders import IPV4, child, cidrs, external, ip, namespaced


def held_in(network: Network) -> list[int]:
    found = AddressRange.objects.filter(network=network).select_related("prefix__network").order_by("first")
    return list(ranges.held_in(list(found)).values())


def clusters(*kept: str) -> Network:
    """A namespaced super with these /26s by name."""
    network = networks.create(namespaced(prefixes=cidrs("100.64.0.0/24"), default_child_prefix_length={IPV4: 26}))
    for cidr in cidrs(*kept):
        ranges.create(network, Bounds(prefix=cidr), use="by-name")
    return network


def test_range_that_one_project_has_wholly_is_held_wholly(db: None, project: Project, stranger: Project) -> None:
    network = clusters("100.64.0.64/26")
    assert held_in(network) == [0]
    networks.create(child(parent=network, project=stranger))
    assert held_in(network) == [0]
    networks.create(child(parent=network, project=project, prefixes=cidrs("100.64.0.64/26")))
    assert held_in(network) == [64]


def test_held_of_any_number_of_ranges_costs_two_statements(project: Project, django_assert_num_queries: Any) -> None:
    network = clusters("100.64.0.64/26", "100.64.0.128/26", "100.64.0.192/26")
    networks.create(child(parent=network, project=project))
    found = list(AddressRange.objects.select_related("prefix__network"))
    with django_assert_num_queries(2):
        ranges.held_in(found)


def test_gateway_in_a_range_is_held_by_who_has_it(project: Project) -> None:
    tiny = external(id="tiny", vrf=9, prefixes=cidrs("198.51.100.0/28"), destination_prefixes=[])
    network = networks.create(tiny)
    prefixes.update(network.prefixes.get(), gateway=ip("198.51.100.2"))
    ranges.create(network, Bounds(first=ip("198.51.100.0"), last=ip("198.51.100.3")), use="by-name")
    assert held_in(network) == [0]
    addresses.allocate(network, project=project, addresses=[ip("198.51.100.2")])
    assert held_in(network) == [1]
