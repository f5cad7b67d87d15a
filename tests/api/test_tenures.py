"""Who had it: the abuse mail, answered for any address and moment."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, machines, networks, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members, tokens
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import IPV4, child, ip

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)
TENURES = "/api/v1/tenures/"
ADDRESS = "198.51.100.1"
Clock = time_machine.Traveller


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def bob(db: None) -> Project:
    return projects.create(name="bob")


def take(network: Network, project: Project, **more: Any) -> IPAddress:
    return addresses.allocate(network, project=project, families=[IPV4], **more)[0]


def results(api: APIClient, query: str) -> list[dict[str, Any]]:
    answer = api.get(TENURES + query)
    assert answer.status_code == 200, answer.json()
    return list(answer.json()["results"])


@pytest.fixture
def retaken(clock: Clock, narrow: Network, project: Project, bob: Project) -> None:
    """Alice had it from noon for an hour; bob has it since two."""
    held = take(narrow, project, name="web")
    clock.shift(3600)
    addresses.release(held)
    clock.shift(3600)
    take(narrow, bob, name="mail", type="static")


def holder(api: APIClient, at: str, address: str = ADDRESS) -> list[str]:
    return [one["project_name"] for one in results(api, f"?ip={address}&at={at}")]


def test_address_that_changed_hands_is_answered_for_each_moment(api: APIClient, retaken: None) -> None:
    moments = ["11:59:59", "12:00:00", "12:59:59", "13:00:00", "14:00:00"]
    found = [holder(api, f"2026-10-01T{moment}Z") for moment in moments]
    assert found == [[], ["alice"], ["alice"], [], ["bob"]]


def test_tenure_says_all_that_was_true(api: APIClient, retaken: None, bob: Project, operator: User) -> None:
    first, second = results(api, f"?ip={ADDRESS}")
    assert second == {
        "ip": ADDRESS,
        "address_family": "ipv4",
        "network": "narrow",
        "prefix": "198.51.100.0/30",
        "namespace": None,
        "project": str(bob.pk),
        "project_name": "bob",
        "machine": None,
        "machine_name": "",
        "name": "mail",
        "type": "static",
        "allocation": second["allocation"],
        "from": "2026-10-01T14:00:00Z",
        "until": None,
        "from_exact": True,
        "by": second["by"],
        "door": "command",
        "event": second["event"],
        "ended_by": None,
    }
    assert (first["from"], first["until"]) == ("2026-10-01T12:00:00Z", "2026-10-01T13:00:00Z")
    assert first["ended_by"] not in (None, first["event"])


def test_name_is_that_of_the_moment(api: APIClient, clock: Clock, narrow: Network, project: Project) -> None:
    held = take(narrow, project, name="old")
    clock.shift(3600)
    addresses.update(held, name="new")
    clock.shift(3600)
    found = [
        results(api, f"?ip={ADDRESS}{at}")[0]["name"] for at in ("&at=2026-10-01T12:30Z", "&at=2026-10-01T13:30Z", "")
    ]
    assert found == ["old", "new", "old"]


def test_tenures_of_a_time_are_those_that_touch_it(api: APIClient, retaken: None) -> None:
    def names(query: str) -> list[str]:
        return [one["project_name"] for one in results(api, f"?network=narrow&{query}")]

    assert names("since=2026-10-01T13:00Z") == ["bob"]
    assert names("until=2026-10-01T14:00Z") == ["alice"]
    assert names("since=2026-10-01T12:30Z&until=2026-10-01T14:01Z") == ["alice", "bob"]


def test_block_was_held_too(api: APIClient, clock: Clock, tenants: Network, project: Project) -> None:
    home = networks.create(child(parent=tenants, project=project, address_family=(IPV4,)))
    clock.shift(3600)
    networks.delete(home)
    (one,) = results(api, "?within=10.0.0.0/16&at=2026-10-01T12:30Z")
    assert (one["ip"], one["prefix"], one["network"]) == ("10.0.0.0/22", "10.0.0.0/16", home.pk)
    assert one["until"] == "2026-10-01T13:00:00Z"


def test_machine_is_found_by_its_id(
    api: APIClient, clock: Clock, home: Network, project: Project, partition: Partition
) -> None:
    machine = machines.allocate(
        project=project, partition=partition, name="node-1", networks=[Attachment(network=home)]
    )
    assert {one["machine_name"] for one in results(api, f"?machine={machine.pk}")} == {"node-1"}


@pytest.mark.parametrize("query", ["?ip=198.51.100.1", "?within=198.51.100.0/24", "?network=narrow", "?project=alice"])
def test_each_place_finds_the_address(api: APIClient, retaken: None, query: str) -> None:
    assert ADDRESS in [one["ip"] for one in results(api, query)]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("", "ip", "required"),
        ("?at=2026-10-01", "ip", "required"),
        ("?ip=198.51.100.1&at=2026-10-02", "at", "invalid"),
        ("?ip=198.51.100.1&at=soon", "at", "invalid"),
        ("?ip=198.51.100.1&at=2026-09-01&since=2026-09-01", "at", "invalid"),
        ("?ip=198.51.100", "ip", "invalid"),
        ("?ip=198.51.100.1&who=me", "who", "invalid"),
    ],
)
def test_malformed_question_is_refused(api: APIClient, narrow: Network, query: str, field: str, code: str) -> None:
    answer = api.get(TENURES + query)
    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]


def test_foreign_tenures_are_absent(api: APIClient, retaken: None, bob: Project) -> None:
    user = User.objects.create_user("bea")
    members.grant(user, "viewer", project=bob)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    assert [one["project_name"] for one in results(client, f"?ip={ADDRESS}")] == ["bob"]


# --- all about an address -------------------------------------------------------------------------
def about(api: APIClient, text: str = ADDRESS) -> Any:
    return api.get(f"/api/v1/addresses/{text}/").json()


def test_held_address_has_its_holder_its_partner_and_its_past(
    api: APIClient, clock: Clock, narrow: Network, project: Project, bob: Project
) -> None:
    addresses.release(take(narrow, project))
    clock.shift(60)
    four, six = addresses.allocate(narrow, project=bob)
    found = about(api)
    assert (found["state"], found["network"], found["prefix"]) == ("held", "narrow", "198.51.100.0/30")
    assert (found["held"]["id"], found["pair"]["id"]) == (str(four.pk), str(six.pk))
    assert [one["project_name"] for one in found["tenures"]] == ["bob", "alice"]
    assert found["previous"]["project_name"] == "alice"
    assert found["next_free"] == "198.51.100.2"


def test_free_address_has_a_past_too(api: APIClient, clock: Clock, narrow: Network, project: Project) -> None:
    addresses.release(take(narrow, project))
    found = about(api)
    assert (found["state"], found["held"], found["pair"]) == ("free", None, None)
    assert found["previous"]["project_name"] == "alice"


@pytest.mark.parametrize(
    ("text", "state", "network"),
    [("198.51.100.0", "reserved", "narrow"), ("2001:db8:0:51::", "reserved", "narrow"), ("8.8.8.8", "outside", None)],
)
def test_state_of_what_nobody_can_have(
    api: APIClient, narrow: Network, text: str, state: str, network: str | None
) -> None:
    found = about(api, text)
    assert (found["state"], found["network"], found["tenures"]) == (state, network, [])


def test_what_is_no_address_is_refused(api: APIClient) -> None:
    answer = api.get("/api/v1/addresses/10.0.0/")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "ip")


def test_holder_that_others_may_not_see_is_not_named(api: APIClient, retaken: None, project: Project) -> None:
    user = User.objects.create_user("ann")
    members.grant(user, "viewer", project=project)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    found = about(client)
    assert (found["state"], found["held"]) == ("held", None)
    assert [one["project_name"] for one in found["tenures"]] == ["alice"]


def test_events_are_found_by_the_block_that_they_are_about(
    api: APIClient, clock: Clock, retaken: None, narrow: Network, project: Project
) -> None:
    clock.shift(timedelta(seconds=1))
    addresses.allocate(narrow, project=project, addresses=[ip("2001:db8:0:51::9")])
    found = api.get("/api/v1/events/?within=198.51.100.0/24").json()["results"]
    assert [one["verb"] for one in found] == ["allocate", "release", "allocate"]


# --- the map of a day -----------------------------------------------------------------------------
def states(api: APIClient, prefix: object, query: str) -> list[str]:
    answer = api.get(f"/api/v1/prefixes/{prefix}/map/?{query}")
    assert answer.status_code == 200, answer.json()
    return [cell["state"] for cell in answer.json()["cells"]]


def test_map_of_a_moment_shows_who_held_then(api: APIClient, retaken: None, narrow: Network) -> None:
    prefix = narrow.prefixes.in_order()[0].pk
    moments = ["2026-10-01T11:00Z", "2026-10-01T12:00Z", "2026-10-01T13:00Z", "2026-10-01T14:00Z"]
    drawn = [states(api, prefix, f"cells=4&at={moment}") for moment in moments]
    empty, held = ["reserved", "free", "free", "reserved"], ["reserved", "full", "free", "reserved"]
    assert drawn == [empty, held, empty, held]


def test_map_of_now_is_the_same_by_tenures_as_by_free_space(
    api: APIClient, clock: Clock, tenants: Network, project: Project
) -> None:
    for _ in range(3):
        networks.create(child(parent=tenants, project=project))
    clock.shift(1)
    for prefix in tenants.prefixes.all():
        now = states(api, prefix.pk, "cells=64")
        assert states(api, prefix.pk, f"cells=64&at={(NOON + timedelta(seconds=1)).isoformat()[:19]}Z") == now


def test_map_of_a_moment_that_has_not_come_is_refused(api: APIClient, narrow: Network) -> None:
    answer = api.get(f"/api/v1/prefixes/{narrow.prefixes.in_order()[0].pk}/map/?at=2026-10-02")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "at")
