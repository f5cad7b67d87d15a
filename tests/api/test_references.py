"""Wherever a project, network, partition or VRF is named: its id, or a name that is unique for the caller."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import networks, partitions, projects, vrfs
from ipam.domain.people import members, tokens
from ipam.models import Network, Partition, Project
from tests.api.conftest import codes
from tests.builders import child


def allocate(api: APIClient, network: str, project: str) -> Any:
    return api.post("/api/v1/ips/", {"network": network, "project": project})


def test_addresses_are_taken_by_names(api: APIClient, home: Network, project: Project) -> None:
    networks.update(home, name="home")
    (first, _) = allocate(api, "home", "alice").json()["ips"]
    assert (first["network"], first["project"]) == (home.pk, str(project.pk))


def test_machine_is_made_by_names(api: APIClient, home: Network, partition: Partition, project: Project) -> None:
    networks.update(home, name="home")
    partitions.update(partition, name="Frankfurt")
    body = {"project": "alice", "partition": "Frankfurt", "networks": [{"network": "home"}]}
    made = api.post("/api/v1/machines/", body).json()
    assert (made["project"], made["partition"], made["networks"][0]["network"]) == (
        str(project.pk),
        partition.pk,
        home.pk,
    )


def test_network_names_its_vrf(api: APIClient, db: None) -> None:
    vrfs.create(id=500, name="blue")
    body = {"type": "external", "id": "dmz", "vrf": "blue", "prefixes": ["198.51.100.0/24"]}
    assert api.post("/api/v1/networks/", body).json()["vrf"] == 500
    assert codes(api.post("/api/v1/networks/", {**body, "vrf": "green"})) == [("vrf", "not_found")]
    assert codes(api.post("/api/v1/networks/", {**body, "vrf": "²"})) == [("vrf", "not_found")]


def test_digits_as_text_are_a_vni(api: APIClient, db: None) -> None:
    vrfs.create(id=500, name="12")
    body = {"type": "external", "id": "dmz", "vrf": "12", "prefixes": ["198.51.100.0/24"]}
    assert api.post("/api/v1/networks/", body).json()["vrf"] == 12
    assert codes(api.post("/api/v1/networks/", {**body, "vrf": "0"})) == [("vrf", "invalid")]


def test_name_that_several_have_lists_them(api: APIClient, home: Network) -> None:
    web = [projects.create(name="web", tenant=tenant) for tenant in ("acme", "initech")]
    response = allocate(api, home.pk, "web")
    assert (response.status_code, codes(response)) == (400, [("project", "invalid")])
    listed = [f"web · {one.tenant}" for one in sorted(web, key=lambda one: one.pk)]
    told = f"Several projects are called “web”: {', '.join(listed)}. Say which one you mean."
    assert response.json()["detail"] == told
    assert api.get("/api/v1/ips/", {"project": listed[0]}).json()["results"] == []
    assert "project web" in allocate(api, home.pk, listed[0]).json()["detail"]  # found; the network is of another
    assert codes(api.get("/api/v1/ips/?project=web")) == [("project", "invalid")]


def test_id_wins_over_a_name(api: APIClient, home: Network, tenants: Network, project: Project) -> None:
    other = networks.create(child(parent=tenants, project=project, name=home.pk))
    assert allocate(api, home.pk, "alice").json()["ips"][0]["network"] == home.pk
    assert api.get(f"/api/v1/prefixes/?network={home.pk}").json()["results"][0]["network"] == home.pk != other.pk


def test_name_of_nothing_is_not_found(api: APIClient, home: Network) -> None:
    response = allocate(api, home.pk, "nobody")
    assert (response.status_code, codes(response)) == (404, [("project", "not_found")])


def test_foreign_namesakes_are_no_candidates(home: Network, project: Project, operator: Any) -> None:
    projects.create(name="alice")
    user = type(operator).objects.create_user("editor")
    members.grant(user, "editor", project=project)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    assert allocate(client, home.pk, "alice").status_code == 201
    assert len(client.get("/api/v1/ips/?project=alice").json()["results"]) == 2


@pytest.mark.parametrize("name", ["", "\0", "x" * 300])
def test_odd_name_is_a_name_of_nothing(api: APIClient, home: Network, name: str) -> None:
    assert allocate(api, home.pk, name).status_code in (400, 404)


def test_many_unknown_references_are_told_like_one(api: APIClient, project: Project, partition: Partition) -> None:
    body = {"project": str(project.pk), "partition": partition.pk}
    answer = api.post("/api/v1/machines/", {**body, "networks": [{"network": f"n{number}"} for number in range(100)]})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert len(answer.json()["errors"]) == 100
