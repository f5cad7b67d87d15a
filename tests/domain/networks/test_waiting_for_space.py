"""What becomes of whoever waits while prefixes, ranges and what cools change: PostgreSQL only, where several write."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from ipam import errors
from ipam.domain.health import doctor
from ipam.domain.networks import (
    address_moves,
    addresses,
    block_changes,
    networks,
    ranges,
    resizing,
    splitting,
)
from ipam.domain.networks.ranges import Bounds
from ipam.domain.space import cooling
from ipam.models import AddressRange, FreeBlock, IPAddress, Network, Prefix, Project, SetAsideBlock
from tests.builders import IPV4, cidrs, external, ip
from tests.domain import clients
from tests.domain.core.test_waiting import another, elsewhere

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]


def pool(*texts: str, **more: Any) -> Network:
    return networks.create(external(**{"id": "pool", "prefixes": cidrs(*texts), "destination_prefixes": ()} | more))


def prefix(text: str) -> Prefix:
    return Prefix.objects.equal_to(*cidrs(text)).get()


def take(network: Network, project: Project, text: str) -> IPAddress:
    return addresses.allocate(network, project=project, addresses=[ip(text)])[0]


def hold(one: Prefix) -> None:
    """Lock a prefix, as whoever gives back to it does."""
    Prefix.objects.select_for_update(no_key=True).get(pk=one.pk)


def is_locked(one: Prefix) -> bool:
    """Whether somebody else could not lock a prefix."""

    def try_it() -> bool:
        try:
            with transaction.atomic():
                Prefix.objects.select_for_update(no_key=True, nowait=True).get(pk=one.pk)
        except OperationalError:
            return True
        return False

    return bool(elsewhere(try_it))


# --- Ranges --------------------------------------------------------------------------------------
CHANGES: dict[str, Callable[[], object]] = {
    "shrink": lambda: resizing.resize(prefix("10.80.0.0/24"), *cidrs("10.80.0.0/25")),
    "split": lambda: splitting.split(prefix("10.80.0.0/24"), 25),
}


@pytest.mark.parametrize("change", CHANGES)
def test_range_that_is_renamed_while_it_is_cut_keeps_its_new_name_in_every_part(change: str) -> None:
    lease = ranges.create(pool("10.80.0.0/24"), Bounds(first=ip("10.80.0.120"), last=ip("10.80.0.140")), name="lease")
    with another(CHANGES[change]) as start:
        ranges.update(lease, name="renamed")
        waiting = start()
    waiting.result()
    cut = AddressRange.objects.order_by("first")
    assert {one.name for one in cut} == {"renamed"}
    assert cut[0].generation == 3


# --- Prefixes ------------------------------------------------------------------------------------
def test_other_half_is_locked_of_what_a_prefix_has_become_while_this_waited() -> None:
    pool("10.80.0.0/26", "10.80.0.128/25")
    small, other = prefix("10.80.0.0/26"), prefix("10.80.0.128/25")

    def lock() -> bool:
        with transaction.atomic():
            block_changes.lock(small, with_sibling=True)
            return is_locked(other)

    with another(lock) as start:
        resizing.resize(small, *cidrs("10.80.0.0/25"))
        waiting = start()
    assert waiting.result()


def test_address_is_taken_of_what_its_prefix_was_merged_to_meanwhile(project: Project) -> None:
    network = pool("10.80.0.0/25", "10.80.0.128/25")
    with another(partial(take, network, project, "10.80.0.200")) as start:
        splitting.merge(prefix("10.80.0.0/25"))
        waiting = start()
    assert str(waiting.result().prefix) == "10.80.0.0/24"
    assert list(doctor.examine()) == []


def test_who_names_what_is_held_waits_for_nobody(project: Project) -> None:
    network = pool("10.80.0.0/24")
    take(network, project, "10.80.0.5")
    with another(partial(clients.outcome, take, network, project, "10.80.0.5")) as start:
        hold(prefix("10.80.0.0/24"))
        FreeBlock.objects.select_for_update().get(first=ip("10.80.0.4"))
        assert start().done()


def test_who_names_what_is_set_aside_waits_for_the_prefix_without_holding_free_space(project: Project) -> None:
    network = pool("10.80.0.0/24")
    bounds = Bounds(first=ip("10.80.0.9"), last=ip("10.80.0.9"))
    ranges.create(network, bounds, use="by-name")
    with another(partial(take, network, project, "10.80.0.9")) as start:
        hold(prefix("10.80.0.0/24"))
        waiting = start()
        assert not waiting.done()
        assert list(FreeBlock.objects.order_by().select_for_update(nowait=True))
    assert str(waiting.result()) == "10.80.0.9"


# --- What cools ------------------------------------------------------------------------------------
@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=1)])
def test_who_waits_for_what_cools_gets_what_others_leave(ago: timedelta, project: Project) -> None:
    network = pool("10.80.0.0/30", quarantine={IPV4: 1})
    addresses.release_many(addresses.allocate(network, project=project, count=2))
    SetAsideBlock.objects.update(until=timezone.now() + timedelta(hours=1) - ago)
    with another(partial(addresses.allocate, network, project=project)) as start:
        first = addresses.allocate(network, project=project)
        waiting = start()
    assert sorted(map(str, [*first, *waiting.result()])) == ["10.80.0.1", "10.80.0.2"]


def test_nothing_is_left_of_what_cools_when_all_of_it_is_taken(project: Project) -> None:
    network = pool("10.80.0.0/30", quarantine={IPV4: 1})
    addresses.release_many(addresses.allocate(network, project=project, count=2))
    with another(partial(addresses.allocate, network, project=project)) as start:
        addresses.allocate(network, project=project, count=2)
        waiting = start()
    with pytest.raises(errors.Exhausted):
        waiting.result()


def test_who_takes_the_lowest_address_does_not_wait_for_what_has_cooled_beside_it(project: Project) -> None:
    network = pool("10.80.0.0/24", quarantine={IPV4: 1})
    addresses.release_many([take(network, project, "10.80.0.200")])
    SetAsideBlock.objects.update(until=timezone.now())
    with another(partial(addresses.allocate, network, project=project)) as start:
        assert cooling.expire() == 1
        assert start().done()


# --- Moves -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("held", ["10.80.0.0/24", "10.80.4.0/24"])
def test_who_moves_an_address_locks_both_prefixes_before_anything_is_taken(held: str, project: Project) -> None:
    one, other = pool("10.80.0.0/24"), pool("10.80.4.0/24", id="other", vrf=9)
    moving = take(one, project, "10.80.0.5")
    with another(partial(address_moves.move, moving.allocation, network=other)) as start:
        hold(prefix(held))
        waiting = start()
        assert not waiting.done()
        assert len(FreeBlock.objects.order_by().select_for_update(nowait=True)) == FreeBlock.objects.count()
    assert list(map(str, waiting.result())) == ["10.80.4.5"]


def test_address_moves_to_where_a_prefix_was_resized_to_meanwhile(project: Project) -> None:
    one, other = pool("10.80.0.0/24"), pool("10.80.4.0/24", id="other", vrf=9)
    moving = take(one, project, "10.80.0.5")
    with another(partial(address_moves.move, moving.allocation, network=other)) as start:
        resizing.resize(prefix("10.80.4.0/24"), *cidrs("10.80.4.128/25"))
        waiting = start()
    assert list(map(str, waiting.result())) == ["10.80.4.133"]
    assert list(doctor.examine()) == []
