"""Migration 0013: what the JSON lists of older events said becomes tenures and mentions."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from ipam.domain.core import timelines
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks
from ipam.migrations import _history_rows
from ipam.models import Event, IPAddress, Network, Partition, Project, Tenure
from tests.builders import child, ip

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]  # back and forth for each test
BEFORE = ("ipam", "0012_space_that_is_never_used")
GONE, LONG_AGO = ip("203.0.113.140"), timezone.now() - timedelta(days=30)


class Older:
    """Events of an installation that has not been migrated, a day apart."""

    def __init__(self, project: Project, home: Network, held: list[IPAddress]) -> None:
        self.project, self.home, self.held, self.gone_project = project, home, held, uuid4()
        self.at = LONG_AGO
        events = MigrationExecutor(connection).loader.project_state(BEFORE).apps.get_model("ipam", "Event")
        self.objects = events.objects

    def event(self, verb: str, kind: str, *groups: dict[str, Any], **columns: Any) -> datetime:
        self.at += timedelta(days=1)
        names = [text for group in groups for text in group["addresses"]]
        columns |= {"holders": groups, "addresses": names, "first_addresses": names, "actor": "eve", "door": "api"}
        self.objects.create(verb=verb, kind=kind, at=self.at, **columns)
        return self.at

    def group(self, address: Any, before: UUID | None, after: UUID | None, *machines: str | None) -> dict[str, Any]:
        machine = iter(machines or (None, None))
        ends = [one and {"project": str(one), "machine": next(machine)} for one in (before, after)]
        return {"network": "internet", "addresses": [str(address)], "before": ends[0], "after": ends[1]}


@pytest.fixture
def older(internet: Network, tenants: Network, project: Project, partition: Partition) -> Iterator[Older]:
    """Alice has a pair in the internet and a child network; the database is as it was before the migration."""
    held = addresses.allocate(internet, project=project)
    home = networks.create(child(parent=tenants, project=project, name="home"))
    Event.objects.all().delete()
    call_command("migrate", *BEFORE, verbosity=0)
    yield Older(project, home, held)
    call_command("migrate", verbosity=0)


def migrate() -> None:
    call_command("migrate", verbosity=0)


def told(*columns: str, **of: Any) -> list[Any]:
    return list(Tenure.objects.filter(**of).order_by("since", "pk").values_list(*columns))


@pytest.mark.parametrize("batch", [1, 200])
def test_tenures_are_those_that_events_tell_of(older: Older, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(_history_rows, "BATCH", batch)
    gone = older.gone_project
    older.event("create", "project", object_id=str(gone), object_name="gone", project_id=gone)
    words = {"name": [None, "web"], "type": [None, "static"]}
    begun = older.event("allocate", "address", older.group(GONE, None, gone), network_id="internet", changes=words)
    older.event("update", "address", older.group(GONE, gone, gone), network_id="internet")
    joined = older.event(
        "allocate", "machine", older.group(GONE, gone, gone, None, "m1"), object_id="m1", object_name="db"
    )
    ended = older.event("release", "machine", older.group(GONE, gone, None, "m1"), object_id="m1")
    migrate()
    assert told("since", "until", "machine_id", "machine_name", "from_exact", address=GONE) == [
        (begun, joined, "", "", True),
        (joined, ended, "m1", "db", True),
    ]
    assert told("project_id", "project_name", "name", "type", "actor", "door", since=begun) == [
        (gone, "gone", "web", "static", "eve", "api")
    ]
    found = timelines.of_address("internet", GONE)
    assert [event.verb for event in found] == ["release", "allocate", "update", "allocate"]
    assert list(timelines.of_network("internet")) == found
    assert [(one.before, one.after) for one in timelines.holders(found[2])] == [(timelines.Holder(gone, ""),) * 2]


def test_what_is_held_is_held_since_its_event_or_else_since_it_was_made_or_before(older: Older) -> None:
    first, second = older.held
    begun = older.event("allocate", "address", older.group(first, None, older.project.pk), network_id="internet")
    migrate()
    assert told("since", "from_exact", "prefix_length", "allocation", address=first.address) == [
        (begun, True, 25, first.allocation)
    ]
    assert told("since", "from_exact", "begun_by", "project_name", address=second.address) == [
        (second.created_at, False, None, "alice")
    ]
    assert list(doctor.violations_of_tenures()) == []


def test_beginning_that_is_forgotten_is_that_of_all_history_or_before(older: Older) -> None:
    oldest = older.event("create", "partition", object_id="fra")
    ended = older.event("release", "address", older.group(GONE, older.project.pk, None), network_id="internet")
    migrate()
    assert told("since", "from_exact", "until", address=GONE) == [(oldest, False, ended)]


def test_blocks_are_held_since_they_were_carved_and_until_their_network_went(older: Older) -> None:
    carved = {"prefixes": [None, ["10.0.0.0/22"]], "parent": [None, "tenants"], "type": [None, "child"]}
    lost = {"prefixes": [["10.9.0.0/22"], None], "parent": ["tenants", None]}
    of_home = {"object_id": older.home.pk, "network_id": older.home.pk, "project_id": older.project.pk}
    begun = older.event("carve", "network", changes=carved, object_name="home", **of_home)
    older.event(
        "create", "network", object_id="n9", network_id="n9", changes={**lost, "prefixes": [None, ["10.9.0.0/22"]]}
    )
    ended = older.event("delete", "network", object_id="n9", network_id="n9", changes=lost)
    migrate()
    assert told("since", "until", "length", "from_exact", "name", network_id=older.home.pk) == [
        (begun, None, 22, True, "home"),
        (older.home.prefixes.get(family=6).created_at, None, 96, False, "home"),
    ]
    assert told("until", "length", network_id="n9") == [(ended, 22)]
    assert list(doctor.violations_of_tenures()) == []


def test_what_events_tell_and_nobody_holds_has_ended(older: Older) -> None:
    older.event("allocate", "address", older.group(GONE, None, older.project.pk), network_id="internet")
    migrate()
    ((until,),) = told("until", address=GONE)
    assert until is not None
    assert list(doctor.violations_of_tenures()) == []


def test_migrated_database_can_go_back(older: Older) -> None:
    migrate()
    call_command("migrate", *BEFORE, verbosity=0)
    older.event("allocate", "address", older.group(GONE, None, older.project.pk), network_id="internet")
    migrate()
    assert told("project_name", address=GONE) == [("alice",)]


def test_words_of_a_tenure_are_those_of_its_beginning(older: Older) -> None:
    first, _ = older.held
    words = {"name": [None, "web"], "type": [None, "ephemeral"]}
    group = older.group(first, None, older.project.pk)
    older.event("allocate", "address", group, network_id="internet", changes=words, object_id=str(first.allocation))
    IPAddress.objects.filter(pk=first.pk).update(name="mail", type="static")
    migrate()
    assert told("name", "type", address=first.address) == [("web", "ephemeral")]


def test_namespace_of_a_network_that_went_is_that_of_its_removal(older: Older) -> None:
    namespace = older.gone_project
    older.event("allocate", "address", {**older.group(GONE, None, namespace), "network": "n8"}, network_id="n8")
    older.event("delete", "network", object_id="n8", network_id="n8", changes={"namespace": [str(namespace), None]})
    migrate()
    assert told("namespace_id", address=GONE) == [(namespace,)]
