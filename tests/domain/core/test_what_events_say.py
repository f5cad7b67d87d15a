"""The change history: what an event says, and who did it."""

import io
import json
import os
import pwd
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.clusters import lifecycle
from ipam.domain.core import context, timelines
from ipam.domain.files import importing as table_import
from ipam.domain.files.columns import Kind as TableKind
from ipam.domain.files.kinds import ADDRESSES, CLUSTERS, MACHINES, NETWORKS, PARTITIONS, PREFIXES, PROJECTS, VRFS
from ipam.domain.files.tables import Table
from ipam.domain.moving.metal_stack import reading
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.networks import addresses, bulk, children, claims, networks, partitions, projects
from ipam.domain.people import tokens
from ipam.management.commands.quickstart import EXAMPLE
from ipam.models import Event
from ipam.models.events import Door
from tests.builders import IPV4, IPV6, cidrs, ip, prefixes_of
from tests.callers import as_user, operator_called
from tests.domain.core.world import World, whole


def addresses_of(event: Event) -> list[str]:
    """Every address that the event is about, in order."""
    return [str(address) for group in timelines.holders(event) for address in group.addresses]


# --- what an event says ---------------------------------------------------------------------------
def test_update_names_what_changed_and_nothing_else(world: World) -> None:
    projects.update(world.project, name="alice", tenant="acme", labels={"a": "b"})
    event = Event.objects.get()
    assert event.changes == {"labels": [{}, {"a": "b"}], "tenant": ["", "acme"]}
    assert (event.object_id, event.object_name, event.project_id) == (str(world.project.pk), "alice", world.project.pk)


def test_update_of_a_network_speaks_the_words_of_the_api(world: World) -> None:
    networks.update(world.tenants, default_child_prefix_length={IPV4: 23, IPV6: 96}, stack="dual")
    assert Event.objects.get().changes == {
        "default_child_prefix_length": [{"ipv4": 22, "ipv6": 96}, {"ipv4": 23, "ipv6": 96}]
    }


def test_prefix_that_comes_is_a_change_of_its_network(world: World) -> None:
    networks.add_prefix(world.internet, *cidrs("192.0.2.0/24"))
    before = ["203.0.113.128/25", "2001:db8:0:113::/64"]
    assert Event.objects.get().changes == {"prefixes": [before, [before[0], "192.0.2.0/24", before[1]]]}


def test_family_that_is_added_is_a_change_of_the_prefixes(world: World) -> None:
    before = prefixes_of(world.narrow)
    children.add_family(world.narrow, IPV6)
    assert Event.objects.get().changes["prefixes"] == [before, prefixes_of(world.narrow)]


def test_carved_network_comes_with_its_prefixes_and_is_of_its_project(world: World) -> None:
    made = world.carve(name="web")
    event = Event.objects.get()
    assert (event.network_id, event.project_id, event.object_name) == (made.pk, world.project.pk, "web")
    assert event.changes["prefixes"] == [None, prefixes_of(made)]


def test_deleted_network_is_remembered_with_all_that_it_was(world: World) -> None:
    key, held = world.narrow.pk, prefixes_of(world.narrow)
    networks.delete(world.narrow)
    event = Event.objects.get()
    assert (event.object_id, event.changes["prefixes"], event.changes["parent"]) == (
        key,
        [held, None],
        ["tenants", None],
    )


def test_cluster_is_remembered_with_its_ranges_in_the_timeline_of_its_node_network(world: World) -> None:
    lifecycle.reserve(world.draft)
    event = Event.objects.get()
    assert (event.network_id, event.object_name, event.changes) == (
        world.draft.network_id,
        "draft",
        {"state": ["draft", "reserved"]},
    )
    lifecycle.delete(lifecycle.release(world.draft))
    ranges = {family.key: str(cidr) for family, cidr in world.draft.pods.items()}
    assert Event.objects.get(verb="delete").changes["pods"] == [ranges, None]


def test_claim_is_remembered_with_its_addresses(world: World) -> None:
    claims.release(world.claim)
    event = Event.objects.get()
    assert (event.object_name, event.network_id, len(addresses_of(event))) == ("vip", "internet", 2)


def test_allocation_names_its_addresses_network_and_project(world: World) -> None:
    pair = addresses.allocate(world.internet, project=world.project, name="db", type="static")
    event = Event.objects.get()
    assert addresses_of(event) == [str(address) for address in pair]
    assert (event.object_id, event.object_name) == (str(pair[0].allocation), "db")
    assert (event.network_id, event.project_id) == ("internet", world.project.pk)
    assert event.changes == {"name": [None, "db"], "type": [None, "static"]}


