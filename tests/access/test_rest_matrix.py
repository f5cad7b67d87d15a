"""Every route of the API, for everybody: the answer is what the table of roles says, and foreign things are absent."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ipam.api.urls import router
from ipam.domain.people import tokens
from tests.access.conftest import ROLES, Cloud
from tests.access.places import EVERYBODYS, FOREIGN, OWN, PLATFORMS, answer, sees
from tests.access.rest_cases import ABOUT_NOTHING, CASES, REFUSED, Case

_SAID = {403: "forbidden", 404: "absent"}


def name(case: Case) -> str:
    return f"{case.route} {case.method} {case.place}"


def client_of(user: User, **limits: Any) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user, **limits)}")
    return client


def ask(client: APIClient, case: Case, cloud: Cloud) -> int:
    url = f"/api/v1/{case.url(cloud)}"
    if case.method == "get":
        return client.get(url).status_code
    dry = f"{url}{'&' if '?' in url else '?'}dry_run=true"
    return getattr(client, case.method)(dry, case.body(cloud)).status_code


def test_every_route_has_a_case() -> None:
    lists = {(route.name, "get") for route in router.urls if route.name.endswith("-list")}
    routes = {(route.name, method) for route in router.urls for method in route.callback.actions if method != "head"}
    assert {(case.route, case.method) for case in [*CASES, *REFUSED]} | lists == routes


@pytest.mark.parametrize("role", ROLES)
def test_every_route_answers_everybody_as_the_table_says(
    role: str, size: str, owning: Cloud, people: dict[str, User]
) -> None:
    client = client_of(people[role])
    statuses = {(n, name(case)): ask(client, case, owning) for n, case in enumerate(CASES)}
    found = {key: _SAID.get(status, "done" if status < 300 else status) for key, status in statuses.items()}
    expected = {(n, name(case)): answer(role, case.permission, case.place) for n, case in enumerate(CASES)}
    expected |= {key: "absent" for key in expected if key[1] in ABOUT_NOTHING and expected[key] == "done"}
    expected |= {key: 409 for key in expected if key[1].startswith("prefix-merge") and expected[key] == "done"}
    assert found == expected


@pytest.mark.parametrize("case", REFUSED, ids=name)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_not_is_not_told_why_nobody_can(role: str, case: Case, two: Cloud, people: dict[str, User]) -> None:
    expected = {"done": 409, "forbidden": 403, "absent": 404}[answer(role, case.permission, case.place)]
    assert ask(client_of(people[role]), case, two) == expected


@pytest.mark.parametrize("role", ROLES)
def test_every_list_holds_just_what_one_sees(role: str, size: str, two: Cloud, people: dict[str, User]) -> None:
    client = client_of(people[role])
    own, foreign = sees(role, OWN), sees(role, FOREIGN)
    shown = {
        route.name: [
            str(row.get("id")) for row in client.get(f"/api/v1/{route.name.split('-')[0]}s/").json()["results"]
        ]
        for route in router.urls
        if route.name.endswith("-list") and route.name not in ("prefix-list", "range-list")
    }
    shown["prefix-list"] = [str(row["id"]) for row in client.get("/api/v1/prefixes/").json()["results"]]
    seen = {
        "project-list": (two.project.pk, two.foreign_project.pk),
        "network-list": (two.private.pk, two.foreign.pk),
        "prefix-list": (two.prefix.pk, two.foreign_prefix.pk),
        "vrf-list": (two.private.vrf_id, two.foreign.vrf_id),
        "ip-list": (two.address.pk, two.foreign_address.pk),
        "machine-list": (two.machine.pk, two.foreign_machine.pk),
        "event-list": (two.event.pk, two.foreign_event.pk),
    }
    found = {kind: tuple(str(key) in shown[kind] for key in keys) for kind, keys in seen.items()}
    assert found == dict.fromkeys(seen, (own, foreign))
    assert ("mini-lab" in shown["partition-list"]) == sees(role, EVERYBODYS)


@pytest.mark.parametrize("role", ROLES)
def test_token_that_only_reads_is_refused_every_write(role: str, owning: Cloud, people: dict[str, User]) -> None:
    client = client_of(people[role], read_only=True)
    writes = [case for case in [*CASES, *REFUSED] if case.method != "get"]
    assert {name(case): status for case in writes if (status := ask(client, case, owning)) < 300} == {}


@pytest.mark.parametrize("role", ROLES)
def test_token_of_one_project_reaches_no_other(role: str, owning: Cloud, people: dict[str, User]) -> None:
    client = client_of(people[role], projects=[owning.project])
    beyond = [case for case in CASES if case.place in (FOREIGN, PLATFORMS)]
    assert {ask(client, case, owning) for case in beyond} == {404}
