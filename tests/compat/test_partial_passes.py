"""Passes of a mirror that read too little, or are ended or overtaken: what was there stays, and is told."""

import copy
import functools
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ipam.domain.health import doctor
from ipam.domain.moving.metal_stack import live
from ipam.domain.moving.mirror import passes, plan
from ipam.models import IPAddress, Mirror, Network, Partition, Project
from tests.compat.mirrored import (
    CHILD,
    LAB,
    LISTS,
    MANAGED,
    address,
    follow,
    follow_until,
    state,
)
from tests.compat.stand_in import StandIn
from tests.domain import crowd


@pytest.mark.parametrize("path", ["network", "machine"])
def test_server_that_dies_in_the_middle_of_an_answer_changes_nothing(metal_api: StandIn, path: str) -> None:
    follow(metal_api)
    before = state()
    metal_api.lists["project"].pop(1)
    metal_api.dies_at = path
    with pytest.raises(CommandError, match=f"{path} could not be read"):
        follow(metal_api)
    assert state() == before
    metal_api.dies_at = ""
    follow(metal_api)
    assert not Project.objects.filter(pk=LAB).exists()


@pytest.mark.parametrize("statement", [12, 30, 55])
def test_pass_that_is_killed_in_the_middle_leaves_what_was_there_and_the_next_one_mends_it(
    transactional_db: None, statement: int
) -> None:
    def once(lists: Any) -> passes.Pass:
        return passes.follow("https://api.example.org", live.as_written([lists[path] for path in live.PATHS]))

    once(LISTS)
    before, others = state(), copy.deepcopy(LISTS)
    others["network"][0]["name"] = "way out"
    others["machine"].pop(0)
    others["ip"] = [address("203.0.113.9", project=LAB), others["ip"][2]]
    crowd.killed_in_the_middle(functools.partial(follow_until, others, statement), after=1)
    assert state() == before
    assert once(others).done == {
        "address, new": 1, "address, removed": 2, "machine, removed": 1, "network, changed": 1
    }  # fmt: skip
    assert list(doctor.examine()) == []


@pytest.mark.parametrize("path", ["network", "ip", "machine", "project"])
def test_list_that_is_empty_removes_nothing(metal_api: StandIn, path: str) -> None:
    follow(metal_api)
    before = state()
    metal_api.lists[path] = []
    with pytest.raises(CommandError, match="are not there any more"):
        follow(metal_api)
    assert state() == before
    assert "are not there any more" in Mirror.objects.get().error


def test_too_much_that_vanished_removes_nothing_unless_told(metal_api: StandIn) -> None:
    metal_api.lists["ip"] += [address(f"203.0.113.{host}") for host in range(20, 60)]
    follow(metal_api)
    del metal_api.lists["ip"][10:]
    with pytest.raises(CommandError, match="33 of 43 addresses are not there any more"):
        follow(metal_api)
    assert IPAddress.objects.count() == 43
    follow(metal_api, "--max-removed", "100")
    assert IPAddress.objects.count() == 10


def test_entry_that_cannot_be_read_removes_nothing_of_its_kind_and_is_told(metal_api: StandIn) -> None:
    follow(metal_api)
    metal_api.lists["ip"][2]["ipaddress"] = "garbled"
    follow(metal_api)
    assert IPAddress.objects.filter(address="203.0.113.6").exists()
    assert "it cannot be read" in Mirror.objects.get().told[0]["sentence"]


def test_too_much_that_is_others_by_now_is_removed_only_when_told(metal_api: StandIn) -> None:
    metal_api.lists["ip"] += [address(f"203.0.113.{host}") for host in range(20, 40)]
    follow(metal_api)
    before = state()
    for one in metal_api.lists["ip"][3:]:
        one["projectid"] = LAB
    with pytest.raises(CommandError, match="20 of 23 addresses are not there any more, or others by now"):
        follow(metal_api)
    assert state() == before
    follow(metal_api, "--max-removed", "100")
    assert IPAddress.objects.filter(project=LAB).count() == 20


