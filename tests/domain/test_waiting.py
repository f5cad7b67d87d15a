"""What a client gets that had to wait for another: PostgreSQL only, where several write at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from ipam.domain import addresses, claims, families, machines, networks, vrfs
from ipam.domain.machines import Attachment
from ipam.models import Claim, Event, IPAddress, Machine, Network, NumberRange, Partition, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, free_blocks, ip, super_network
from tests.domain import clients

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer at a time"),
]
BLOCKED = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"


@contextmanager
def another(task: Callable[[], Any]) -> Iterator[Callable[[], Future[Any]]]:
    """Inside is a transaction. What this gives starts the task in a thread and returns when it waits for us."""
    with beside(task) as start, transaction.atomic():
        yield start


@contextmanager
def beside(task: Callable[[], Any]) -> Iterator[Callable[[], Future[Any]]]:
    """Gives what starts the task in a thread, and returns when it is done or waits for our transaction."""

    def run() -> Any:
        try:
            return task()
        finally:
            connection.close()

    def start() -> Future[Any]:
        future = pool.submit(run)
        with connection.cursor() as cursor:
            cursor.execute(BLOCKED)
            while cursor.fetchone() == (False,) and not future.done():
                cursor.execute(BLOCKED)
        return future

    with ThreadPoolExecutor(1) as pool:
        yield start


@pytest.fixture
def pool(db: None) -> Network:
    """An external network with two addresses, free as one block."""
    return networks.create(external(id="pool", prefixes=cidrs("192.0.2.0/31"), destination_prefixes=()))


@pytest.fixture
def half(partition: Partition, project: Project) -> dict[str, IPAddress]:
    """Addresses whose network has just got its other family: two by themselves, one claimed, one a machine's."""
    lan = networks.create(child(parent=networks.create(super_network(partition=partition)), project=project))
    lab = networks.create(external(id="lab", prefixes=cidrs("192.0.2.0/28"), destination_prefixes=()))
    held = {name: addresses.allocate(lab, project=project)[0] for name in ("allocation", "many")}
    claimed = claims.claim(lab, project=project, name="vip")
    held["claim"] = IPAddress.objects.get(allocation=claimed.allocation)
    joined = [Attachment(network=lan, auto=False), Attachment(network=lab)]
    machine = machines.allocate(project=project, partition=partition, networks=joined)
    held["machine"] = machine.addresses.get()
    networks.add_prefix(lab, *cidrs("2001:db8:2::/124"))
    return held


RELEASES: dict[str, Callable[[IPAddress], Any]] = {
    "allocation": lambda held: addresses.release_allocation(held.allocation),
    "many": lambda held: addresses.release_many(IPAddress.objects.filter(allocation=held.allocation)),
    "claim": lambda held: claims.release(Claim.objects.get(allocation=held.allocation)),
    "machine": lambda held: machines.release(Machine.objects.get(addresses=held)),
}
CHANGES: dict[str, Callable[[IPAddress], Any]] = {
    "allocation": lambda held: addresses.update_allocation(held.allocation, type="static"),
    "many": lambda held: addresses.make_static(IPAddress.objects.filter(allocation=held.allocation)),
}


@pytest.mark.parametrize("release", RELEASES)
def test_nothing_is_left_of_an_allocation_that_is_completed_while_it_is_released(
    release: str, half: dict[str, IPAddress]
) -> None:
    held = half[release]
    with another(partial(RELEASES[release], held)) as start:
        families.complete(held.network, IPV6)
        waiting = start()
    waiting.result()
    assert not IPAddress.objects.filter(allocation=held.allocation).exists()


@pytest.mark.parametrize("change", CHANGES)
def test_allocation_that_is_completed_while_it_is_changed_is_changed_as_a_whole(
    change: str, half: dict[str, IPAddress]
) -> None:
    held = half[change]
    with another(partial(CHANGES[change], held)) as start:
        families.complete(held.network, IPV6)
        waiting = start()
    waiting.result()
    assert [one.type for one in IPAddress.objects.filter(allocation=held.allocation)] == ["static", "static"]


def test_who_claims_a_name_while_it_is_released_gets_new_addresses(half: dict[str, IPAddress]) -> None:
    lab, owner = half["claim"].network_id, half["claim"].project_id
    with another(partial(clients.claim_addresses, lab, owner, "vip")) as start:
        RELEASES["claim"](half["claim"])
        waiting = start()
    assert waiting.result() == str(Claim.objects.get().allocation)


def test_history_of_a_claim_has_what_a_completion_added_while_it_was_released(half: dict[str, IPAddress]) -> None:
    with another(partial(RELEASES["claim"], half["claim"])) as start:
        families.complete(half["claim"].network, IPV6)
        waiting = start()
    waiting.result()
    assert len(Event.objects.get(verb="release").addresses) == 2


def test_what_is_left_of_the_only_block_is_found_by_who_waited_for_it(pool: Network, project: Project) -> None:
    with another(partial(clients.allocate_once, pool.pk, project.pk)) as start:
        addresses.allocate(pool, project=project)
        waiting = start()
    assert waiting.result() == "done"


