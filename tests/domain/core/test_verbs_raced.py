"""Every verb against every other that touches the same rows: one is in the middle of its transaction, one comes."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import F, Q

from ipam.domain.core import timelines
from ipam.domain.core.operations import transacted
from ipam.domain.core.timelines import Holder
from ipam.domain.health import doctor
from ipam.models import Claim, Event, IPAddress, MachineNetwork, Network
from tests.domain import clients
from tests.domain.core.test_waiting import beside
from tests.domain.verbs import HEARTS, REFUSED, VERBS, cast, pairs
from tests.faults.robots import LONG

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"),
]
END = 10**6  # no verb has so many statements
Ends = list[tuple[str, str]]  # verbs, and “done” or the code of the refusal


@pytest.fixture(autouse=True)
def _as_slow_as_it_goes(settings: Any) -> None:
    """The rows of the cast grow old in the session."""
    settings.UNDO_SECONDS = 10**6


@pytest.fixture
def _cast(db: None) -> None:
    """The cast. Its rows are kept in the session, to be put back after each race: quicker than to make it anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_temp.kept_ipam_network')")
        if cursor.fetchone() != (None,):
            put_back()
            return
        cast()
        for table in tables():
            cursor.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")


def tables() -> list[str]:
    return [model._meta.db_table for model in apps.get_app_config("ipam").get_models()]


def put_back() -> None:
    statements = [f"DELETE FROM {table}" for table in tables()]
    statements += [f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in tables()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # in any order: it was right as it was
        cursor.execute("; ".join(statements))


def race(first: str, second: str, at: int = END) -> tuple[Ends, bool]:
    """What becomes of two verbs of which the second comes before the first sends its statement number `at`, or before
    it commits; and whether it has sent so many."""
    coming: list[Future[str]] = []
    sent = 0

    def count(execute: Any, *statement: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == at and not coming:
            coming.append(start())
        return execute(*statement)

    @transacted
    def act() -> None:
        with connection.execute_wrapper(count):
            VERBS[first].run()
        if not coming:
            coming.append(start())

    with beside(lambda: clients.outcome(VERBS[second].run)) as start:
        one = clients.outcome(act)
    ends = [(first, one), *([(second, coming[0].result())] if coming else [])]
    return ends, sent >= at


def faults(ends: Ends) -> Iterator[str]:
    """Everything that is wrong with the store after these verbs."""
    yield from (finding.sentence for finding in doctor.examine())
    yield from misstated_history()
    yield from strangers()
    for claim in Claim.objects.all():
        if not IPAddress.objects.filter(allocation=claim.allocation).exists():
            yield f"{claim} claims nothing"
    if not any(VERBS[name].splits for name, _ in ends):
        yield from torn_allocations()
    for name, end in ends:
        left = VERBS[name].left
        if end == "done" and left is not None and left().exists():
            yield f"{name} is done, and leaves {', '.join(map(str, left()))}"


def torn_allocations() -> Iterator[str]:
    words = defaultdict(set)
    for one in IPAddress.objects.all():
        words[one.allocation].add((one.type, one.name, one.description, str(one.labels), one.machine_id))
    yield from (f"one allocation, two states: {said}" for said in words.values() if len(said) > 1)


def strangers() -> Iterator[str]:
    """What is in a network that its project may not use (rules 10, 21 and 31)."""
    private = Q(network__type="child") & ~Q(network__project=F("project"))
    yield from (f"{one} is in {one.network}" for one in IPAddress.objects.filter(private))
    joined = Q(network__type="child") & ~Q(network__project=F("machine__project"))
    yield from (str(one) for one in MachineNetwork.objects.filter(joined))
    yield from (
        f"{one} is in another VRF"
        for one in Network.objects.exclude(parent__vrf=F("vrf")).filter(parent__vrf__isnull=False)
    )


def misstated_history() -> Iterator[str]:
    """Addresses whose holder is another than that which the events say, the last one last."""
    told: dict[tuple[str, str], Any] = {}
    for event in Event.objects.order_by("pk"):
        told |= {
            (group.network, str(one)): group.after for group in timelines.holders(event) for one in group.addresses
        }
    held = {(one.network_id, str(one)): Holder(one.project_id, one.machine_id or "") for one in IPAddress.objects.all()}
    for key in {**told, **held}:
        if told.get(key) != held.get(key):
            yield f"history says that {told.get(key)} has {key}, in truth {held.get(key)}"


@pytest.mark.usefixtures("_cast")
def test_verbs_do_alone_what_they_are_for() -> None:
    ends, wrong = {}, {}
    for name, verb in VERBS.items():
        ends[name] = clients.outcome(verb.run)
        wrong[name] = list(faults([(name, ends[name])]))
        put_back()
    assert {name: end for name, end in ends.items() if end != "done"} == REFUSED
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.usefixtures("_cast")
@pytest.mark.parametrize("group", HEARTS)
def test_verbs_raced(group: str) -> None:
    wrong = []
    for first, second in pairs(group, everything=LONG):
        ends, _ = race(first, second)
        wrong += [(ends, found) for found in faults(ends)]
        put_back()
    assert wrong == []


@pytest.mark.usefixtures("_cast")
@pytest.mark.skipif(not LONG, reason="an hour")
@pytest.mark.parametrize("group", HEARTS)
def test_verbs_raced_at_each_statement(group: str) -> None:
    wrong = []
    for first, second in pairs(group):
        at, is_sent = 1, True
        while is_sent:
            ends, is_sent = race(first, second, at)
            wrong += [(at, ends, found) for found in faults(ends)]
            put_back()
            at += 1
    assert wrong == []
