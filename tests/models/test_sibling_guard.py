"""Prefixes that overlap are refused by the database itself, whoever writes them."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.models import Network, NumberRange, Prefix, Project, guards
from tests.models.conftest import Insert


def prefix(network: Network, cidr: str, **fields: Any) -> Prefix:
    block = IPNetwork(cidr)
    return Prefix(
        network=network,
        family=block.version,
        first=Address(block.first, block.version),
        last=Address(block.last, block.version),
        length=block.prefixlen,
        **fields,
    )


def is_refused(insert: Insert, row: Prefix) -> bool:
    """Whether the guard, and nothing else, refuses the row."""
    try:
        with transaction.atomic():
            insert(row)
    except DatabaseError as error:
        if guards.SIBLINGS_DISJOINT not in str(error):
            raise
        return True
    return False


@pytest.mark.parametrize(
    "second",
    ["10.0.0.0/24", "10.0.0.0/16", "10.0.0.64/26", "10.0.0.0/32", "10.0.0.255/32", "0.0.0.0/0", "10.0.0.128/25"],
)
def test_overlapping_roots_are_refused(second: str, insert: Insert, bare: Network) -> None:
    insert(prefix(bare, "10.0.0.0/24"))
    assert is_refused(insert, prefix(bare, second))


@pytest.mark.parametrize("second", ["10.0.1.0/24", "9.255.255.0/24", "a00::/24", "::/0"])
def test_roots_beside_each_other_are_stored(second: str, insert: Insert, bare: Network) -> None:
    insert(prefix(bare, "10.0.0.0/24"))
    if second == "::/0":
        Prefix.objects.filter(family=6).delete()
    assert not is_refused(insert, prefix(bare, second))


def test_overlap_with_any_of_many_siblings_is_refused(insert: Insert, bare: Network) -> None:
    for number in range(0, 40, 2):
        insert(prefix(bare, f"10.0.{number}.0/24"))
    assert [is_refused(insert, prefix(bare, f"10.0.{number}.128/25")) for number in range(40)] == [True, False] * 20


def test_siblings_under_one_parent_are_refused(insert: Insert, bare: Network) -> None:
    parent = insert(prefix(bare, "10.0.0.0/8"))
    insert(prefix(bare, "10.0.0.0/24", parent_id=parent))
    assert is_refused(insert, prefix(bare, "10.0.0.0/25", parent_id=parent))


def test_children_of_two_parents_are_stored(insert: Insert, bare: Network) -> None:
    first, second = insert(prefix(bare, "10.0.0.0/8")), insert(prefix(bare, "11.0.0.0/8"))
    insert(prefix(bare, "10.0.0.0/24", parent_id=first))
    assert not is_refused(insert, prefix(bare, "10.0.0.0/24", parent_id=second))


def test_child_inside_its_parent_is_stored(insert: Insert, bare: Network) -> None:
    parent = insert(prefix(bare, "10.0.0.0/8"))
    assert not is_refused(insert, prefix(bare, "10.0.0.0/8", parent_id=parent))


def test_siblings_in_one_namespace_are_refused(insert: Insert, bare: Network, project: Project) -> None:
    parent = insert(prefix(bare, "10.0.0.0/8"))
    insert(prefix(bare, "10.0.0.0/24", parent_id=parent, namespace=project))
    assert is_refused(insert, prefix(bare, "10.0.0.0/24", parent_id=parent, namespace=project))


def test_siblings_in_two_namespaces_are_stored(
    insert: Insert, bare: Network, project: Project, stranger: Project
) -> None:
    parent = insert(prefix(bare, "10.0.0.0/8"))
    insert(prefix(bare, "10.0.0.0/24", parent_id=parent, namespace=project))
    assert not is_refused(insert, prefix(bare, "10.0.0.0/24", parent_id=parent, namespace=stranger))


@pytest.mark.parametrize("change", ["first", "last", "parent_id"])
def test_overlap_by_an_update_is_refused(change: str, insert: Insert, bare: Network) -> None:
    parent = insert(prefix(bare, "10.0.0.0/8"))
    insert(prefix(bare, "11.0.0.0/24"))
    insert(prefix(bare, "11.0.4.0/24"))
    moved = insert(
        prefix(bare, "11.0.2.0/24") if change != "parent_id" else prefix(bare, "11.0.0.0/24", parent_id=parent)
    )
    value = {"first": Address("11.0.0.255"), "last": Address("11.0.4.0"), "parent_id": None}[change]
    with pytest.raises(DatabaseError, match=guards.SIBLINGS_DISJOINT), transaction.atomic():
        Prefix.objects.filter(pk=moved).update(**{change: value})


def test_update_within_its_own_space_is_stored(insert: Insert, bare: Network) -> None:
    key = insert(prefix(bare, "10.0.0.0/24"))
    assert Prefix.objects.filter(pk=key).update(last=Address("10.0.0.127"), length=25) == 1


BLOCKS = st.builds(lambda value, length: str(IPNetwork((value, length), 4).cidr),
                   st.integers(0x0A000000, 0x0A0000FF), st.integers(24, 32))  # fmt: skip


@given(wanted=st.lists(BLOCKS, max_size=12))
def test_database_refuses_exactly_what_overlaps(wanted: list[str], insert: Insert, bare: Network) -> None:
    Prefix.objects.filter(family=4).delete()
    stored: list[IPNetwork] = []
    for text in wanted:
        cidr = IPNetwork(text)
        overlaps = any(cidr in other or other in cidr for other in stored)
        assert is_refused(insert, prefix(bare, text)) == overlaps
        if not overlaps:
            stored.append(cidr)


def test_guards_are_installed(db: None) -> None:
    assert guards.are_installed(connection)


@pytest.mark.django_db(transaction=True)
def test_guard_that_was_lost_is_back_after_the_next_migrate(insert: Insert, bare: Network) -> None:
    insert(prefix(bare, "10.0.0.0/24"))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE ipam_prefix DROP CONSTRAINT prefix_siblings_disjoint")
        else:
            cursor.execute("DROP TRIGGER prefix_siblings_disjoint_on_insert")
    assert not guards.are_installed(connection)
    call_command("migrate", verbosity=0)
    assert guards.are_installed(connection)
    assert is_refused(insert, prefix(bare, "10.0.0.0/24"))


def test_installing_twice_changes_nothing(db: None) -> None:
    before = list(_pools())
    call_command("migrate", verbosity=0)
    assert (list(_pools()), guards.are_installed(connection)) == (before, True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite rebuilds a table to alter it")
def test_guards_come_back_after_a_table_was_rebuilt() -> None:
    guards.lift(using="default")  # as migrate does first
    with connection.schema_editor() as editor:
        editor._remake_table(Prefix)
    assert not guards.are_installed(connection)
    call_command("migrate", verbosity=0)
    assert guards.are_installed(connection)


def _pools() -> Any:
    return NumberRange.objects.values_list("pool", "first", "last")
