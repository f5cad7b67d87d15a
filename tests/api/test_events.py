"""The change history over the API: who did what, through which door, and how to find it."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from ipam.domain.core import timelines
from ipam.domain.files import importing
from ipam.domain.files.kinds import NETWORKS, PARTITIONS
from ipam.domain.files.tables import Table
from ipam.domain.networks import addresses, machines, networks, partitions, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Event, Network, Partition, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, IPV6, cidrs, external, ip
from tests.shared import shared_fixture

EVENTS = "/api/v1/events/"


@shared_fixture
def history(token: str, mini_lab: Network, home: Network, project: Project, partition: Partition) -> None:
    """Alice has taken a pair and given it back, and has a machine in two networks; the robot's token is older."""
    Event.objects.all().delete()
    pair = addresses.allocate(mini_lab, project=project, name="web")
    addresses.release_many(pair)
    machines.allocate(
        id="m1",
        project=project,
        partition=partition,
        networks=[Attachment(network=home), Attachment(network=mini_lab, families=[IPV6])],
    )
    projects.update(project, tenant="acme")


def test_events_are_listed_newest_first(api: APIClient, history: None) -> None:
    assert results(api.get(EVENTS), "verb") == ["update", "allocate", "release", "allocate"]


def test_event_says_who_did_what_to_what(api: APIClient, mini_lab: Network, project: Project, operator: User) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk), "name": "web", "address_family": "ipv4"}
    (made,) = api.post("/api/v1/ips/", body, headers={"X-Request-ID": "req-1"}).json()["ips"]
    (row,) = api.get(EVENTS, {"request_id": "req-1"}).json()["results"]
    event = Event.objects.get(request_id="req-1")
    assert row == {
        "id": event.pk,
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "actor": "operator",
        "door": "api",
        "request_id": "req-1",
        "verb": "allocate",
        "kind": "address",
        "object": made["allocation"],
        "name": "web",
        "network": "internet-mini-lab",
        "project": str(project.pk),
        "count": 1,
        "changes": {"name": [None, "web"], "type": [None, "ephemeral"]},
        "addresses": ["203.0.113.129"],
        "undo_until": (event.at + timedelta(seconds=600)).isoformat().replace("+00:00", "Z"),
        "undone_by": None,
        "undoes": None,
    }


def test_one_event_tells_who_held_its_addresses(api: APIClient, history: None, project: Project) -> None:
    key = Event.objects.get(kind="machine").pk
    holders = api.get(f"{EVENTS}{key}/").json()["holders"]
    assert {group["network"]: group["before"] for group in holders}["internet-mini-lab"] is None
    assert [group["after"] for group in holders] == [{"project": str(project.pk), "machine": "m1"}] * 2


def test_list_shows_the_first_addresses_and_an_event_all_of_them(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    addresses.allocate(mini_lab, project=project, families=[IPV4], count=50)
    row = api.get(EVENTS, {"kind": "address", "limit": 1}).json()["results"][0]
    assert (row["count"], len(row["addresses"])) == (50, 20)
    assert len(api.get(f"{EVENTS}{row['id']}/").json()["addresses"]) == 50


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=machine", ["allocate"]),
        ("kind=machine&object=m1", ["allocate"]),
        ("kind=machine&object=m2", []),
        ("verb=release", ["release"]),
        ("actor=nobody", []),
        ("door=command&kind=project", ["update"]),
        ("door=dashboard", []),
        ("network=internet-mini-lab", ["allocate", "release", "allocate"]),
        ("network=nowhere", []),
        ("address=203.0.113.129", ["release", "allocate"]),
        ("address=203.0.113.12", []),
        ("network=internet-mini-lab&kind=machine", ["allocate"]),
        ("since=2000-01-01T00:00:00Z&verb=release", ["release"]),
        ("until=2000-01-01T00:00:00Z", []),
        ("request_id=none", []),
        ("q=M1", ["allocate"]),
        ("q=203.0.113.129", ["release", "allocate"]),
    ],
)
def test_filter(api: APIClient, history: None, query: str, found: list[str]) -> None:
    assert results(api.get(f"{EVENTS}?{query}"), "verb") == found


def test_events_of_a_project(api: APIClient, history: None, project: Project) -> None:
    assert results(api.get(EVENTS, {"project": project.pk}), "verb") == ["update", "allocate", "release", "allocate"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("kind", "cow"), ("verb", "eat"), ("door", "window"), ("project", "x"), ("address", "10"), ("since", "today")],
)
def test_malformed_filter_is_named(api: APIClient, name: str, value: str) -> None:
    assert codes(api.get(EVENTS, {name: value})) == [(name, "invalid")]


def test_unknown_filter_is_refused(api: APIClient) -> None:
    assert codes(api.get(EVENTS, {"colour": "red"})) == [("colour", "invalid")]


def test_pages_lead_from_the_newest_to_the_oldest_and_back(api: APIClient, history: None) -> None:
    seen: list[Any] = []
    url = f"{EVENTS}?limit=2"
    while url:
        page = api.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url, last = page["next"], page
    assert seen == list(Event.objects.order_by("-at", "-id").values_list("pk", flat=True))
    assert [row["id"] for row in api.get(last["previous"]).json()["results"]] == seen[-len(last["results"]) - 2 :][:2]


