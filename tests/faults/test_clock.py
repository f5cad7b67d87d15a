"""The clock jumps, by years and in both directions; what is stored and who may do what does not hang on it."""

from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, networks, partitions, projects
from ipam.domain.people import tokens
from ipam.models import Event, Network, Project
from tests.builders import child
from tests.faults.robots import NO_DIFFERENCE, Told, differences

YEARS = [2030, 2020, 2031, 2019, 2026]


def at(year: int) -> time_machine.travel:
    return time_machine.travel(datetime(year, 6, 1, tzinfo=UTC), tick=False)


@pytest.fixture
def api(operator: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(operator)}")
    return client


def test_space_adds_up_though_every_operation_has_another_year(
    internet: Network, tenants: Network, project: Project
) -> None:
    for year, _ in zip(cycle(YEARS), range(15), strict=False):
        with at(year):
            held = addresses.allocate(internet, project=project)
            carved = networks.create(child(parent=tenants, project=project))
        with at(year - 7):
            networks.delete(carved)
            addresses.release_allocation(held[0].allocation)
            addresses.allocate(internet, project=project)
    assert differences(Told())["doctor"] == NO_DIFFERENCE["doctor"]
    assert differences(Told())["misstated"] == []


@pytest.mark.parametrize("ordering", ["at", "-at"])
def test_list_has_every_event_once_while_the_clock_goes_back(api: APIClient, db: None, ordering: str) -> None:
    for number, year in enumerate(YEARS * 3):
        with at(year):
            partitions.create(id=f"fra-{number}")
    known = set(Event.objects.values_list("pk", flat=True))
    seen: list[int] = []
    page = f"/api/v1/events/?ordering={ordering}&limit=2"
    while page:
        answer = api.get(page).json()
        seen += [row["id"] for row in answer["results"]]
        with at(2025):
            projects.create(name="meanwhile")
        page = answer["next"]
    assert sorted(key for key in seen if key in known) == sorted(known)


@pytest.mark.parametrize("year", YEARS)
def test_token_opens_the_api_in_any_year(api: APIClient, year: int) -> None:
    with at(year):
        assert api.get("/api/v1/networks/").status_code == 200


@pytest.mark.parametrize(
    ("jump", "is_signed_in"),
    [(timedelta(days=-365), True), (timedelta(hours=11), True), (timedelta(hours=13), False)],
)
def test_session_ends_after_its_hours_and_not_because_the_clock_went_back(
    operator: User, jump: timedelta, is_signed_in: bool
) -> None:
    browser, now = Client(), datetime(2026, 6, 1, tzinfo=UTC)
    with time_machine.travel(now):
        browser.post("/accounts/login/", {"username": "operator", "password": "correct horse"})
    with time_machine.travel(now + jump):
        assert (browser.get("/networks/").status_code == 200) == is_signed_in
