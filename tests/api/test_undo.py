"""`POST events/{id}/undo/`: the inverse over the API, once, with the answer that a retry gets too."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from ipam.domain.networks import addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members, tokens
from ipam.models import Event, IPAddress, Network, Project
from tests.api.conftest import event_of, results
from tests.builders import IPV4

EVENTS = "/api/v1/events/"


def undo(api: APIClient, event: object, query: str = "", **headers: str) -> Any:
    return api.post(f"{EVENTS}{event}/undo/{query}", headers={k.replace("_", "-"): v for k, v in headers.items()})


def allocate(api: APIClient, network: Network, project: Project, **more: Any) -> list[dict[str, Any]]:
    body = {"network": network.pk, "project": str(project.pk), **more}
    return api.post("/api/v1/ips/", body, format="json").json()["ips"]


def test_undone_allocation_names_the_events_and_no_addresses(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    (one,) = allocate(api, mini_lab, project, address_family="ipv4")
    key = event_of(object_id=one["allocation"])
    answer = undo(api, key)
    left = Event.objects.latest("pk")
    assert (answer.status_code, answer.json()) == (200, {"event": left.pk, "undone": int(key)})
    undone, undoing = api.get(f"{EVENTS}{key}/").json(), api.get(f"{EVENTS}{left.pk}/").json()
    assert (undone["undone_by"], undone["undo_until"], undone["undoes"]) == (left.pk, None, None)
    assert (undoing["undoes"], undoing["undone_by"], undoing["verb"]) == (int(key), None, "release")


@pytest.mark.parametrize("path", ["ips", "allocations"])
def test_undone_release_gives_the_same_addresses(
    api: APIClient, mini_lab: Network, project: Project, path: str
) -> None:
    pair = allocate(api, mini_lab, project, name="web", labels={"a": "b"}, type="static")
    given = pair[:1] if path == "ips" else pair
    api.delete(f"/api/v1/{path}/{pair[0]['id' if path == 'ips' else 'allocation']}/")
    answer = undo(api, event_of(verb="release")).json()
    same = [
        {**one, "generation": 2, "updated_at": back["updated_at"]}
        for one, back in zip(given, answer["ips"], strict=True)
    ]
    assert answer["ips"] == same


def test_undone_carving_leaves_no_network(api: APIClient, home: Network) -> None:
    answer = undo(api, event_of(verb="carve"))
    assert (answer.status_code, set(answer.json())) == (200, {"event", "undone"})
    assert api.get(f"/api/v1/networks/{home.pk}/").status_code == 404


def test_undo_that_is_sent_again_with_its_key_gets_the_same_answer(
    api: APIClient, mini_lab: Network, project: Project
) -> None:
    (one,) = allocate(api, mini_lab, project, address_family="ipv4")
    key = event_of(object_id=one["allocation"])
    first, second = (undo(api, key, Idempotency_Key="undo-1") for _ in range(2))
    assert (first.json(), second.headers["Idempotency-Replayed"]) == (second.json(), "true")
    third = undo(api, key)
    assert (third.status_code, third.json()["code"]) == (409, "already_undone")


def test_tried_undo_gives_the_addresses_and_keeps_nothing(api: APIClient, mini_lab: Network, project: Project) -> None:
    pair = allocate(api, mini_lab, project)
    api.delete(f"/api/v1/allocations/{pair[0]['allocation']}/")
    before = list(IPAddress.objects.order_by("pk").values())
    answer = undo(api, event_of(verb="release"), "?dry_run=true").json()
    assert ([one["ip"] for one in answer["ips"]], answer["dry_run"]) == ([one["ip"] for one in pair], True)
    assert list(IPAddress.objects.order_by("pk").values()) == before


def test_refusals_of_an_undo_are_conflicts(api: APIClient, mini_lab: Network, home: Network, project: Project) -> None:
    (late,) = allocate(api, mini_lab, project, address_family="ipv4")
    machines.allocate(project=project, partition=mini_lab.partition, networks=[Attachment(network=home)], id="m1")
    (gone,) = allocate(api, mini_lab, project, address_family="ipv4")
    api.delete(f"/api/v1/ips/{gone['id']}/")
    taken = event_of(verb="release")
    allocate(api, mini_lab, project, ip=gone["ip"])
    asked = [
        event_of(object_id=gone["allocation"], verb="allocate"),
        taken,
        event_of(kind="machine"),
        event_of(verb="carve"),
    ]
    codes = [undo(api, key).json()["code"] for key in asked]
    with time_machine.travel(timezone.now() + timedelta(seconds=600)):
        answer = undo(api, event_of(object_id=late["allocation"]))
    assert codes == ["changed_since", "already_allocated", "not_undoable", "changed_since"]
    assert (answer.status_code, answer.json()["code"]) == (409, "undo_expired")


def test_condition_on_an_event_is_refused(api: APIClient, mini_lab: Network, project: Project) -> None:
    allocate(api, mini_lab, project, name="web")
    assert undo(api, event_of(object_name="web"), If_Match='"1"').status_code == 412


def test_event_of_another_project_is_not_there(mini_lab: Network, project: Project, stranger: Project) -> None:
    mallory = User.objects.create_user("mallory")
    members.grant(mallory, "owner", project=stranger)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(mallory)}")
    addresses.allocate(mini_lab, project=project, families=[IPV4], name="web")
    key = event_of(object_name="web")
    assert [undo(client, key).status_code for key in (key, 10**9, "x")] == [404] * 3


def test_list_tells_what_can_be_undone(api: APIClient, mini_lab: Network, project: Project) -> None:
    allocate(api, mini_lab, project, name="web")
    rows = api.get(EVENTS, {"limit": 100})
    assert [bool(one) for one in results(rows, "undo_until")].count(True) >= 1
    assert results(rows, "undone_by")[0] is None