def test_history_is_read_only(api: APIClient, history: None) -> None:
    event = f"{EVENTS}{Event.objects.latest('id').pk}/"
    answers = [api.post(EVENTS, {}), api.patch(event, {}), api.delete(event)]
    assert [answer.status_code for answer in answers] == [405, 405, 405]


def test_history_is_for_those_who_are_signed_in(db: None) -> None:
    assert Client().get(EVENTS).status_code == 401


# --- parts ----------------------------------------------------------------------------------------
@pytest.fixture
def whole(api: APIClient, mini_lab: Network) -> Event:
    """An import that has made a partition, and renamed a network."""
    for kind, row in (PARTITIONS, {"id": "fra"}), (NETWORKS, {"id": mini_lab.pk, "name": "Internet"}):
        importing.apply(Table(kind, io.BytesIO(json.dumps([row]).encode()), "json"))
    return Event.objects.filter(verb="import").earliest("pk")


def test_parts_of_an_event_are_listed_when_they_are_asked_for(api: APIClient, whole: Event) -> None:
    (part,) = api.get(EVENTS, {"part_of": whole.pk}).json()["results"]
    assert (part["verb"], part["kind"], part["object"]) == ("create", "partition", "fra")
    assert api.get(f"{EVENTS}{part['id']}/").json()["part_of"] == whole.pk
    assert api.get(f"{EVENTS}{whole.pk}/").json()["part_of"] is None


def test_list_tells_of_parts_just_those_that_say_from_what_to_what(api: APIClient, whole: Event) -> None:
    assert results(api.get(EVENTS), "verb")[:3] == ["import", "update", "import"]
    assert codes(api.get(EVENTS, {"part_of": "x"})) == [("part_of", "invalid")]


# --- doors ----------------------------------------------------------------------------------------
def last() -> tuple[str, str, str]:
    event = Event.objects.latest("id")
    return event.actor, event.door, event.request_id


def test_token_comes_through_the_api(api: APIClient) -> None:
    answer = api.post("/api/v1/partitions/", {"id": "fra"}, headers={"X-Request-ID": "req-1"})
    assert (last(), answer.headers["X-Request-ID"]) == (("operator", "api", "req-1"), "req-1")


def test_session_may_come_through_the_api_too(client: Client, operator: User) -> None:
    client.force_login(operator)
    client.post("/api/v1/partitions/", {"id": "fra"}, content_type="application/json")
    assert last()[:2] == ("operator", "api")


def test_page_comes_through_the_dashboard(client: Client, operator: User) -> None:
    client.force_login(operator)
    answer = client.post("/partitions/new/", {"id": "fra"})
    assert last() == ("operator", "dashboard", answer.headers["X-Request-ID"])


def test_request_without_id_is_given_one_of_its_own(api: APIClient) -> None:
    given = {api.get(EVENTS).headers["X-Request-ID"] for _ in range(2)}
    assert sorted(map(len, given)) == [32, 32]


@pytest.mark.parametrize("hostile", ["", "a b", "a" * 65, "a\u00e4", "<b>"])
def test_request_id_that_is_not_plain_is_replaced(api: APIClient, hostile: str) -> None:
    assert len(api.get(EVENTS, HTTP_X_REQUEST_ID=hostile).headers["X-Request-ID"]) == 32


def test_refused_request_carries_its_id_and_leaves_no_event(api: APIClient) -> None:
    before = Event.objects.count()
    answer = api.post("/api/v1/partitions/", {"id": "!"})
    assert (answer.status_code, len(answer.headers["X-Request-ID"]), Event.objects.count()) == (400, 32, before)


def test_dry_run_of_a_request_leaves_no_event(api: APIClient, mini_lab: Network, project: Project) -> None:
    before = Event.objects.count()
    answer = api.post("/api/v1/ips/?dry_run=true", {"network": mini_lab.pk, "project": str(project.pk)})
    assert (answer.status_code, Event.objects.count()) == (201, before)


def test_dry_run_of_a_deletion_leaves_no_event(api: APIClient) -> None:
    partitions.create(id="fra")
    before = Event.objects.count()
    api.delete("/api/v1/partitions/fra/?dry_run=true")
    assert Event.objects.count() == before


def test_timeline_of_the_api_is_that_of_the_domain(api: APIClient, history: None) -> None:
    asked = results(api.get(EVENTS, {"network": "internet-mini-lab", "address": "203.0.113.129"}))
    assert asked == [event.pk for event in timelines.of_address("internet-mini-lab", ip("203.0.113.129"))]


def test_network_that_is_gone_still_has_its_history(api: APIClient, history: None) -> None:
    prefixes = cidrs("192.0.2.0/24")
    networks.delete(networks.create(external(id="spare", vrf=5, prefixes=prefixes, destination_prefixes=[])))
    assert results(api.get(EVENTS, {"network": "spare"}), "verb") == ["delete", "create"]