def test_thousand_addresses_are_one_row(world: World) -> None:
    with CaptureQueriesContext(connection) as captured:
        made = addresses.allocate(world.home, project=world.project, count=500)
    event = Event.objects.get()
    assert (event.count, event.object_id, len(addresses_of(event)), len(timelines.holders(event))) == (
        1000,
        "",
        1000,
        1,
    )
    assert sum('INSERT INTO "ipam_event"' in query["sql"] for query in captured) == 1
    Event.objects.all().delete()
    addresses.release_many(made)
    assert (Event.objects.get().count, len(addresses_of(Event.objects.get()))) == (1000, 1000)


def test_release_over_networks_is_one_row_that_tells_them_apart(world: World) -> None:
    inside = addresses.allocate(world.home, project=world.project, families=[IPV4])
    Event.objects.all().delete()
    addresses.release_many([*inside, *world.pair])
    event = Event.objects.get()
    assert (event.network_id, event.project_id) == ("", world.project.pk)
    assert {group.network: len(group.addresses) for group in timelines.holders(event)} == {
        world.home.pk: 1,
        "internet": 2,
    }


def test_machine_is_one_event_with_all_its_addresses(world: World) -> None:
    machine = world.join("m2")
    event = Event.objects.get()
    assert sorted(addresses_of(event)) == sorted(str(address) for address in machine.addresses.all())
    assert event.changes["networks"] == [None, [world.home.pk, "internet"]]


def test_import_is_one_event_that_its_networks_and_addresses_know(db: None) -> None:
    made = table_import.apply(Rows(reading.parse(EXAMPLE.read_text())))
    event = whole()
    assert (event.count, event.changes["partitions, new"]) == (made.counts.total(), [0, 1])
    assert list(timelines.of_network("underlay-mini-lab")) == [event]
    assert timelines.of_address("internet-mini-lab", ip("203.0.113.142")) == [event]


def test_imported_addresses_have_the_import_in_their_timelines(world: World) -> None:
    row = f'[{{"ip": "203.0.113.200", "network": "internet", "project": "{world.project.pk}"}}]'
    table_import.apply(Table(ADDRESSES, io.BytesIO(row.encode()), "json"))
    event = whole()
    assert addresses_of(event) == ["203.0.113.200"]
    assert timelines.of_address("internet", ip("203.0.113.200")) == [event]
    assert list(timelines.of_network("internet")) == [event]


def imported(kind: TableKind, *rows: dict[str, Any], **options: Any) -> list[Event]:
    table_import.apply(Table(kind, io.BytesIO(json.dumps(rows).encode()), "json"), **options)
    return list(Event.objects.order_by("at", "pk"))