def test_who_waited_for_the_last_address_in_vain_is_told_that_all_are_taken(pool: Network, project: Project) -> None:
    with another(partial(clients.allocate_once, pool.pk, project.pk)) as start:
        addresses.allocate(pool, project=project, count=2)
        waiting = start()
    assert waiting.result() == "exhausted"


def test_named_address_is_found_in_what_is_left_of_its_block(pool: Network, project: Project) -> None:
    with another(partial(clients.take_named, pool.pk, project.pk, "192.0.2.1")) as start:
        addresses.allocate(pool, project=project)
        waiting = start()
    assert waiting.result() == "done"


def test_child_is_carved_from_what_is_left_of_the_only_block(project: Project) -> None:
    parent = networks.create(
        super_network(vrf=5, prefixes=cidrs("10.0.0.0/24"), default_child_prefix_length={IPV4: 25})
    )
    with another(partial(clients.carve_once, parent.pk, project.pk)) as start:
        networks.create(child(parent=parent, project=project))
        waiting = start()
    assert waiting.result() == "done"


def test_child_is_imported_from_what_is_left_of_the_only_block(project: Project) -> None:
    parent = networks.create(
        super_network(vrf=5, prefixes=cidrs("10.0.0.0/24"), default_child_prefix_length={IPV4: 25})
    )
    with another(partial(clients.import_child, parent.pk, project.pk, "10.0.0.128/25")) as start:
        networks.create(child(parent=parent, project=project))
        waiting = start()
    assert waiting.result() == "done"


def test_child_is_imported_from_a_block_that_merges_meanwhile(project: Project) -> None:
    parent = networks.create(
        super_network(vrf=5, prefixes=cidrs("10.0.0.0/24"), default_child_prefix_length={IPV4: 25})
    )
    carved = networks.create(child(parent=parent, project=project))
    with another(partial(clients.import_child, parent.pk, project.pk, "10.0.0.128/26")) as start:
        networks.delete(carved)
        waiting = start()
    assert waiting.result() == "done"


@pytest.mark.parametrize("take", [clients.take_named, clients.import_address])
def test_address_of_a_prefix_that_is_removed_meanwhile_is_not_called_damaged(
    take: Callable[..., str], pool: Network, project: Project
) -> None:
    networks.add_prefix(pool, *cidrs("192.0.3.0/31"))
    with another(partial(take, pool.pk, project.pk, "192.0.3.1")) as start:
        networks.remove_prefix(pool, *cidrs("192.0.3.0/31"))
        waiting = start()
    assert waiting.result() == "not_found"


def test_network_is_not_deleted_while_an_address_is_being_taken(pool: Network, project: Project) -> None:
    with another(partial(clients.delete_network, pool.pk)) as start:
        addresses.allocate(pool, project=project)
        waiting = start()
    assert waiting.result() == "has_ips"


def test_prefix_is_not_removed_while_an_address_is_being_taken(pool: Network, project: Project) -> None:
    networks.add_prefix(pool, *cidrs("192.0.3.0/31"))
    with another(partial(clients.remove_prefix, pool.pk, "192.0.2.0/31")) as start:
        addresses.allocate(pool, project=project)
        waiting = start()
    assert waiting.result() == "has_ips"


def test_nobody_takes_from_a_network_that_is_being_deleted(pool: Network, project: Project) -> None:
    with another(partial(clients.allocate_once, pool.pk, project.pk)) as start:
        networks.delete(pool)
        waiting = start()
    assert waiting.result() == "not_found"


def test_super_that_is_deleted_while_its_first_project_comes_is_named(project: Project) -> None:
    parent = networks.create(super_network(type="super-namespaced"))
    with another(partial(clients.carve_once, parent.pk, project.pk)) as start:
        networks.delete(parent)
        waiting = start()
    assert waiting.result() == "not_found"


def test_number_that_is_named_leaves_the_pool_though_its_range_was_cut_meanwhile(db: None) -> None:
    with another(partial(clients.claim_vrfs, [20])) as start:
        vrfs.create(id=50)
        waiting = start()
    assert waiting.result() == [20]
    assert not NumberRange.objects.filter(pool="vrf", first__lte=20, last__gte=20).exists()


def test_pair_whose_second_family_is_held_gets_both_in_the_end(project: Project) -> None:
    both = networks.create(
        external(id="both", prefixes=cidrs("192.0.2.0/31", "2001:db8::/127"), destination_prefixes=())
    )
    with another(partial(clients.allocate_once, both.pk, project.pk)) as start:
        addresses.allocate(both, project=project, families=[IPV6])
        waiting = start()
    assert waiting.result() == "done"


def test_block_that_a_batch_puts_back_merges_with_what_is_released_meanwhile(project: Project) -> None:
    lan = networks.create(external(id="lan", prefixes=cidrs("192.0.2.0/28"), destination_prefixes=()))
    held = addresses.allocate(lan, project=project, addresses=[ip("192.0.2.8")])
    held += addresses.allocate(lan, project=project, addresses=[ip("192.0.2.9")])
    with another(partial(addresses.release_many, held)) as start:
        addresses.allocate(lan, project=project, count=5)  # holds 192.0.2.10/31 for a while, and needs nothing of it
        waiting = start()
    waiting.result()
    assert free_blocks(lan) == ["192.0.2.6/31", "192.0.2.8/30", "192.0.2.12/31", "192.0.2.14/32"]
