"""`import_metal_stack --follow`: a metal-stack that has not moved is mirrored, pass by pass."""

import copy
import functools
import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.core import context
from ipam.domain.health import doctor
from ipam.domain.insight import survey
from ipam.domain.moving.metal_stack import live
from ipam.domain.moving.mirror import passes, plan
from ipam.domain.networks import addresses, quota_limits
from ipam.models import Event, IPAddress, Machine, Mirror, Network, Partition, Project
from ipam.models.managed import METAL_STACK
from tests.builders import IPV4
from tests.callers import as_user
from tests.compat.mirrored import CHILD, INTERNET, LAB, LISTS, MACHINE, SHOP, SUPER, address, fill, follow_until
from tests.compat.stand_in import KEY, StandIn, standing_in
from tests.domain import crowd

MANAGED = (Partition, Project, Network, Machine, IPAddress)


@pytest.fixture
def metal_api(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setenv("KEY_OF_METAL", KEY)
    with standing_in() as server:
        fill(server)
        yield server


def follow(server: StandIn, *options: str) -> str:
    told = io.StringIO()
    call_command(
        "import_metal_stack", "--url", server.url, "--hmac-env", "KEY_OF_METAL", "--follow", *options, stdout=told
    )
    return told.getvalue()


def state() -> list[Any]:
    """All that is mirrored, as far as metal-stack tells of it."""
    return [
        *Partition.objects.values_list("id", "name"),
        *Project.objects.values_list("name", "tenant"),
        *Network.objects.values_list("id", "name", "vrf", "project__name"),
        *Machine.objects.values_list("id", "name", "project__name"),
        *((str(one), one.network_id, one.machine_id, one.project.name) for one in IPAddress.objects.all()),
    ]


def test_everything_comes_and_is_metal_stacks(metal_api: StandIn) -> None:
    follow(metal_api)
    assert {model.objects.exclude(managed_by=METAL_STACK).count() for model in MANAGED} == {0}
    assert state() == [
        ("fra", "Frankfurt"),
        ("shop", "acme"),
        ("lab", "acme"),
        ("internet", "out", 104009, None),
        ("shop-net", "shop", 20, "shop"),
        ("tenant-super", "super", None, None),
        ("m-1", "web", "shop"),
        ("10.0.0.1", "shop-net", "m-1", "shop"),
        ("203.0.113.5", "internet", "m-1", "shop"),
        ("203.0.113.6", "internet", None, "shop"),
    ]


def test_tags_and_annotations_of_a_project_come_as_metal_api_has_them_here(metal_api: StandIn) -> None:
    metal_api.lists["project"][0]["meta"] |= {"labels": ["a=1", "a=2", "b"], "annotations": {"team": "blue"}}
    follow(metal_api)
    kept = {"a": "1", "b": "", "twofold/label-0": "a=2", "annotation/team": "blue"}
    assert Project.objects.get(pk=SHOP).labels == kept
    assert "Nothing has changed." in follow(metal_api)


def test_second_pass_changes_nothing_and_leaves_no_event(metal_api: StandIn) -> None:
    follow(metal_api)
    before = Event.objects.count()
    assert "Nothing has changed." in follow(metal_api)
    assert Event.objects.count() == before


def test_what_changes_there_changes_here(metal_api: StandIn) -> None:
    follow(metal_api)
    kept = IPAddress.objects.get(address="203.0.113.6").pk
    metal_api.lists["network"][0] |= {"description": "to all", "prefixes": [*INTERNET["prefixes"], "198.51.100.0/24"]}
    metal_api.lists["machine"][0]["allocation"]["hostname"] = "web-2"
    metal_api.lists["ip"][2] |= {"type": "static", "tags": ["cluster=test", "cluster=two", "c d"]}
    metal_api.lists["project"][1]["name"] = "laboratory"
    follow(metal_api)
    network = Network.objects.get(pk="internet")
    assert (network.description, network.prefixes.count()) == ("to all", 3)
    assert (Machine.objects.get().hostname, Project.objects.get(pk=LAB).name) == ("web-2", "laboratory")
    one = IPAddress.objects.get(pk=kept)
    assert (one.type, one.labels, one.tags) == ("static", {"c d": "", "cluster": "test"}, ["cluster=two"])


def test_what_goes_there_goes_here(metal_api: StandIn) -> None:
    follow(metal_api)
    metal_api.lists["machine"].pop(0)
    metal_api.lists["ip"] = [address("203.0.113.5", type="static")]
    metal_api.lists["network"].remove(CHILD)
    metal_api.lists["project"].pop(1)
    follow(metal_api)
    assert state() == [
        ("fra", "Frankfurt"),
        ("shop", "acme"),
        ("internet", "out", 104009, None),
        ("tenant-super", "super", None, None),
        ("203.0.113.5", "internet", None, "shop"),
    ]


def test_what_somebody_else_has_there_by_now_is_theirs(metal_api: StandIn) -> None:
    follow(metal_api)
    metal_api.lists["network"].append(
        {**CHILD, "id": "lab-net", "projectid": LAB, "vrf": 21, "prefixes": ["10.0.4.0/22"]}
    )
    networks = [{"networkid": "lab-net", "ips": ["10.0.4.1"]}]
    metal_api.lists["machine"][0] = {**MACHINE, "allocation": {"project": LAB, "name": "ci", "networks": networks}}
    metal_api.lists["ip"] = [
        address("10.0.4.1", "lab-net", project=LAB, machine="m-1"),
        address("203.0.113.5", type="static"),
        address("203.0.113.6", project=LAB),
    ]
    follow(metal_api)
    assert state()[-4:] == [
        ("m-1", "ci", "lab"),
        ("10.0.4.1", "lab-net", "m-1", "lab"),
        ("203.0.113.5", "internet", None, "shop"),
        ("203.0.113.6", "internet", None, "lab"),
    ]


def test_quotas_are_charged_once_and_last(metal_api: StandIn) -> None:
    follow(metal_api)
    shop = {"project": Project.objects.get(pk=SHOP), "address_family": IPV4}
    held, space = (quota_limits.create(**shop, resource=one, limit=1_500) for one in ("addresses", "space"))
    metal_api.lists["ip"] = [address("203.0.113.9"), *metal_api.lists["ip"][:2]]
    metal_api.lists["network"].append({**CHILD, "id": "more", "vrf": 21, "prefixes": ["10.0.4.0/24"]})
    with CaptureQueriesContext(connection) as seen:
        follow(metal_api)
    written = [one["sql"] for one in seen.captured_queries if "UPDATE ipam_quota" in one["sql"]]
    assert (len(written), Mirror.objects.get().told) == (1, [])
    for quota, used in ((held, 3), (space, 1024 + 256)):
        quota.refresh_from_db()
        assert quota.used == used


def test_address_goes_from_machine_to_machine(metal_api: StandIn) -> None:
    follow(metal_api)
    kept = IPAddress.objects.get(address="203.0.113.5").pk
    other = {**MACHINE["allocation"], "name": "db", "networks": [{"networkid": "shop-net"}, {"networkid": "internet"}]}
    metal_api.lists["machine"][1]["allocation"] = other
    metal_api.lists["ip"][1] = address("203.0.113.5", machine="m-2", type="static")
    follow(metal_api)
    assert IPAddress.objects.get(pk=kept).machine_id == "m-2"


def test_history_tells_of_a_pass_as_of_an_import(metal_api: StandIn) -> None:
    follow(metal_api)
    metal_api.lists["network"][0]["name"] = "way out"
    metal_api.lists["ip"].pop()
    follow(metal_api)
    whole = Event.objects.filter(part_of=None).latest("id")
    part = whole.parts.get()
    assert (whole.door, whole.verb, whole.changes) == (
        "metal-stack", "import", {"address, removed": [0, 1], "network, changed": [0, 1]}
    )  # fmt: skip
    assert (part.object_id, part.changes) == ("internet", {"name": ["out", "way out"]})


def test_books_balance_after_all_of_it(metal_api: StandIn) -> None:
    follow(metal_api)
    metal_api.lists["ip"].pop(0)
    metal_api.lists["machine"].pop(0)
    follow(metal_api)
    assert list(doctor.examine()) == []


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


def test_what_was_here_before_is_taken_into_the_mirror(metal_api: StandIn) -> None:
    with context.system():
        call_command("import_metal_stack", "--url", metal_api.url, "--hmac-env", "KEY_OF_METAL", stdout=io.StringIO())
    Network.objects.filter(pk="internet").update(name="other")
    follow(metal_api)
    assert {model.objects.exclude(managed_by=METAL_STACK).count() for model in MANAGED} == {0}
    assert Network.objects.get(pk="internet").name == "out"


def test_what_twofold_owns_and_has_otherwise_stays_and_is_told(metal_api: StandIn) -> None:
    with context.system():
        Partition.objects.create(pk="fra")
        project = Project.objects.create(pk=SHOP)
        call_command("import_metal_stack", "--url", metal_api.url, "--hmac-env", "KEY_OF_METAL", "--skip-refused",
                     stdout=io.StringIO())  # fmt: skip
        own = addresses.allocate(Network.objects.get(pk="internet"), project=project)
    Network.objects.filter(pk="shop-net").update(vrf_shared=True)
    told = follow(metal_api)
    assert "shop: It is otherwise there, and cannot be so here." in told
    assert f"out: Held here and not there: {own[0]}, {own[1]}." in told
    assert Network.objects.get(pk="shop-net").managed_by == ""


def test_leaks_and_drift_are_findings_with_names(metal_api: StandIn) -> None:
    metal_api.lists["machine"].pop(0)
    metal_api.lists["ip"] += [address("203.0.113.9", name=""), address("192.0.2.1")]
    metal_api.lists["network"].append({**CHILD, "id": "odd", "prefixes": ["10.9.9.0/33"]})
    follow(metal_api)
    found = [one for one in survey.current_findings().findings if one.code.startswith("mirror_")]
    assert [(one.code, one.kind, one.object_name) for one in found] == [
        ("mirror_drift", "mirror", "odd"),
        ("mirror_drift", "network", "out"),
        ("mirror_leak", "mirror", "metal-stack"),
        ("mirror_leak", "network", "out"),
    ]
    assert [one.sentence for one in found[1:]] == [
        "Addresses differ there, and cannot be so here. 192.0.2.1: 192.0.2.1 lies in no prefix of out. "
        "Choose one in 203.0.113.0/24, 2001:db8::/64.",
        "The machines of 2 of the ips are not here yet: 10.0.0.1, 203.0.113.5. Bring the machines in, then these "
        "again.",
        "Ephemeral there, without machine, name or tag: 203.0.113.9. Free them there if nothing needs them.",
    ]


def test_drift_of_an_address_is_told_of_its_network_though_another_namespace_has_the_same(metal_api: StandIn) -> None:
    namespaced = {**SUPER, "id": "spaces", "networktype": "super-namespaced", "partitionid": ""}
    namespaced |= {"prefixes": ["100.64.0.0/16"], "defaultchildprefixlength": {"IPv4": 24}}
    narrow = {**CHILD, "id": "narrow", "parentnetworkid": "spaces", "partitionid": "", "vrf": 31}
    narrow["prefixes"] = ["100.64.0.0/25"]
    wide = {**narrow, "id": "wide", "projectid": LAB, "vrf": 32, "prefixes": ["100.64.0.0/24"]}
    metal_api.lists["network"] += [namespaced, narrow, wide]
    metal_api.lists["ip"] += [address("100.64.0.200", "narrow"), address("100.64.0.200", "wide", project=LAB)]
    follow(metal_api)
    assert [(one["code"], one["object_id"]) for one in Mirror.objects.get().told] == [("mirror_drift", "narrow")]


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"error": "It is away."}, "mirror_failing"), ({"succeeded_at": "2026-01-01T00:00:00Z"}, "mirror_old")],
)
def test_mirror_that_fails_or_stands_still_is_a_finding_for_those_who_see_the_platform(
    metal_api: StandIn, changed: dict[str, str], code: str
) -> None:
    follow(metal_api)
    Mirror.objects.update(**changed)
    assert code in [one.code for one in survey.current_findings().findings]
    with as_user(User.objects.create_user("nobody")):
        assert survey.current_findings().findings == []


