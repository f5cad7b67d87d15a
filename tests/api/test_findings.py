"""GET findings/: what to look at, live while an installation is small, as of the last survey when it is large."""

from itertools import chain
from typing import Any

import pytest
from rest_framework.test import APIClient

from ipam.domain.insight import survey, surveying
from ipam.domain.networks import addresses, networks
from ipam.models import Network, Project, Survey
from tests.api.conftest import codes, results
from tests.builders import IPV4, cidrs, external

FINDINGS = "/api/v1/findings/"


@pytest.fixture(params=["small", "large"])
def troubled(
    request: pytest.FixtureRequest,
    internet: Network,
    project: Project,
    stranger: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full network (serious), halves of both projects (warning), two projects without networks (info)."""
    full = networks.create(external(id="full", vrf=7, prefixes=cidrs("192.0.2.0/31"), destination_prefixes=()))
    addresses.allocate(full, project=project, count=2)
    for owner in (project, stranger):
        addresses.allocate(internet, project=owner, families=[IPV4])
    surveying.run()
    if request.param == "large":
        monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)


HALF, EMPTY = "one_family_allocations", "project_without_networks"


def test_finding_says_what_and_where(api: APIClient, troubled: None, project: Project) -> None:
    (half,) = api.get(FINDINGS, {"code": HALF, "project": "alice"}).json()["results"]
    assert half == {
        "key": f"{HALF}:network:internet:ipv6",
        "code": HALF,
        "severity": "warning",
        "kind": "network",
        "object": "internet",
        "name": "",
        "network": "internet",
        "project": str(project.pk),
        "address_family": "ipv6",
        "detail": "alice: 1 allocation has no IPv6 address. Complete what is missing.",
        "until": None,
        "reason": None,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["family_nearly_full", HALF, HALF, EMPTY, EMPTY]),
        ("severity=serious", ["family_nearly_full"]),
        ("kind=project", [EMPTY, EMPTY]),
        ("network=internet", [HALF, HALF]),
        ("network=internet&network=full", ["family_nearly_full", HALF, HALF]),
        ("project=alice", [HALF, EMPTY]),
        ("project=alice&project=mallory&kind=network", [HALF, HALF]),
        ("project=null", ["family_nearly_full"]),
        ("code=nonsense", []),
    ],
)
def test_filters_keep_just_what_they_name(api: APIClient, troubled: None, query: str, expected: list[str]) -> None:
    assert results(api.get(f"{FINDINGS}?{query}"), "code") == expected


@pytest.mark.parametrize(
    ("query", "field"), [("severity=bad", "severity"), ("colour=red", "colour"), ("code=", "code")]
)
def test_malformed_filter_is_refused_by_name(api: APIClient, troubled: None, query: str, field: str) -> None:
    response = api.get(f"{FINDINGS}?{query}")
    assert (response.status_code, codes(response)) == (400, [(field, "invalid")])


def pages(api: APIClient, url: str | None, way: str) -> list[list[str]]:
    found = []
    while url:
        answer = api.get(url).json()
        found.append([row["detail"] for row in answer["results"]])
        url = answer[way]
        last = answer
    return [*found, [last["previous"] or last["next"] or ""]]


def test_pages_hold_each_finding_once_in_both_directions(api: APIClient, troubled: None) -> None:
    whole = results(api.get(FINDINGS), "detail")
    *forth, [back] = pages(api, f"{FINDINGS}?limit=2", "next")
    assert [len(page) for page in forth] == [2, 2, 1]
    assert list(chain(*forth)) == whole
    *backwards, _ = pages(api, back, "previous")
    assert backwards == [forth[1], forth[0]]


def test_count_is_told_to_who_asks(api: APIClient, troubled: None) -> None:
    assert api.get(f"{FINDINGS}?count=true&limit=1").json()["count"] == 5


def test_cursor_of_something_else_is_refused(api: APIClient, troubled: None) -> None:
    cursor: Any = api.get("/api/v1/networks/?limit=1").json()["next"].split("cursor=")[1]
    assert codes(api.get(f"{FINDINGS}?cursor={cursor}")) == [("cursor", "invalid")]


def test_missing_survey_of_a_large_installation_is_said(
    api: APIClient, troubled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Survey.objects.all().delete()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    assert "survey_old" in results(api.get(FINDINGS), "code")
    answer = api.post(f"{FINDINGS}accept/", {"key": "survey_old:survey::", "reason": "known"})
    assert codes(answer) == [("key", "invalid")]
