"""partitions/, projects/ and vrfs/: full CRUD, and no delete while referenced."""

import uuid

import pytest
from rest_framework.test import APIClient

from ipam.models import Network, Partition, Project
from tests.api.conftest import codes, results

V1 = "/api/v1/"
EVERY_KIND = [
    ("partitions", {"id": "mini-lab"}),
    ("projects", {"id": "4b9b17c4-2d7c-4190-ae95-dda44e430fa6", "tenant": "acme"}),
    ("vrfs", {"id": 104009}),
]
every_kind = pytest.mark.parametrize(("kind", "body"), EVERY_KIND, ids=[kind for kind, _ in EVERY_KIND])
DESCRIBED = {"name": "First", "description": "the first one", "labels": {"tier": "gold", "empty": ""}}


@every_kind
def test_create_answers_all_that_was_given(api: APIClient, kind: str, body: dict[str, object]) -> None:
    response = api.post(f"{V1}{kind}/", body | DESCRIBED)
    assert response.status_code == 201
    answer = response.json()
    assert {name: answer[name] for name in body | DESCRIBED} == body | DESCRIBED
    assert answer["generation"] == 1


@every_kind
def test_what_was_created_can_be_read_and_listed(api: APIClient, kind: str, body: dict[str, object]) -> None:
    made = api.post(f"{V1}{kind}/", body).json()
    assert api.get(f"{V1}{kind}/{body['id']}/").json() == made
    assert api.get(f"{V1}{kind}/").json() == {"next": None, "previous": None, "results": [made]}


@every_kind
def test_taken_id_is_a_conflict(api: APIClient, kind: str, body: dict[str, object]) -> None:
    api.post(f"{V1}{kind}/", body)
    response = api.post(f"{V1}{kind}/", body)
    assert (response.status_code, codes(response)) == (409, [("id", "already_exists")])


@every_kind
def test_patch_changes_what_it_names(api: APIClient, kind: str, body: dict[str, object]) -> None:
    api.post(f"{V1}{kind}/", body | DESCRIBED)
    answer = api.patch(f"{V1}{kind}/{body['id']}/", {"name": "Second"}).json()
    assert (answer["name"], answer["description"], answer["generation"]) == ("Second", "the first one", 2)


@every_kind
def test_id_never_changes(api: APIClient, kind: str, body: dict[str, object]) -> None:
    api.post(f"{V1}{kind}/", body)
    assert codes(api.patch(f"{V1}{kind}/{body['id']}/", {"id": body["id"]})) == [("id", "unknown_field")]


@every_kind
def test_delete(api: APIClient, kind: str, body: dict[str, object]) -> None:
    api.post(f"{V1}{kind}/", body)
    response = api.delete(f"{V1}{kind}/{body['id']}/")
    assert (response.status_code, response.content) == (204, b"")
    assert results(api.get(f"{V1}{kind}/")) == []


@every_kind
def test_what_is_not_there_is_not_found(api: APIClient, kind: str, body: dict[str, object]) -> None:
    url = f"{V1}{kind}/{body['id']}/"
    answers = [api.get(url), api.patch(url, {"name": "x"}), api.delete(url)]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "not_found")] * 3


def test_project_id_is_made_when_it_is_not_given(api: APIClient) -> None:
    made = api.post(f"{V1}projects/", {"name": "alice"}).json()
    assert uuid.UUID(made["id"]).version == 4


def test_partition_needs_an_id(api: APIClient) -> None:
    response = api.post(f"{V1}partitions/", {"name": "nameless"})
    assert (response.status_code, codes(response)) == (400, [("id", "required")])


@pytest.mark.parametrize("slug", ["a", "-a", "a-", "a b", "a/b", "ä-b", "a" * 129])
def test_partition_id_is_a_slug(api: APIClient, slug: str) -> None:
    assert codes(api.post(f"{V1}partitions/", {"id": slug})) == [("id", "invalid")]


@pytest.mark.parametrize("vni", [0, -1, 16_777_216])
def test_vrf_id_is_a_vni(api: APIClient, vni: int) -> None:
    assert codes(api.post(f"{V1}vrfs/", {"id": vni})) == [("id", "invalid")]


def test_vrf_names_its_networks(api: APIClient, mini_lab: Network) -> None:
    assert api.get(f"{V1}vrfs/104009/").json()["networks"] == [mini_lab.pk]


def test_partition_in_use_stays(api: APIClient, mini_lab: Network, partition: Partition) -> None:
    response = api.delete(f"{V1}partitions/{partition.pk}/")
    assert (response.status_code, response.json()["code"]) == (409, "in_use")


def test_project_in_use_stays(api: APIClient, mini_lab: Network, reserved: Project) -> None:
    response = api.delete(f"{V1}projects/{reserved.pk}/")
    assert (response.status_code, response.json()["code"]) == (409, "in_use")
    assert response.json()["detail"] == "“reserved” still has 2 addresses. Remove or release them first."


def test_vrf_in_use_stays(api: APIClient, mini_lab: Network) -> None:
    response = api.delete(f"{V1}vrfs/104009/")
    assert (response.status_code, response.json()["code"]) == (409, "in_use")
