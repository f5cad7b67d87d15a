"""What a request costs in statements: literal, the same for one row and for thirty."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import addresses, claims, machines, networks, partitions, projects, quota_limits, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members, tokens
from ipam.models import Cluster, Machine, Network, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, namespaced

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
    "prefixes/": 5,
    "ips/": 2,
    "machines/": 5,
    "clusters/": 4,
    "claims/": 3,
    "events/": 2,
    "search/?q=1": 8,
    "search/?q=alice": 4,
    "search/?q=10.0.200.7": 8,
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


# What is named comes with the token. PostgreSQL takes and stores all by one call, SQLite stores address, event, tenure
# and what is left of blocks by one each.
ONE = 2 if connection.vendor == "postgresql" else 5


def test_one_address(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk), "address_family": "ipv4"}
    assert cost(lambda: api.post("/api/v1/ips/", body)) == ONE


def test_pair(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    assert cost(lambda: api.post("/api/v1/ips/", body)) == ONE


def test_quotas_of_both_families_cost_nothing_on_postgresql_and_sqlite_one(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    for where in (None, mini_lab):
        for family in (IPV4, IPV6):
            quota_limits.create(project=project, network=where, address_family=family, resource="addresses", limit=9)
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    assert cost(lambda: api.post("/api/v1/ips/", body)) == ONE + (connection.vendor == "sqlite")


def test_pair_for_a_member_whose_roles_come_with_the_token(mini_lab: Network, project: Project) -> None:
    owner = User.objects.create_user("owner")
    members.grant(owner, "owner", project=project)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(owner)}")
    body = {"network": mini_lab.pk, "project": str(project.pk), "name": "web", "labels": {"a": "b"}, "type": "static"}
    client.post("/api/v1/ips/", body)  # which notes that the token is used
    assert cost(lambda: client.post("/api/v1/ips/", body)) in (ONE, ONE + (connection.vendor == "sqlite"))


def test_key_costs_two_more_and_one_for_the_ordinary_way_and_what_is_given_again_next_to_nothing(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    send = [partial(api.post, "/api/v1/ips/", body, headers={"Idempotency-Key": key}) for key in ("k1", "k2")]
    assert min(cost(send[0]), cost(send[1])) == ONE + 3  # one in a hundred forgets old answers too
    assert cost(send[0]) == 3


def test_condition_costs_nothing(api: APIClient, mini_lab: Network) -> None:
    url = f"/api/v1/networks/{mini_lab.pk}/"
    without = cost(lambda: api.patch(url, {"name": "a"}))
    assert cost(lambda: api.patch(url, {"name": "b"}, headers={"If-Match": '"2"'})) == without


def test_pair_in_a_half_full_network_costs_sqlite_one_more_for_what_is_left_of_the_blocks(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    addresses.allocate(mini_lab, project=project, count=64)
    assert cost(lambda: api.post("/api/v1/ips/", body)) == ONE + (connection.vendor == "sqlite")


def test_hundred_pairs_cost_little_more_than_one(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk), "count": 100}
    assert cost(lambda: api.post("/api/v1/ips/", body)) <= 12


def test_release_of_a_pair(api: APIClient, mini_lab: Network, project: Project) -> None:
    pair = addresses.allocate(mini_lab, project=project)
    assert cost(lambda: api.delete(f"/api/v1/allocations/{pair[0].allocation}/")) <= (
        5 if connection.vendor == "postgresql" else 11
    )


def test_release_of_one_address(api: APIClient, mini_lab: Network, project: Project) -> None:
    address = addresses.allocate(mini_lab, project=project)[0]
    assert cost(lambda: api.delete(f"/api/v1/ips/{address.pk}/")) <= (2 if connection.vendor == "postgresql" else 8)


# One more: the parent's prefixes, the partition's parent, whether the project has taken from it before.
@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ({"parent": "tenants"}, 0),
        ({"parent": "tenants", "address_family": "ipv6"}, 0),
        ({"parent": "tenants", "length": {"ipv4": 28}}, 1),
        ({"partition": "mini-lab"}, 1),
        ({"parent": "copies"}, 1),
    ],
)
def test_child_costs_the_same_in_one_family_and_two_and_however_many_there_are(
    api: APIClient, tenants: Network, project: Project, asked: dict[str, Any], more: int
) -> None:
    parents = {
        "tenants": tenants,
        "copies": networks.create(namespaced(id="copies", prefixes=cidrs("100.64.0.0/16", "2001:db8:64::/48"))),
    }
    made = [child(parent=parents[asked.get("parent", "tenants")], project=project) for _ in range(ROWS)]
    send = partial(api.post, "/api/v1/networks/", {"type": "child", "project": str(project.pk), **asked})
    networks.create(made[0])  # the first number of a long range cuts that
    first = cost(send)
    for new in made[1:]:
        networks.create(new)
    assert [first, cost(send)] == [(6 if connection.vendor == "postgresql" else 10) + more] * 2


@pytest.mark.parametrize("more", [{}, {"address_family": [IPV6]}])
def test_removal_of_a_child_costs_the_same_however_many_there_are(
    api: APIClient, tenants: Network, project: Project, more: dict[str, Any]
) -> None:
    made = [networks.create(child(parent=tenants, project=project, **more)) for _ in range(ROWS)]
    each = 11 if connection.vendor == "postgresql" else 12
    assert [cost(partial(api.delete, f"/api/v1/networks/{made[place].pk}/")) for place in (-1, 0, 7)] == [each] * 3


def test_change_of_a_network(api: APIClient, mini_lab: Network) -> None:
    url = f"/api/v1/networks/{mini_lab.pk}/"
    assert cost(lambda: api.patch(url, {"name": "a"})) <= 6
    assert cost(lambda: api.post(f"{url}prefixes/", {"prefix": "192.0.2.0/24"})) <= 11
    assert cost(lambda: api.delete(f"{url}prefixes/?prefix=192.0.2.0/24")) <= 13


def test_answer_to_a_new_network_is_what_is_stored(
    api: APIClient, tenants: Network, partition: Partition, project: Project
) -> None:
    lengths = {"default_child_prefix_length": {"ipv4": 26}}
    for body in (
        {"type": "child", "parent": tenants.pk, "project": str(project.pk), "labels": {"a": "b"}},
        {"type": "external", "id": "dc", "vrf": 9, "prefixes": ["2001:db8::/64", "192.0.2.0/31"]},
        {"type": "super", "id": "more", "prefixes": ["128.0.0.0/2"], **lengths},
        {"type": "super-namespaced", "id": "copies", "prefixes": ["100.64.0.0/24"], **lengths},
    ):
        made = api.post("/api/v1/networks/", body)
        assert made.json() == api.get(f"/api/v1/networks/{made.json()['id']}/").json()
        assert api.patch(f"/api/v1/networks/{made.json()['id']}/", {}).json()["prefixes"] == made.json()["prefixes"]


def body_of_machine(project: Project, partition: Partition, *joined: Network, **more: Any) -> dict[str, Any]:
    named = [{"network": network.pk} for network in joined]
    return {"project": str(project.pk), "partition": partition.pk, "networks": named, **more}


def test_machine(api: APIClient, machine: Machine, private: Network, project: Project, partition: Partition) -> None:
    send = partial(api.post, "/api/v1/machines/", body_of_machine(project, partition, private))
    most = 5 if connection.vendor == "postgresql" else 10  # at every second one what is left of blocks is put back
    assert max(cost(send) for _ in range(4)) <= most


def test_firewall_in_three_networks(
    api: APIClient, machine: Machine, private: Network, internet: Network, underlay: Network, project: Project
) -> None:
    body = body_of_machine(project, machine.partition, private, internet, role="firewall")
    assert max(cost(partial(api.post, "/api/v1/machines/", body)) for _ in range(4)) <= 16


def test_change_and_release_of_a_machine(
    api: APIClient, machine: Machine, private: Network, project: Project, partition: Partition
) -> None:
    made = machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    url = f"/api/v1/machines/{made.pk}/"
    assert cost(lambda: api.patch(url, {"name": "a"})) <= 7
    assert cost(lambda: api.delete(url)) <= (9 if connection.vendor == "postgresql" else 15)


def test_cluster_on_a_node_network_from_plan_to_end(api: APIClient, private: Network, project: Project) -> None:
    body = {"name": "web", "project": str(project.pk), "network": private.pk}
    assert cost(lambda: api.post("/api/v1/clusters/", body)) <= 10
    url = f"/api/v1/clusters/{Cluster.objects.get().pk}/"
    assert cost(lambda: api.patch(url, {"max_pods": 100})) <= 10
    assert cost(lambda: api.post(f"{url}reserve/", {})) <= 10
    assert cost(lambda: api.post(f"{url}release/", {})) <= 8
    assert cost(lambda: api.delete(url)) <= 7


def test_cluster_with_its_node_network(api: APIClient, private: Network, tenants: Network, project: Project) -> None:
    body = {"name": "web", "project": str(project.pk), "parent": tenants.pk}
    assert cost(lambda: api.post("/api/v1/clusters/", body)) <= (15 if connection.vendor == "postgresql" else 20)