def test_import_says_which_network_it_renamed_and_from_what(world: World) -> None:
    renamed, whole = imported(NETWORKS, {"id": "internet", "name": "Internet"}, {"id": "tenants", "name": ""})
    assert (renamed.verb, renamed.kind, renamed.object_id, renamed.network_id, renamed.changes) == (
        ("update", "network", "internet", "internet", {"name": ["", "Internet"]})
    )
    assert (whole.verb, whole.changes, whole.request_id) == (
        "import",
        {"networks, changed": [0, 1]},
        renamed.request_id,
    )
    assert list(timelines.of_network("internet")) == [whole, renamed]


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (PARTITIONS, lambda w: {"id": "spare"}),
        (PROJECTS, lambda w: {"id": str(w.project.pk)}),
        (VRFS, lambda w: {"id": 7}),
        (MACHINES, lambda w: {"id": "m1"}),
        (CLUSTERS, lambda w: {"id": str(w.draft.pk)}),
        (ADDRESSES, lambda w: {"id": str(w.pair[0].pk)}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_import_says_what_it_changed_on_each_kind(world: World, kind: TableKind, row: Any) -> None:
    found = {**row(world), "description": "new words"}
    changed, _ = imported(kind, found)
    assert (changed.verb, changed.kind, changed.changes) == ("update", kind.one, {"description": ["", "new words"]})
    assert imported(kind, found) == [changed, Event.objects.get(verb="import")]


def test_import_says_of_each_address_what_it_changed(world: World) -> None:
    *found, _ = imported(ADDRESSES, *({"id": str(one.pk), "name": f"n{one.family}"} for one in world.pair))
    assert {addresses_of(one)[0]: one.changes for one in found} == {
        str(world.pair[0]): {"name": ["web", "n4"]},
        str(world.pair[1]): {"name": ["web", "n6"]},
    }
    (shown,) = timelines.of_address("internet", world.pair[0].address)
    assert shown.changes == {"name": ["web", "n4"]}


def test_addresses_that_an_import_changes_alike_share_one_event(world: World) -> None:
    changed, _ = imported(ADDRESSES, *({"id": str(one.pk), "description": "new words"} for one in world.pair))
    assert sorted(addresses_of(changed)) == sorted(str(one) for one in world.pair)
    assert changed.changes == {"description": ["", "new words"]}


def test_bulk_editing_says_of_each_object_from_what_to_what(world: World) -> None:
    bulk.rename([world.internet, world.tenants], name="x")
    bulk.label([world.internet, world.tenants], add={"a": "b"}, remove={})
    assert sorted(Event.objects.values_list("object_id", "verb")) == [
        ("internet", "label"), ("internet", "update"), ("tenants", "label"), ("tenants", "update"),
    ]  # fmt: skip
    assert Event.objects.get(object_id="tenants", verb="label").changes == {"labels": [{}, {"a": "b"}]}


def test_prefixes_that_an_import_adds_are_one_change_of_their_network(world: World) -> None:
    before = prefixes_of(world.internet)
    rows = ({"network": "internet", "prefix": prefix} for prefix in ("192.0.2.0/24", "198.51.100.0/24"))
    changed, _ = imported(PREFIXES, *rows)
    assert changed.changes == {"prefixes": [before, prefixes_of(world.internet)]}


def test_refused_change_leaves_no_event(world: World) -> None:
    rows = {"id": "internet", "name": "Internet", "prefixes": ["10.0.0.0/24"]}, {"id": "tenants", "name": "Tenants"}
    changed, whole = imported(NETWORKS, *rows, skip_refused=True)
    assert (changed.object_id, whole.count) == ("tenants", 1)


def test_refused_rows_are_no_part_of_the_event(world: World) -> None:
    rows = b'[{"id": "fra"}, {"id": ""}]'
    table_import.apply(Table(PARTITIONS, io.BytesIO(rows), "json"), skip_refused=True)
    assert (whole().count, whole().changes) == (1, {"partitions, new": [0, 1]})


def test_token_is_remembered_without_its_secret(world: World) -> None:
    secret = tokens.issue(world.user, name="terraform")
    event = Event.objects.get()
    assert (event.object_name, event.changes) == (
        "terraform",
        {"name": [None, "terraform"], "user": [None, "operator"]},
    )
    assert secret not in str(vars(event))


# --- who acts -------------------------------------------------------------------------------------
def test_outside_of_requests_a_command_of_the_system_user_acts(db: None) -> None:
    partitions.create(id="fra")
    event = Event.objects.get()
    assert (event.door, event.actor) == ("command", pwd.getpwuid(os.getuid()).pw_name)
    partitions.create(id="muc")
    assert set(Event.objects.values_list("request_id", flat=True)) == {event.request_id}


def test_who_acts_is_asked_when_the_event_is_written(db: None) -> None:
    caller = operator_called("alice")
    with context.as_caller(lambda: (caller, None), door=Door.API, request_id="r1"):
        partitions.create(id="fra")
        caller = operator_called("bob")
        partitions.create(id="muc")
    assert list(Event.objects.order_by("pk").values_list("actor", "door", "request_id")) == [
        ("alice", "api", "r1"),
        ("bob", "api", "r1"),
    ]


def test_whoever_acted_before_acts_again_afterwards(db: None) -> None:
    with as_user(operator_called("alice"), door=Door.ADMIN):
        with as_user(operator_called("bob"), door=Door.API):
            pass
        partitions.create(id="fra")
    partitions.create(id="muc")
    assert list(Event.objects.order_by("pk").values_list("door", flat=True)) == ["admin", "command"]


@pytest.mark.django_db(transaction=True)
def test_threads_act_for_themselves() -> None:
    together = Barrier(2, timeout=10)

    def act(name: str) -> None:
        with as_user(operator_called(name)):
            together.wait()
            partitions.create(id=name)
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(act, ["alice", "bob"]))
    assert sorted(Event.objects.values_list("object_id", "actor")) == [("alice", "alice"), ("bob", "bob")]
