"""How full a network is: the same number wherever it is said, whatever of the network is set aside."""

import pytest
from django.test import Client

from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses, networks, prefixes, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.domain.space import fullness, utilization
from ipam.models import Network, Project, Series
from tests.builders import IPV4, child, cidrs, external, ip, super_network

TAKEN = 8 / 16  # of 32 addresses 4 of ends, 12 of a range and a gateway are never given; 2 cool; 6 are free


@pytest.fixture
def kept(project: Project) -> Network:
    network = networks.create(
        external(id="kept", vrf=9, prefixes=cidrs("198.51.100.0/28", "198.51.101.0/28"), destination_prefixes=[])
    )
    _, second = network.prefixes.in_order()
    prefixes.update(second, gateway=ip("198.51.101.14"))
    ranges.create(network, Bounds(first=ip("198.51.101.1"), last=ip("198.51.101.11")), use="dhcp")
    networks.update(network, quarantine={IPV4: 24}, quarantine_strict=True)
    addresses.release_many(addresses.allocate(network, project=project, count=10)[8:])
    return network


def test_addresses_are_told_apart(kept: Network) -> None:
    (use,) = utilization.of_network(kept)
    assert (use.used_ips, use.reserved_ips, use.cooling_ips, use.available_ips) == (8, 16, 2, 6)
    assert (use.takeable_ips, use.utilization) == (16, TAKEN)


def test_survey_and_overview_say_the_same(kept: Network) -> None:
    surveying.run()
    kept_by_survey = Series.objects.get(network_id="kept")
    assert (kept_by_survey.utilization, kept_by_survey.used, kept_by_survey.total) == (TAKEN, 8, 32)
    assert survey.overview().shares["kept"] == {IPV4: TAKEN}


def test_lists_are_ordered_by_the_same(kept: Network) -> None:
    assert Network.objects.order_by(fullness.fullness()).annotate(full=fullness.fullness()).get().full == TAKEN * 1e9


def test_pages_and_prefixes_say_the_same(web: Client, kept: Network) -> None:
    for path in ("/networks/", "/networks/kept/"):
        page = web.get(path).content.decode()
        assert "50 %" in page, path
    assert "198.51.100.0/28: 8 of 14 addresses taken (57.1 %), 4 free, 2 cooling." in page
    assert "198.51.101.0/28: 0 of 2 addresses taken (0 %), 2 free." in page


def test_what_ranges_keep_of_a_super_is_not_taken(project: Project) -> None:
    root = networks.create(super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 24}))
    ranges.create(root, Bounds(prefix=cidrs("10.0.128.0/17")[0]))
    networks.create(child(parent=root, project=project, length={IPV4: 18}))
    (ordered,) = Network.objects.filter(pk=root.pk).annotate(full=fullness.fullness())
    assert (ordered.full, utilization.of_network(root)[0].utilization) == (5 * 10**8, 0.5)  # type: ignore[attr-defined]