def test_statements_of_a_pass_without_changes_do_not_grow_with_what_is_mirrored(metal_api: StandIn) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            follow(metal_api)
        return len(seen)

    follow(metal_api)
    few = statements()
    metal_api.lists["ip"] += [address(f"203.0.113.{host}") for host in range(20, 220)]
    metal_api.lists["project"] += [{"meta": {"id": str(UUID(int=1 + one))}, "name": f"p{one}"} for one in range(50)]
    follow(metal_api)
    assert statements() == few < 30


def test_dry_run_keeps_nothing_and_says_so(metal_api: StandIn) -> None:
    told = follow(metal_api, "--dry-run")
    assert ("network, new: 3" in told, told.splitlines()[-1]) == (True, "This was a dry run: nothing was kept.")
    assert not Network.objects.exists()
    assert not Mirror.objects.exists()


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_no_transaction_is_open_while_lists_are_read(
    metal_api: StandIn, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    before, seen = list(connection.savepoint_ids), []

    def watched(*given: Any, lists: Any = live.lists) -> Iterator[list[Any]]:
        for one in lists(*given):
            seen.append(list(connection.savepoint_ids))
            yield one

    monkeypatch.setattr(live, "lists", watched)
    follow(metal_api, *options)
    assert seen == [before] * 5


def test_dry_run_of_a_take_over_says_what_would_be(metal_api: StandIn) -> None:
    follow(metal_api)
    told = io.StringIO()
    call_command("import_metal_stack", "--take-over", "--dry-run", stdout=told)
    assert told.getvalue().splitlines() == [
        "10 objects would be Twofold's own.",
        "This was a dry run: nothing was kept.",
    ]
    assert Mirror.objects.exists()


def test_slash_at_the_end_names_no_other_metal_stack(metal_api: StandIn) -> None:
    def once(url: str) -> None:
        call_command("import_metal_stack", "--url", url, "--hmac-env", "KEY_OF_METAL", "--follow", stdout=io.StringIO())

    once(f"{metal_api.url}/")
    once(metal_api.url)
    assert Mirror.objects.get().url == metal_api.url
    Mirror.objects.update(url=f"{metal_api.url}/")  # as it was kept once
    once(metal_api.url)


@pytest.mark.parametrize("options", [[], ["--follow"]])
@pytest.mark.parametrize("url", ["https://me:secret@api.example.org", "me:secret@api.example.org", "https://[me"])
def test_address_with_a_password_is_refused_and_never_shown(metal_api: StandIn, url: str, options: list[str]) -> None:
    with pytest.raises(CommandError, match="address of a metal-api") as refusal:
        call_command("import_metal_stack", "--url", url, "--hmac-env", "KEY_OF_METAL", *options)
    assert "secret" not in str(refusal.value)
    assert not Mirror.objects.exists()


def test_mirror_that_ends_leaves_everything_to_twofold(metal_api: StandIn) -> None:
    follow(metal_api)
    call_command("import_metal_stack", "--take-over", stdout=io.StringIO())
    assert {model.objects.exclude(managed_by="").count() for model in MANAGED} == {0}
    with context.system():
        addresses.allocate(Network.objects.get(pk="internet"), project=Project.objects.get(pk=LAB))
    with pytest.raises(CommandError, match="Nothing is mirrored here"):
        call_command("import_metal_stack", "--take-over")


def test_another_metal_stack_is_not_taken_for_the_one_that_is_mirrored(metal_api: StandIn) -> None:
    follow(metal_api)
    Mirror.objects.update(url="https://other.example.org")
    with pytest.raises(CommandError, match=r"other\.example\.org is mirrored here"):
        follow(metal_api)
