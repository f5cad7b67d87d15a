"""What is asked most has a way in front of the framework, and whatever is unusual about it has not."""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.networks import addresses
from ipam.models import Network, Project

pytestmark = pytest.mark.django_db


def is_short(answer: Any) -> bool:
    """The framework says what else is allowed; nobody asks that of the short way."""
    return "Allow" not in answer.headers


@pytest.fixture
def body(mini_lab: Network, project: Project) -> dict[str, Any]:
    return {"network": mini_lab.pk, "project": str(project.pk)}


def test_pair_is_taken_and_given_back_the_short_way(api: APIClient, body: dict[str, Any]) -> None:
    taken = api.post("/api/v1/ips/", body)
    given = [api.delete(f"/api/v1/ips/{one['id']}/") for one in taken.json()["ips"]]
    assert [(answer.status_code, is_short(answer)) for answer in (taken, *given)] == [(201, True), *[(204, True)] * 2]


def test_refusal_by_a_rule_is_told_the_short_way(api: APIClient, body: dict[str, Any], tenants: Network) -> None:
    answer = api.post("/api/v1/ips/", {**body, "network": tenants.pk})
    assert (answer.status_code, answer.json()["code"], is_short(answer)) == (400, "network_not_usable", True)
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "more", "headers"),
    [
        ("?dry_run=true", {}, {}),
        ("", {}, {"Idempotency-Key": "k"}),
        ("", {}, {"If-Match": "*"}),
        ("", {}, {"Accept": "text/html, */*"}),
        ("", {"colour": "red"}, {}),
        ("", {"count": 0}, {}),
        ("", {"description": "ä" * 2_001}, {}),
    ],
)
def test_what_is_unusual_goes_the_ordinary_way(
    api: APIClient, body: dict[str, Any], query: str, more: dict[str, Any], headers: dict[str, str]
) -> None:
    assert not is_short(api.post(f"/api/v1/ips/{query}", {**body, **more}, headers=headers))


def test_text_in_another_charset_is_read_by_the_view(api: APIClient, body: dict[str, Any]) -> None:
    answer = api.generic("POST", "/api/v1/ips/", json.dumps(body), content_type="application/json; charset=latin-1")
    assert not is_short(answer)


def test_who_is_not_let_in_is_told_so_by_the_view(body: dict[str, Any]) -> None:
    stranger = APIClient()
    stranger.credentials(HTTP_AUTHORIZATION="Bearer nobody")
    answer = stranger.post("/api/v1/ips/", body)
    assert (answer.status_code, is_short(answer)) == (401, False)


def test_short_way_tells_browsers_and_proxies_the_same(api: APIClient, body: dict[str, Any]) -> None:
    short, ordinary = (
        dict(api.post("/api/v1/ips/", body, headers=more).headers) for more in ({}, {"Accept": "x, */*"})
    )
    for told in (short, ordinary):
        told.pop("X-Request-ID")
    ordinary.pop("Allow")
    assert short == ordinary


def test_address_of_nobody_is_not_there_by_either_way(api: APIClient, mini_lab: Network, project: Project) -> None:
    (one,) = addresses.allocate(mini_lab, project=project, families=mini_lab.allowed_families[:1])
    addresses.release(one)
    answers = [api.delete(f"/api/v1/ips/{one.pk}/"), api.delete(f"/api/v1/ips/{one.pk}/", headers={"If-Match": "*"})]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(404, answers[0].json())] * 2