@pytest.mark.parametrize(
    ("path", "place", "unreadable"),
    [
        ("network", 3, {"id": None}),
        ("network", 3, {"id": {}}),
        ("project", 1, {"meta": {"id": "garbled"}}),
        ("project", 1, {"meta": {}}),
        ("partition", 1, {"id": None}),
        ("machine", 0, {"id": None}),
        ("machine", 0, {"id": "m\0"}),
        ("ip", 2, {"networkid": None}),
        ("ip", 2, {"networkid": {}}),
        ("ip", 2, {"ipaddress": None}),
    ],
)
def test_entry_without_an_id_that_can_be_read_removes_nothing_of_its_kind(
    metal_api: StandIn, path: str, place: int, unreadable: dict[str, Any]
) -> None:
    metal_api.lists["partition"].append({"id": "muc", "name": "Munich"})
    metal_api.lists["network"].append({**CHILD, "id": "spare", "vrf": 21, "prefixes": ["10.0.4.0/22"]})
    follow(metal_api)
    before = state()
    metal_api.lists[path][place] |= unreadable
    follow(metal_api)
    assert state() == before


@pytest.mark.parametrize("unreadable", [{"type": "odd"}, {"ipaddress": None}])
def test_address_that_cannot_be_read_stays_when_its_machine_goes(
    metal_api: StandIn, unreadable: dict[str, Any]
) -> None:
    follow(metal_api)
    metal_api.lists["machine"].pop(0)
    metal_api.lists["ip"][0] |= unreadable
    follow(metal_api)
    assert [one.machine for one in IPAddress.objects.filter(address="10.0.0.1")] == [None]


def test_addresses_stay_with_their_machine_while_the_id_of_one_cannot_be_read(metal_api: StandIn) -> None:
    follow(metal_api)
    metal_api.lists["machine"][0]["id"] = None
    assert "Nothing has changed" in follow(metal_api)
    assert IPAddress.objects.filter(machine="m-1").count() == 2


def test_entry_of_a_list_is_of_its_kind_though_it_lacks_what_tells_it(metal_api: StandIn) -> None:
    metal_api.lists["partition"] = [{"id": "fra", "name": "Main", "dnsservers": []}]
    metal_api.lists["machine"].append({"id": "m-3", "name": "bare"})
    follow(metal_api)
    assert Mirror.objects.get().told == []
    assert list(Partition.objects.values_list("pk", "name")) == [("fra", "Main")]


def test_pass_that_another_has_overtaken_does_nothing(metal_api: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(metal_api)
    metal_api.lists["network"][0]["name"] = "older"
    monkeypatch.setattr(
        passes, "_read", lambda lists, read=passes._read: (read(lists), Mirror.objects.update(passes=7))[0]
    )
    with pytest.raises(CommandError, match="Another pass has come first"):
        follow(metal_api)
    assert Network.objects.get(pk="internet").name == "out"


def test_mirror_that_is_ended_during_a_pass_stays_so(metal_api: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(metal_api)
    monkeypatch.setattr(passes, "_read", lambda lists, read=passes._read: (read(lists), passes.take_over())[0])
    with pytest.raises(CommandError, match="or the mirror was ended"):
        follow(metal_api)
    assert not Mirror.objects.exists()
    assert {model.objects.exclude(managed_by="").count() for model in MANAGED} == {0}


def test_what_changes_while_a_pass_takes_it_over_waits_for_the_next(
    metal_api: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("import_metal_stack", "--url", metal_api.url, "--hmac-env", "KEY_OF_METAL", stdout=io.StringIO())

    def make(document: Any, make: Any = plan.make) -> plan.Plan:
        made: plan.Plan = make(document)
        Network.objects.get(pk="internet").revise(vrf_shared=True)
        return made

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(plan, "make", make)
        assert "network, taken over: 2" in follow(metal_api)
    assert [one.pk for one in Network.objects.filter(managed_by="")] == ["internet"]
