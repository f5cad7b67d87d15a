"""`?dry_run=true`: everything happens, the would-be answer comes back, nothing is kept."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.models import Network, Project
from tests.api.conftest import codes, results
from tests.api.writes import every_write, everything, send


@every_write
def test_dry_run_keeps_nothing(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    before = everything()
    response = send(api, verb, path, body, world, "dry_run=true")
    assert response.status_code in (200, 201, 202), response.json()
    assert "dry_run" in str(response.json())
    assert everything() == before


@every_write
def test_same_request_without_a_dry_run_changes_something(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    before = everything()
    assert send(api, verb, path, body, world, "dry_run=false").status_code in (200, 201, 202, 204)
    assert everything() != before


@every_write
def test_misspelt_dry_run_is_refused_and_changes_nothing(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    before = everything()
    response = send(api, verb, path, body, world, "dryrun=true")
    assert (response.status_code, codes(response)) == (400, [("dryrun", "invalid")])
    assert everything() == before


@pytest.mark.parametrize("value", ["True", "1", "yes", "", "true "])
def test_dry_run_is_true_or_false(api: APIClient, value: str) -> None:
    response = api.post(f"/api/v1/partitions/?dry_run={value}", {"id": "fra-1"})
    assert (response.status_code, codes(response)) == (400, [("dry_run", "invalid")])
    assert results(api.get("/api/v1/partitions/")) == []


def test_pair_of_a_dry_run_is_what_the_real_request_gives(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    tried = api.post("/api/v1/ips/?dry_run=true", body).json()
    real = api.post("/api/v1/ips/", body).json()
    assert [one["ip"] for one in tried["ips"]] == [one["ip"] for one in real["ips"]]
    assert (tried["dry_run"], "dry_run" in real) == (True, False)


def test_dry_run_of_a_delete_says_that_it_was_one(api: APIClient, home: Network) -> None:
    response = api.delete(f"/api/v1/networks/{home.pk}/?dry_run=true")
    assert (response.status_code, response.json()) == (200, {"dry_run": True})


def test_dry_run_of_a_removal_keeps_the_prefix(api: APIClient, home: Network) -> None:
    url = "/api/v1/networks/tenants/prefixes/"
    api.post(url, {"prefix": "10.9.0.0/16"})
    assert api.delete(f"{url}?prefix=10.9.0.0/16&dry_run=true").json() == {"dry_run": True}
    assert len(api.get("/api/v1/networks/tenants/").json()["prefixes"]) == 3


def test_dry_run_is_refused_like_the_real_request(api: APIClient, home: Network) -> None:
    response = api.delete("/api/v1/networks/tenants/?dry_run=true")
    assert (response.status_code, response.json()["code"]) == (409, "has_children")
