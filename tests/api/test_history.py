"""How use went and when it ends, over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from ipam.domain.insight import surveying
from ipam.domain.networks import addresses, networks
from ipam.models import Network, Project
from tests.builders import IPV4, cidrs, external

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def path(network: str = "narrow", what: str = "history") -> str:
    return f"/api/v1/networks/{network}/{what}/"


def point(days_ago: int, used: object = "1", **more: object) -> dict[str, object]:
    at = (NOW - timedelta(days=days_ago)).isoformat()
    return {"address_family": "ipv6", "at": at, "used": used, "total": str(2**64), **more}


def post(api: APIClient, *points: dict[str, object]) -> Any:
    return api.post(path(), {"points": list(points)}, format="json")


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(one["field"], one["code"]) for one in answer.json()["errors"]]


def test_history_has_both_families_and_ends_with_now(api: APIClient, narrow: Network) -> None:
    surveying.run()
    body = api.get(path()).json()
    assert (body["network"], body["step"]) == ("narrow", "raw")
    assert body["until"] == "2026-10-01T12:00:00Z"
    assert body["since"] == "2026-07-03T12:00:00Z"
    (kept, live) = body["families"]["ipv6"]["points"]
    assert body["families"]["ipv6"]["unit"] == "addresses"
    assert kept == {"at": "2026-10-01T12:00:00Z", "used": "0", "total": str(2**64), "high": "0", "live": False}
    assert live == {**kept, "live": True}
    assert set(body["families"]) == {"ipv4", "ipv6"}


def test_history_of_a_super_network_has_prefixes(api: APIClient, tenants: Network) -> None:
    (live,) = api.get(path("tenants")).json()["families"]["ipv4"]["points"]
    assert (live["used_prefixes"], live["available_prefixes"]) == ("0", "64")


def test_history_can_be_of_one_family(api: APIClient, narrow: Network) -> None:
    assert set(api.get(path() + "?address_family=ipv6").json()["families"]) == {"ipv6"}


def test_both_families_can_be_asked_for(api: APIClient, narrow: Network) -> None:
    assert set(api.get(f"{path()}?address_family=dual-stack").json()["families"]) == {"ipv4", "ipv6"}


def test_history_of_a_project_counts_its_addresses(api: APIClient, narrow: Network, project: Project) -> None:
    addresses.allocate(narrow, project=project)
    body = api.get(f"/api/v1/projects/{project.pk}/history/").json()
    assert body["project"] == str(project.pk)
    assert [one["used"] for one in body["families"]["ipv4"]["points"]] == ["1"]


def test_points_from_elsewhere_are_stored_and_replaced(api: APIClient, narrow: Network) -> None:
    answer = post(api, point(3), point(2, 2), point(1, str(2**63)))
    assert (answer.status_code, answer.json()) == (201, {"stored": 3, "replaced": 0})
    assert post(api, point(2, "7")).json() == {"stored": 0, "replaced": 1}
    points = api.get(path() + "?until=2026-10-01").json()["families"]["ipv6"]["points"]
    assert [one["used"] for one in points] == ["1", "7", str(2**63)]


def test_first_point_is_what_held_when_the_time_begins(api: APIClient, narrow: Network) -> None:
    post(api, point(9, 4), point(1, 5))
    points = api.get(path() + "?since=2026-09-25T00:00:00Z&until=2026-10-01").json()["families"]["ipv6"]["points"]
    assert [(one["at"], one["used"]) for one in points] == [
        ("2026-09-25T00:00:00Z", "4"),
        ("2026-09-30T12:00:00Z", "5"),
    ]


def test_many_points_are_shown_by_the_finest_step_that_fits(api: APIClient, narrow: Network) -> None:
    hours = [(NOW - timedelta(hours=number)).isoformat() for number in range(1, 1_501)]
    post(api, *[point(0, number % 24, at=at) for number, at in enumerate(hours)])
    points = api.get(path()).json()["families"]["ipv6"]["points"]
    assert len(points) == 64
    assert {one["high"] for one in points[1:-2]} == {"23"}
    raw = api.get(path() + "?step=raw")
    assert (raw.status_code, codes(raw)) == (400, [("step", "invalid")])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?step=hour", "step"),
        ("?since=yesterday", "since"),
        ("?since=2026-02-01&until=2026-01-01", "until"),
        ("?sinse=2026", "sinse"),
        ("?since=2026-10-02", "since"),
    ],
)
def test_malformed_question_names_its_parameter(api: APIClient, narrow: Network, query: str, field: str) -> None:
    answer = api.get(path() + query)
    assert (answer.status_code, codes(answer)[0][0]) == (400, field)


def test_wrong_points_are_named_by_their_place(api: APIClient, narrow: Network) -> None:
    answer = post(api, point(1), point(-1), point(1, str(2**64 + 1)))
    assert (answer.status_code, codes(answer)) == (400, [("points.1.at", "invalid"), ("points.2.used", "invalid")])


def test_points_of_a_family_that_the_network_lacks_are_refused(api: APIClient, db: None) -> None:
    networks.create(external(id="four", vrf=9, prefixes=cidrs("198.18.0.0/24"), destination_prefixes=[]))
    answer = api.post(path("four"), {"points": [point(1)]}, format="json")
    assert codes(answer) == [("points.0.address_family", "family_not_in_network")]


@pytest.mark.parametrize("points", [[], [{}] * 10_001, [{"address_family": "ipv4"}]])
def test_malformed_points_are_refused(api: APIClient, narrow: Network, points: list[object]) -> None:
    assert api.post(path(), {"points": points}, format="json").status_code == 400


def test_dry_run_stores_nothing(api: APIClient, narrow: Network) -> None:
    answer = api.post(path() + "?dry_run=true", {"points": [point(1)]}, format="json")
    assert answer.json() == {"stored": 1, "replaced": 0, "dry_run": True}
    assert len(api.get(path()).json()["families"]["ipv6"]["points"]) == 1


@pytest.mark.parametrize("step", ["raw", "day", "week", "month", ""])
def test_first_point_is_what_held_as_the_period_began(api: APIClient, narrow: Network, step: str) -> None:
    post(api, *[point(days, str(100 - days)) for days in range(1, 80)])
    query = "?since=2026-09-01&until=2026-10-01" + (f"&step={step}" if step else "")
    first, second, *_ = api.get(path() + query).json()["families"]["ipv6"]["points"]
    assert (first["at"], first["used"]) == ("2026-09-01T00:00:00Z", "69")
    assert first["at"] < second["at"]


def test_period_that_ends_in_the_future_ends_now(api: APIClient, narrow: Network) -> None:
    body = api.get(path() + "?until=2027-01-01").json()
    assert body["until"] == "2026-10-01T12:00:00Z"
    assert body["families"]["ipv6"]["points"][-1]["live"]


# --- forecasts ------------------------------------------------------------------------------------
@pytest.mark.parametrize("days", [20, 60, 120])
def test_straight_line_from_elsewhere_is_forecast_exactly(api: APIClient, narrow: Network, days: int) -> None:
    share = 2**54  # in 1,024 days all of it
    post(api, *[point(number, str(share * (days - number))) for number in range(days)])
    found = api.get(path(what="forecast")).json()["ipv6"]
    assert (found["state"], found["per_day"]) == ("growing", str(share))
    assert found["full"] == {"earliest": 1024, "likely": 1024, "latest": 1024}
    assert found["text"] == "IPv6 runs out in about 1,024 days."


def test_what_is_full_is_said(api: APIClient, narrow: Network, project: Project) -> None:
    addresses.allocate(narrow, project=project, families=[IPV4], count=2)
    found = api.get(path(what="forecast")).json()
    assert found["ipv4"]["state"] == "full"
    assert found["ipv4"]["full"] == found["ipv4"]["at_95"] == {"earliest": 0, "likely": 0, "latest": 0}
    assert found["ipv4"]["available"] == "0"
    assert found["first_by_time"] == found["first_by_space"] == "ipv4"


def test_forecasts_are_one_list_soonest_first(
    api: APIClient, clock: time_machine.Traveller, internet: Network, narrow: Network, project: Project
) -> None:
    for day in range(16):
        surveying.run()
        clock.shift(86_400)
        addresses.allocate(internet, project=project, families=[IPV4], count=1 + day % 2)
    surveying.run()
    (one,) = api.get("/api/v1/forecasts/?ordering=days_left").json()["results"]
    assert (one["network"], one["address_family"], one["state"]) == ("internet", "ipv4", "growing")
    assert one["full"]["earliest"] <= one["full"]["likely"]


def test_forecast_is_dated_anew_as_soon_as_history_from_elsewhere_is_there(
    api: APIClient, clock: time_machine.Traveller, internet: Network, project: Project
) -> None:
    for _ in range(16):
        surveying.run()
        clock.shift(86_400)
        addresses.allocate(internet, project=project, families=[IPV4])
    surveying.run()
    clock.shift(60)
    one_more = point(30, "0", address_family="ipv4", total="256")
    assert api.post(path("internet"), {"points": [one_more]}, format="json").status_code == 201
    (one,) = api.get("/api/v1/forecasts/").json()["results"]
    assert datetime.fromisoformat(one["as_of"]) == timezone.now()
