"""Named addresses by the thousand: the same rules as one by one, each refusal at its row."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from ipam import errors
from ipam.domain.core import history, operations
from ipam.domain.health import doctor
from ipam.domain.networks import address_batches, addresses, machines, networks
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from ipam.models.events import Verb
from tests.builders import IPV4, child, cidrs, external, free_blocks, ip, set_older_labels


def named(network: Network, project: Project, *texts: str, **columns: Any) -> list[Named]:
    return [Named(address=ip(text), network=network, project=project, **columns) for text in texts]


def refusals(wanted: list[Named]) -> dict[int, str]:
    return {place: error.code for place, error in address_batches.take(wanted).items()}


def test_addresses_of_several_networks_are_taken_with_all_they_say(
    internet: Network, private: Network, project: Project
) -> None:
    id, allocation = uuid4(), uuid4()
    said = {"id": id, "allocation": allocation, "type": "static", "name": "vpn", "labels": {"a": "b"}}
    wanted = named(internet, project, "203.0.113.200", **said) + named(private, project, "2001:db8:0:10::7")
    assert refusals(wanted) == {}
    one = IPAddress.objects.get(pk=id)
    assert (str(one), one.network, one.allocation, one.type, one.name, one.labels) == (
        "203.0.113.200", internet, allocation, "static", "vpn", {"a": "b"},
    )  # fmt: skip
    assert list(doctor.examine()) == []


@pytest.mark.skipif(connection.vendor == "sqlite", reason="of PostgreSQL's planner")
def test_table_without_statistics_is_read_by_its_indexes(internet: Network, project: Project) -> None:
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and 'FROM "ipam_ipaddress"' in sql:
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    taken = address_batches.take(named(internet, project, *(f"203.0.113.{host}" for host in range(130, 230))))
    with connection.execute_wrapper(explain):
        address_batches.take(named(internet, project, *(f"2001:db8:0:113::{host:x}" for host in range(1, 1000))))
    assert (taken, len(plans)) == ({}, 2)  # whoever may have waited looks again
    assert [plan for plan in plans if "Seq Scan" in plan] == []


def test_a_pair_shares_its_allocation(internet: Network, project: Project) -> None:
    wanted = named(internet, project, "203.0.113.200", "2001:db8:0:113::1", allocation=uuid4())
    assert refusals(wanted) == {}
    assert IPAddress.objects.lacking(IPV4).count() == 0


def test_every_refusal_stands_at_its_row_and_the_others_are_taken(
    internet: Network, tenants: Network, private: Network, project: Project, stranger: Project
) -> None:
    (held,) = addresses.allocate(internet, project=project, families=[IPV4])
    wanted = [
        *named(internet, project, "203.0.113.129"),
        *named(internet, project, "203.0.113.140", "203.0.113.140"),
        *named(internet, project, "203.0.113.128", "192.0.2.1"),
        *named(tenants, project, "10.0.0.1"),
        *named(private, stranger, "10.0.0.1"),
        *named(internet, project, "203.0.113.150", id=held.pk),
        *named(internet, project, "203.0.113.151", allocation=held.allocation),
        *named(internet, stranger, "2001:db8:0:113::9", allocation=held.allocation),
        *named(internet, project, "203.0.113.152"),
    ]
    assert refusals(wanted) == {
        0: "already_allocated",
        2: "already_allocated",
        3: "reserved_address",
        4: "not_in_prefix",
        5: "network_not_usable",
        6: "wrong_project",
        7: "already_exists",
        8: "invalid",
        9: "invalid",
    }
    assert sorted(map(str, IPAddress.objects.all())) == ["203.0.113.129", "203.0.113.140", "203.0.113.152"]
    assert list(doctor.examine()) == []


def test_who_holds_an_address_is_said(internet: Network, project: Project) -> None:
    wanted = named(internet, project, "203.0.113.140", "203.0.113.140", name="vpn")
    assert address_batches.take(wanted)[1].detail == (
        f"203.0.113.140 is held by project {project} (“vpn”). Choose another, or release it first."
    )


def test_an_address_of_a_machine_is_of_one_of_its_networks(
    internet: Network, private: Network, project: Project, partition: Partition
) -> None:
    machine = machines.allocate(
        project=project, partition=partition, networks=[Attachment(network=private, auto=False)]
    )
    wanted = named(private, project, "10.0.0.9", machine=machine) + named(
        internet, project, "203.0.113.140", machine=machine
    )
    assert refusals(wanted) == {1: "network_not_usable"}
    assert IPAddress.objects.get().machine == machine


def test_statements_do_not_grow_with_rows(internet: Network, project: Project) -> None:
    few = named(internet, project, *(f"203.0.113.{number}" for number in range(130, 133)))
    many = named(internet, project, *(f"203.0.113.{number}" for number in range(133, 255, 2)))
    with CaptureQueriesContext(connection) as for_few:
        address_batches.take(few)
    with CaptureQueriesContext(connection) as for_many:
        address_batches.take(many)
    assert len(for_many) == len(for_few)


@given(
    values=st.lists(st.integers(0, 63), max_size=40),
    before=st.sets(st.integers(1, 62), max_size=10),
)
def test_batches_take_what_one_by_one_would(db: None, project: Project, values: list[int], before: set[int]) -> None:
    with operations.dry_run():
        made = [
            networks.create(
                external(id=f"n-{vrf}", vrf=vrf, prefixes=cidrs(f"198.18.{vrf % 2}.0/26"), destination_prefixes=())
            )
            for vrf in (400_000, 400_001)
        ]
        refused = []
        for network in made:
            for value in before:
                addresses.allocate(network, project=project, addresses=[network.prefixes.get().first + value])
            refused.append([])
        for value in values:
            try:
                addresses.allocate(made[0], project=project, addresses=[made[0].prefixes.get().first + value])
                refused[0].append(None)
            except errors.IpamError as error:
                refused[0].append(error.code)
        start = made[1].prefixes.get().first
        wanted = [Named(address=start + value, network=made[1], project=project) for value in values]
        found = address_batches.take(wanted)
        refused[1] = [found[place].code if place in found else None for place in range(len(values))]
        assert refused[1] == refused[0]
        assert free_blocks(made[1]) == [text.replace("198.18.0.", "198.18.1.") for text in free_blocks(made[0])]


def test_many_are_changed_each_as_it_says(internet: Network, project: Project) -> None:
    first, second = addresses.allocate(internet, project=project)
    assert address_batches.change({first.pk: {"name": "a"}, second.pk: {"type": "static", "labels": {"x": "y"}}}) == {}
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.name, first.type, first.generation) == ("a", "ephemeral", 2)
    assert (second.name, second.type, second.labels) == ("", "static", {"x": "y"})


def test_a_static_address_stays_static_among_many(internet: Network, project: Project) -> None:
    first, second = addresses.allocate(internet, project=project, type="static")
    refused = address_batches.change({first.pk: {"type": "ephemeral"}, second.pk: {"name": "kept"}})
    assert {key: error.code for key, error in refused.items()} == {first.pk: "static_to_ephemeral"}
    assert IPAddress.objects.get(pk=second.pk).name == "kept"


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_refused_as_a_whole_when_its_caller_raises(internet: Network, project: Project) -> None:
    def take_and_give_up() -> None:
        with history.as_one_event(Verb.IMPORT):
            address_batches.take(named(internet, project, "203.0.113.140"))
            raise errors.Invalid("no")

    with pytest.raises(errors.Invalid):
        operations.operation(take_and_give_up)()
    assert IPAddress.objects.count() == 0


def test_address_without_a_machine_joins_one(private: Network, machine: Machine, project: Project) -> None:
    (one,) = addresses.allocate(private, project=project, families=[IPV4])
    assert address_batches.join({one.pk: machine}) == {}
    joined = IPAddress.objects.get(pk=one.pk)
    assert (joined.machine, joined.generation) == (machine, one.generation + 1)


def test_address_joins_no_machine_that_it_cannot_be_of(
    tenants: Network, private: Network, internet: Network, machine: Machine, project: Project, stranger: Project
) -> None:
    (foreign,) = addresses.allocate(internet, project=stranger, families=[IPV4])
    elsewhere = networks.create(child(parent=tenants, project=project))
    (outside,) = addresses.allocate(elsewhere, project=project, families=[IPV4])
    held = machine.addresses.earliest("address")
    refused = address_batches.join({one.pk: machine for one in (foreign, outside, held)})
    assert {pk: error.code for pk, error in refused.items()} == {
        foreign.pk: "wrong_project",
        outside.pk: "network_not_usable",
        held.pk: "in_use",
    }
    assert IPAddress.objects.filter(pk__in=[foreign.pk, outside.pk], machine=None).count() == 2


def test_labels_that_are_too_long_refuse_their_row_alone(internet: Network, project: Project) -> None:
    long = named(internet, project, "203.0.113.200", labels={"x" * 64: ""})
    assert refusals(long + named(internet, project, "203.0.113.201")) == {0: "invalid"}
    assert [str(one) for one in IPAddress.objects.all()] == ["203.0.113.201"]
    one = IPAddress.objects.get()
    assert address_batches.change({one.pk: {"labels": {"x" * 64: ""}}})[one.pk].field == "labels"


def test_address_with_older_labels_is_renamed(internet: Network, project: Project) -> None:
    address_batches.take(named(internet, project, "203.0.113.200"))
    one = IPAddress.objects.get()
    set_older_labels(one, {"x" * 255: "kept"})
    assert address_batches.change({one.pk: {"name": "new"}}) == {}
    assert IPAddress.objects.values_list("name", "labels").get() == ("new", {"x" * 255: "kept"})
