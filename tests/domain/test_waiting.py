"""What a client gets that had to wait for another: PostgreSQL only, where several write at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction

from ipam.domain import addresses, doctor, members, networks, number_pools, rebuilding, vrfs
from ipam.domain.number_pools import Pool
from ipam.models import VRF, Network, NumberRange, Project, RoleBinding
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

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        yield start


@pytest.fixture
def pool(db: None) -> Network:
    """An external network with two addresses, free as one block."""
    return networks.create(external(id="pool", prefixes=cidrs("192.0.2.0/31"), destination_prefixes=()))


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
    assert waiting.result() in {"family_not_in_network", "exhausted", "not_found"}


def test_of_two_owners_who_leave_at_once_one_stays(project: Project) -> None:
    first, second = (members.grant(User.objects.create_user(name), "owner", project=project) for name in ("a", "b"))
    with another(partial(clients.withdraw, second.pk)) as start:
        members.withdraw(first)
        waiting = start()
    assert waiting.result() == "in_use"
    assert [one.name for one in RoleBinding.objects.all()] == ["b"]


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


def test_number_is_drawn_beside_another_that_is_not_committed_yet(db: None) -> None:
    clients.draw_number(Pool.ASN)  # cuts the pool
    with another(partial(clients.draw_number, Pool.ASN)) as start:
        number_pools.acquire(Pool.ASN)
        drawn = start().result(30)
    assert drawn == 66


def test_number_is_given_back_beside_one_that_is_being_drawn(db: None) -> None:
    clients.draw_number(Pool.ASN)
    with another(partial(clients.give_back_number, Pool.ASN, 1)) as start:
        number_pools.acquire(Pool.ASN)
        start().result(30)
    assert clients.draw_number(Pool.ASN) == 1


@pytest.mark.parametrize(("rolls_back", "expected"), [(True, 9), (False, None)])
def test_who_waits_for_the_last_number_gets_it_or_finds_the_pool_empty(
    rolls_back: bool, expected: int | None, db: None
) -> None:
    NumberRange.objects.filter(pool=Pool.ASN).update(first=9, last=9)
    with another(partial(clients.draw_number, Pool.ASN)) as start:
        number_pools.acquire(Pool.ASN)
        waiting = start()
        transaction.set_rollback(rolls_back)
    assert waiting.result() == expected


def test_pool_is_rebuilt_once_nobody_draws_or_gives_back(db: None) -> None:
    vrfs.create(id=1)
    with another(partial(rebuilding.rebuild_pool, Pool.VRF)) as start:
        vrfs.delete(VRF.objects.get())
        waiting = start()
    waiting.result()
    assert list(NumberRange.objects.filter(pool="vrf").values_list("first", "last")) == [(1, 131_072)]


# --- a VRF goes while another network names it ------------------------------------------------------
@pytest.mark.parametrize("vni", [1, 200_000])
def test_vrf_that_goes_with_its_last_network_is_made_anew_for_the_next(vni: int, db: None) -> None:
    last = networks.create(external(vrf=vni))
    wanted = {"vrf": vni, "prefixes": cidrs("192.0.2.0/24"), "destination_prefixes": ()}
    with another(partial(clients.outcome, networks.create, external(id="next", **wanted))) as start:
        networks.delete(last)
        waiting = start()
    assert waiting.result() == "done"
    assert (VRF.objects.get().pk, list(doctor.examine())) == (vni, [])


@pytest.mark.parametrize("vni", [1, 200_000])
def test_network_that_names_a_vrf_is_told_apart_from_one_that_leaves_it(vni: int, db: None) -> None:
    leaving = networks.create(external(vrf=vni, vrf_shared=True))
    wanted = {"vrf": vni, "prefixes": cidrs("192.0.2.0/24"), "destination_prefixes": (), "vrf_shared": True}
    with another(partial(clients.delete_network, leaving.pk)) as start:
        networks.create(external(id="next", **wanted))
        waiting = start()
    assert waiting.result() == "done"
    assert (VRF.objects.get().pk, list(doctor.examine())) == (vni, [])


@pytest.mark.parametrize("vni", [1, 200_000])
def test_vrf_that_is_deleted_while_a_network_names_it_is_made_anew(vni: int, db: None) -> None:
    spare = vrfs.create(id=vni)
    with another(partial(clients.outcome, networks.create, external(vrf=vni))) as start:
        vrfs.delete(spare)
        waiting = start()
    assert waiting.result() == "done"
    assert (VRF.objects.get().kept, list(doctor.examine())) == (False, [])


def test_vni_is_drawn_beside_the_network_that_gives_it_back(project: Project) -> None:
    parent = networks.create(super_network())
    leaving = networks.create(child(parent=parent, project=project))
    with another(partial(clients.draw_vrfs, parent.pk, project.pk, times=1)) as start:
        networks.delete(leaving)
        waiting = start()
    assert waiting.result() != [1]
    assert list(doctor.examine()) == []


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
