"""What a request costs in statements: literal, the same for one row and for thirty."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import addresses, claims, machines, networks, partitions, projects, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Network, Partition, Project
from tests.builders import child, cidrs, external

ROWS = 30


def cost(call: Callable[[], Any]) -> int:
    """Statements of a request, without those that begin and end transactions."""
    with CaptureQueriesContext(connection) as captured:
        response = call()
    assert response.status_code in (200, 201, 204), response.json()
    return sum(
        not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")) for query in captured
    )


@pytest.fixture
def world(tenants: Network, project: Project, partition: Partition) -> Callable[[int], None]:
    """Makes one more of each kind, dual-stack, with labels and a machine in two networks."""

    def make(number: int) -> None:
        home = networks.create(child(parent=tenants, project=project, labels={"a": "b"}))
        prefixes = cidrs(f"192.0.2.{number * 4}/30", f"2001:db8:{number:x}::/64")
        outside = networks.create(external(id=f"dc-{number}", vrf=9000 + number, prefixes=prefixes))
        machines.allocate(
            project=project, partition=partition, networks=[Attachment(network=home), Attachment(network=outside)]
        )
        partitions.create(id=f"p-{number}")
        projects.create(name=f"project {number}")
        vrfs.create(id=500 + number)
        lifecycle.create(NewCluster(name=f"c{number}", project=project, network=home))
        claims.claim(outside, project=project, name="vip")

    return make


LISTS = {
    "partitions/": 2,
    "projects/": 2,
    "vrfs/": 3,
    "networks/?limit=100": 5,
    "prefixes/": 4,
    "ips/": 2,
    "machines/": 5,
    "clusters/": 5,
    "claims/": 3,
    "events/": 2,
    "search/?q=1": 7,
    "search/?q=alice": 4,
    "search/?q=10.0.200.7": 7,
}


def cost_of_lists(api: APIClient) -> dict[str, int]:
    return {path: cost(partial(api.get, f"/api/v1/{path}")) for path in LISTS}


def test_each_list_costs_the_same_for_one_row_and_for_thirty(api: APIClient, world: Callable[[int], None]) -> None:
    world(1)
    assert cost_of_lists(api) == LISTS
    for number in range(2, ROWS + 1):
        world(number)
    assert cost_of_lists(api) == LISTS


@pytest.mark.parametrize("path", ["free/", "free/?length=96"])
def test_free_space_costs_the_same_however_much_is_taken(
    api: APIClient, tenants: Network, project: Project, path: str
) -> None:
    first = cost(lambda: api.get(f"/api/v1/networks/tenants/{path}"))
    for _ in range(ROWS):
        networks.create(child(parent=tenants, project=project))
    assert cost(lambda: api.get(f"/api/v1/networks/tenants/{path}")) == first
    assert first <= 12


def test_one_address(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk), "address_family": "ipv4"}
    assert cost(lambda: api.post("/api/v1/ips/", body)) == 8


def test_pair(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    assert cost(lambda: api.post("/api/v1/ips/", body)) == 8


def test_key_costs_two_more_and_what_is_given_again_next_to_nothing(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    send = [partial(api.post, "/api/v1/ips/", body, headers={"Idempotency-Key": key}) for key in ("k1", "k2")]
    assert min(cost(send[0]), cost(send[1])) == 8 + 2  # one in a hundred forgets old answers too
    assert cost(send[0]) == 3


def test_condition_costs_nothing(api: APIClient, mini_lab: Network) -> None:
    url = f"/api/v1/networks/{mini_lab.pk}/"
    without = cost(lambda: api.patch(url, {"name": "a"}))
    assert cost(lambda: api.patch(url, {"name": "b"}, headers={"If-Match": '"2"'})) == without


def test_pair_in_a_half_full_network_costs_one_more_for_what_is_left_of_the_blocks(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    addresses.allocate(mini_lab, project=project, count=64)
    assert cost(lambda: api.post("/api/v1/ips/", body)) == 9


def test_hundred_pairs_cost_little_more_than_one(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk), "count": 100}
    assert cost(lambda: api.post("/api/v1/ips/", body)) <= 12


def test_release_of_a_pair(api: APIClient, mini_lab: Network, project: Project) -> None:
    pair = addresses.allocate(mini_lab, project=project)
    assert cost(lambda: api.delete(f"/api/v1/allocations/{pair[0].allocation}/")) <= 14  # PostgreSQL looks again
