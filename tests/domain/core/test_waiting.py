"""What a client gets that had to wait for another: PostgreSQL only, where several write at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count

from ipam import errors
from ipam.domain.core import context, timelines
from ipam.domain.health import doctor, rebuilding
from ipam.domain.networks import addresses, allocations, children, claims, completion, machines, networks, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members
from ipam.domain.space import number_pools
from ipam.domain.space.number_pools import ASN_BASE, Pool
from ipam.domain.undo import undoing
from ipam.models import (
    VRF,
    Claim,
    Event,
    FreeBlock,
    IPAddress,
    Machine,
    Network,
    NumberRange,
    Partition,
    Project,
    RoleBinding,
)
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
            with context.system():
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


def elsewhere(task: Callable[[], Any]) -> Any:
    """What a task gives that somebody else does, and is done with, while a transaction of ours is open."""
    with beside(task) as start:
        return start().result()


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
        completion.complete(held.network, IPV6)
        waiting = start()
    waiting.result()
    assert not IPAddress.objects.filter(allocation=held.allocation).exists()


@pytest.mark.parametrize("change", CHANGES)
def test_allocation_that_is_completed_while_it_is_changed_is_changed_as_a_whole(
    change: str, half: dict[str, IPAddress]
) -> None:
    held = half[change]
    with another(partial(CHANGES[change], held)) as start:
        completion.complete(held.network, IPV6)
        waiting = start()
    waiting.result()
    assert [one.type for one in IPAddress.objects.filter(allocation=held.allocation)] == ["static", "static"]


def test_who_claims_a_name_while_it_is_released_gets_new_addresses(half: dict[str, IPAddress]) -> None:
    lab, owner = half["claim"].network_id, half["claim"].project_id
    with another(partial(clients.claim_addresses, lab, owner, "vip")) as start:
        RELEASES["claim"](half["claim"])
        waiting = start()
    assert waiting.result() == str(Claim.objects.get().allocation)


def test_who_claims_both_halves_while_one_is_completed_takes_nothing(half: dict[str, IPAddress]) -> None:
    lab, owner = half["claim"].network_id, half["claim"].project_id
    with another(partial(clients.claim_addresses, lab, owner, "vip")) as start:
        completion.complete(half["claim"].network, IPV6)
        waiting = start()
    assert waiting.result() == str(half["claim"].allocation)
    assert Event.objects.filter(kind="claim").count() == 1


def test_history_of_a_claim_has_what_a_completion_added_while_it_was_released(half: dict[str, IPAddress]) -> None:
    with another(partial(RELEASES["claim"], half["claim"])) as start:
        completion.complete(half["claim"].network, IPV6)
        waiting = start()
    waiting.result()
    assert sum(len(one.addresses) for one in timelines.holders(Event.objects.get(verb="release"))) == 2


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


def test_child_of_two_families_waits_for_ipv4_without_holding_ipv6(project: Project) -> None:
    lengths = {IPV4: 25, IPV6: 64}
    parent = networks.create(
        super_network(vrf=5, prefixes=cidrs("10.0.0.0/24", "2001:db8::/63"), default_child_prefix_length=lengths)
    )
    with another(partial(clients.carve_once, parent.pk, project.pk)) as start:
        networks.create(child(parent=parent, project=project, address_family=[IPV4]))
        waiting = start()
        assert len(FreeBlock.objects.filter(network=parent, family=IPV6).select_for_update(nowait=True)) == 1
    assert waiting.result() == "done"


def test_block_that_goes_back_merges_without_the_buddy_that_was_taken_meanwhile(project: Project) -> None:
    parent = networks.create(
        super_network(vrf=5, prefixes=cidrs("10.0.0.0/24"), default_child_prefix_length={IPV4: 26})
    )
    leaving = networks.create(child(parent=parent, project=project))
    with another(partial(clients.delete_network, leaving.pk)) as start:
        networks.create(child(parent=parent, project=project))
        waiting = start()
    assert waiting.result() == "done"
    assert (free_blocks(parent), list(doctor.examine())) == (["10.0.0.0/26", "10.0.0.128/25"], [])


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


@pytest.mark.parametrize(
    ("take", "told"), [(clients.take_named, "not_in_prefix"), (clients.import_address, "not_found")]
)
def test_address_of_a_prefix_that_is_removed_meanwhile_is_not_called_damaged(
    take: Callable[..., str], told: str, pool: Network, project: Project
) -> None:
    networks.add_prefix(pool, *cidrs("192.0.3.0/31"))
    with another(partial(take, pool.pk, project.pk, "192.0.3.1")) as start:
        networks.remove_prefix(pool, *cidrs("192.0.3.0/31"))
        waiting = start()
    assert waiting.result() == told


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


def test_half_that_is_completed_meanwhile_is_not_joined(project: Project) -> None:
    both = networks.create(
        external(id="both", prefixes=cidrs("192.0.2.0/24", "2001:db8::/64"), destination_prefixes=())
    )
    ipv4, ipv6 = (addresses.allocate(both, project=project, families=[one])[0] for one in (IPV4, IPV6))
    with another(partial(clients.join_halves, [ipv4.pk, ipv6.pk])) as start:
        completion.complete(both, IPV6)
        waiting = start()
    assert waiting.result() == "in_use"
    assert halves_per_allocation() == [1, 2]


def test_half_that_is_joined_meanwhile_is_not_completed(project: Project) -> None:
    both = networks.create(
        external(id="both", prefixes=cidrs("192.0.2.0/24", "2001:db8::/64"), destination_prefixes=())
    )
    held = [addresses.allocate(both, project=project, families=[one])[0] for one in (IPV4, IPV6)]
    with another(partial(clients.complete_once, both.pk)) as start:
        allocations.join([one.pk for one in held])
        waiting = start()
    assert waiting.result() == "done"
    assert halves_per_allocation() == [2]


def halves_per_allocation() -> list[int]:
    counted = IPAddress.objects.order_by().values("allocation").annotate(number=Count("pk"))
    return sorted(counted.values_list("number", flat=True))


def test_child_that_gains_a_family_while_its_carving_is_undone_stays(tenants: Network, project: Project) -> None:
    made = networks.create(child(parent=tenants, project=project, address_family=[IPV4]))
    event = Event.objects.get(verb="carve")
    with another(partial(undoing.undo, event.pk)) as start:
        children.add_family(made, IPV6)
        waiting = start()
    assert isinstance(waiting.exception(), errors.ChangedSince)
    assert (made.prefixes.count(), list(doctor.examine())) == (2, [])


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


def is_free(pool: Pool, number: int) -> bool:
    return NumberRange.objects.filter(pool=pool, first__lte=number, last__gte=number).exists()


def test_number_of_a_vrf_that_came_and_went_while_another_was_made_is_not_free(db: None) -> None:
    acquire = number_pools.acquire_exactly
    wanted = external(id="net", vrf=2, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=())

    def look_between(pool: Pool, number: int) -> None:
        with patch.object(number_pools, "acquire_exactly", acquire):
            net = elsewhere(partial(networks.create, wanted))
            acquire(pool, number)
            elsewhere(partial(networks.delete, net))
        looks.side_effect = acquire

    with patch.object(number_pools, "acquire_exactly", side_effect=look_between) as looks:
        vrfs.create(id=2)
    assert (VRF.objects.count(), is_free(Pool.VRF, 2), list(doctor.examine())) == (1, False, [])


def test_asn_of_a_machine_that_went_while_another_named_it_is_not_free(
    private: Network, project: Project, partition: Partition
) -> None:
    acquire, asn = number_pools.acquire_exactly, ASN_BASE + 2
    wanted = {"project": project, "partition": partition, "networks": [Attachment(network=private)], "asn": asn}
    first = machines.allocate(**wanted)

    def look_and_let_go(pool: Pool, number: int) -> None:
        acquire(pool, number)
        elsewhere(partial(machines.release, first))
        looks.side_effect = acquire

    with patch.object(number_pools, "acquire_exactly", side_effect=look_and_let_go) as looks:
        machines.allocate(**wanted)
    assert (Machine.objects.count(), is_free(Pool.ASN, 2), list(doctor.examine())) == (1, False, [])


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
