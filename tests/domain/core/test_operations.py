"""How an operation runs: all or nothing, tried again when that can help, refused in words."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, transaction

from ipam import errors
from ipam.domain.core.operations import dry_run, operation, waits_for_locks
from ipam.domain.networks import networks, partitions
from ipam.models import VRF, IPAddress, Machine, Network, Partition, Prefix, Project
from tests.builders import cidrs, external, ip, super_network


class Deadlock(Exception):
    """What the driver says when PostgreSQL has chosen this transaction as the victim."""

    sqlstate = "40P01"


def deadlock() -> OperationalError:
    error = OperationalError("deadlock detected")
    error.__cause__ = Deadlock()
    return error


def test_refused_operation_keeps_nothing(db: None) -> None:
    @operation
    def fail() -> None:
        Partition.objects.create(pk="mini-lab")
        raise errors.Invalid("No.")

    with pytest.raises(errors.Invalid):
        fail()
    assert not Partition.objects.exists()


def test_dry_run_keeps_nothing_and_its_results_can_be_read(partition: Partition) -> None:
    with dry_run():
        network = networks.create(external(partition=partition))
        assert str(network.prefixes.in_order()[0]) == "203.0.113.128/25"
    assert not Network.objects.exists()


def test_refusal_inside_a_dry_run_is_raised(internet: Network) -> None:
    with pytest.raises(errors.AlreadyExists), dry_run():
        networks.create(external())


@pytest.mark.django_db(transaction=True)
def test_further_tries_take_turns() -> None:
    seen = []

    @operation
    def contended() -> None:
        seen.append(waits_for_locks())
        if len(seen) < 3:
            raise errors.Busy("Not now.")

    contended()
    assert (seen, waits_for_locks()) == ([False, True, True], False)


def test_dry_run_takes_turns_at_once_for_it_is_not_tried_again(db: None) -> None:
    with dry_run():
        assert waits_for_locks()
    assert not waits_for_locks()


@pytest.mark.django_db(transaction=True)
def test_deadlock_is_tried_again() -> None:
    tries = []

    @operation
    def unlucky() -> str:
        tries.append(Partition.objects.create(pk="mini-lab"))
        if len(tries) < 3:
            raise deadlock()
        return "done"

    assert (unlucky(), len(tries), Partition.objects.count()) == ("done", 3, 1)


@pytest.mark.django_db(transaction=True)
def test_deadlock_without_end_is_busy() -> None:
    @operation
    def hopeless() -> None:
        Partition.objects.create(pk="mini-lab")
        raise deadlock()

    with pytest.raises(errors.Busy, match="send it again"):
        hopeless()
    assert not Partition.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whole_outer_operation_is_tried_again_not_its_part() -> None:
    tries = []

    @operation
    def part() -> None:
        tries.append("part")
        if len(tries) < 3:
            raise deadlock()

    @operation
    def whole() -> None:
        tries.append("whole")
        part()

    whole()
    assert tries == ["whole", "part", "whole", "part"]


def test_database_error_that_will_not_pass_is_raised(db: None) -> None:
    @operation
    def broken() -> None:
        raise OperationalError("disk full")

    with pytest.raises(OperationalError, match="disk full"):
        broken()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has many writers")
def test_writer_that_waits_in_vain_is_busy() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1")
    with ThreadPoolExecutor(1) as other:
        other.submit(_begin).result()
        with pytest.raises(errors.Busy):
            partitions.create(id="mini-lab")
        other.submit(_end).result()
    connection.close()
    partitions.create(id="mini-lab")


def _begin() -> None:
    transaction.set_autocommit(False)
    Partition.objects.create(pk="other")


def _end() -> None:
    transaction.rollback()
    connection.close()


# --- constraints that only the database could see broken --------------------------------------------
def refusal(*rows: Any) -> errors.IpamError:
    """What an operation says that stores rows which no check has seen."""

    @operation
    def store() -> None:
        for row in rows:
            row.save(force_insert=True)

    with pytest.raises(errors.IpamError) as refused:
        store()
    return refused.value


def prefix(network: Network, cidr: str) -> Prefix:
    (block,) = cidrs(cidr)
    return Prefix(network=network, family=4, first=ip(str(block.ip)), last=ip(str(block[-1])), length=block.prefixlen)


def test_what_another_has_broken_meanwhile_is_busy_inside_of_a_transaction(internet: Network) -> None:
    assert refusal(prefix(internet, "203.0.113.192/26")).code == "busy"


@pytest.mark.django_db(transaction=True)
def test_what_another_has_broken_meanwhile_is_found_by_the_check_of_a_further_try() -> None:
    tries = []

    @operation
    def come_second() -> None:
        tries.append("check")
        if len(tries) > 1:
            raise errors.AlreadyExists("There is already a partition fra.")
        Machine.objects.create(project_id=Project().pk, partition_id="fra", asn=1)

    with pytest.raises(errors.AlreadyExists, match="There is already a partition fra"):
        come_second()
    assert len(tries) == 2


@pytest.mark.django_db(transaction=True)
def test_overlap_that_only_the_database_sees_is_an_overlap(internet: Network) -> None:
    assert refusal(prefix(internet, "203.0.113.192/26")).code == "overlap"


def test_broken_constraint_speaks_its_sentence(db: None) -> None:
    assert refusal(VRF(id=0)).detail == "A VNI is between 1 and 16777215."


def test_address_that_only_the_database_sees_taken_is_already_allocated(internet: Network, project: Project) -> None:
    pool = internet.prefixes.in_order()[0]
    rows = [
        IPAddress(address=ip("203.0.113.142"), family=4, network=internet, prefix=pool, project=project)
        for _ in range(2)
    ]
    assert refusal(*rows).code == "already_allocated"


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer: no check comes too early there")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("row", [Partition(pk="mini-lab"), Network(pk="internet", type="external", vrf_id=104009)])
def test_id_that_only_the_database_sees_taken_exists_already(row: Any, internet: Network) -> None:
    assert refusal(row).code == "already_exists"


@pytest.mark.django_db(transaction=True)
def test_reference_to_what_was_removed_is_busy_at_the_end_of_the_transaction(partition: Partition) -> None:
    gone = Project(name="gone")
    machine = Machine(project=gone, partition=partition, asn=1)
    assert refusal(machine).code == "busy"
    assert not Machine.objects.exists()


def test_removal_of_what_others_have_begun_to_use_is_busy(internet: Network, partition: Partition) -> None:
    @operation
    def remove() -> None:
        partition.delete()

    with pytest.raises(errors.Busy, match="send it again"):
        remove()


def test_integrity_error_of_nobody_is_raised(db: None) -> None:
    @operation
    def broken() -> None:
        raise IntegrityError("something else")

    with pytest.raises(DatabaseError, match="something else"):
        broken()


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer: no check comes too early there")
@pytest.mark.django_db(transaction=True)
def test_asn_that_only_the_database_sees_taken_exists_already(partition: Partition, project: Project) -> None:
    family_pair = [Machine(project=project, partition=partition, asn=65_000) for _ in range(2)]
    assert refusal(*family_pair).code == "already_exists"


def test_who_is_busy_says_only_that(db: None) -> None:
    with pytest.raises(errors.Busy):
        errors.raise_all([errors.Overlap("First."), errors.Busy("Not now.")])


def test_error_that_stands_for_several_goes_by_the_code_of_the_first() -> None:
    with pytest.raises(errors.Several) as refused:
        errors.raise_all([errors.Overlap("First.", field="prefixes"), errors.Invalid("Second.")])
    assert (refused.value.code, refused.value.field, refused.value.detail) == ("overlap", "prefixes", "First. Second.")


def test_single_error_is_raised_as_itself() -> None:
    with pytest.raises(errors.Overlap):
        errors.raise_all([errors.Overlap("First.")])
    errors.raise_all([])


def test_network_that_was_just_made_by_another_is_seen_by_the_check_too(db: None) -> None:
    networks.create(super_network())
    with pytest.raises(errors.AlreadyExists, match="already a network tenants"):
        networks.create(super_network())
