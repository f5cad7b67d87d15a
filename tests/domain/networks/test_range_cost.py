"""What acquiring and releasing cost: as many statements as before where nothing is set aside, and beside any ranges."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.networks import addresses, networks, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models import Network, Project
from tests.builders import IPV4, cidrs, external, ip


@pytest.fixture
def plain(project: Project) -> Network:
    network = networks.create(external(id="plain", vrf=9, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=[]))
    addresses.allocate(network, project=project)  # what a process asks once
    return network


def costs(network: Network, project: Project) -> tuple[int, int]:
    """The statements that take an address, and those that give it back."""
    with CaptureQueriesContext(connection) as taking:
        (held,) = addresses.allocate(network, project=project)
    with CaptureQueriesContext(connection) as giving:
        addresses.release(held)
    return len(taking), len(giving)


def test_addresses_cost_the_same_beside_no_range_one_and_thirty(plain: Network, project: Project) -> None:
    before = costs(plain, project)
    found = []
    for number in range(30):
        first = ip(f"198.51.100.{16 + 4 * number}")
        ranges.create(plain, Bounds(first=first, last=first + 1))
        if number in (0, 29):
            found.append(costs(plain, project))
    aside = 0 if connection.vendor == "postgresql" else 4  # which looks into the ranges within its one call
    assert found == [(before[0], before[1] + aside)] * 2


def test_what_cools_is_given_back_without_a_look_at_what_is_free(plain: Network, project: Project) -> None:
    networks.update(plain, quarantine={IPV4: 24})
    (held,) = addresses.allocate(plain, project=project)
    with CaptureQueriesContext(connection) as giving:
        addresses.release(held)
    assert not [one["sql"] for one in giving if one["sql"].startswith("SELECT") and "ipam_freeblock" in one["sql"]]
