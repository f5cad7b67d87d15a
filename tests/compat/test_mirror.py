"""`import_metal_stack --follow`: a metal-stack that has not moved is mirrored, pass by pass."""

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
from ipam.domain.networks import addresses, quota_limits
from ipam.models import Event, IPAddress, Machine, Mirror, Network, Partition, Project
from ipam.models.managed import METAL_STACK
from tests.builders import IPV4
from tests.callers import as_user
from tests.compat.mirrored import CHILD, INTERNET, LAB, MACHINE, MANAGED, SHOP, SUPER, address, follow, state
from tests.compat.stand_in import StandIn


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
