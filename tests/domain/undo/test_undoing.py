"""Undo: the inverse of an allocation, a release or a carving, for ten minutes, all of it or nothing."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam import errors
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.core import context, kept_rows, pruning
from ipam.domain.core.operations import dry_run
from ipam.domain.health import doctor
from ipam.domain.networks import (
    address_batches,
    addresses,
    allocations,
    children,
    claims,
    completion,
    machines,
    networks,
)
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members
from ipam.domain.undo import undoing
from ipam.models import VRF, Event, IPAddress, Machine, Network, Partition, Project, Tenure
from tests.builders import IPV4, IPV6, child, cidrs, ip, namespaced, prefixes_of
from tests.callers import as_user
from tests.domain import clients
from tests.domain.crowd import in_processes
from tests.domain.proof import misstated_free_space


def last(verb: str) -> int:
    return Event.objects.filter(verb=verb, part_of=None).latest("pk").pk


def undo(verb: str) -> undoing.Undone:
    return undoing.undo(last(verb))


def rows(addresses: Iterable[IPAddress]) -> list[dict[str, Any]]:
    """All that is stored of them, but for what says when they were changed."""
    stored = IPAddress.objects.filter(pk__in=[one.pk for one in addresses]).order_by("address")
    return [{name: one for name, one in row.items() if name not in ("updated_at", "generation")}
            for row in stored.values()]  # fmt: skip


def faults() -> list[str]:
    return [*(finding.sentence for finding in doctor.examine()), *misstated_free_space()]


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (IPAddress, Network, Tenure, Event)]


# --- what it does ---------------------------------------------------------------------------------
@pytest.mark.parametrize("wanted", [{}, {"families": [IPV6]}, {"count": 3}, {"addresses": [ip("203.0.113.200")]}])
def test_allocation_is_undone_by_its_release(internet: Network, project: Project, wanted: dict[str, Any]) -> None:
    addresses.allocate(internet, project=project, type="static", name="web", labels={"a": "b"}, **wanted)
    done = undo("allocate")
    assert (IPAddress.objects.count(), list(done.addresses)) == (0, [])
    assert (done.event.verb, done.event.undoes, done.event.kind) == ("release", done.undone.pk, "address")
    assert Event.objects.get(verb="allocate").undone_by == done.event.pk
    assert faults() == []


def test_what_was_renamed_meanwhile_is_still_given_back(internet: Network, project: Project) -> None:
    pair = addresses.allocate(internet, project=project)
    addresses.update_allocation(pair[0].allocation, name="told", type="static")
    undo("allocate")
    assert not IPAddress.objects.exists()


@pytest.mark.parametrize("release", ["allocation", "address", "many"])
def test_release_is_undone_with_all_that_the_addresses_were(internet: Network, project: Project, release: str) -> None:
    words = {"name": "web", "description": "of Alice", "labels": {"a": "b", "c/d": ""}, "type": "static"}
    pair = addresses.allocate(internet, project=project, **words)
    before = rows(pair)
    if release == "address":
        addresses.release(pair[1])
    else:
        addresses.release_allocation(pair[0].allocation) if release == "allocation" else addresses.release_many(pair)
    done = undo("release")
    assert rows(pair) == before
    assert {one.address for one in done.addresses} == {one.address for one in pair[1 if release == "address" else 0 :]}
    assert {one.generation for one in done.addresses} == {2}
    assert (done.event.verb, done.event.undoes) == ("allocate", last("release"))
    assert faults() == []


def test_release_of_many_allocations_in_several_networks_is_undone(
    internet: Network, private: Network, project: Project
) -> None:
    held = [one for place in (internet, private) for one in addresses.allocate(place, project=project, count=20)]
    before = rows(held)
    addresses.release_many(held)
    undo("release")
    assert rows(held) == before
    assert faults() == []


def test_address_in_a_namespace_comes_back_there(project: Project) -> None:
    home = networks.create(child(parent=networks.create(namespaced()), project=project))
    held = addresses.allocate(home, project=project)
    before = rows(held)
    addresses.release_allocation(held[0].allocation)
    undo("release")
    assert rows(held) == before
    assert {one["namespace_id"] for one in before} == {project.pk}


def test_carving_is_undone_and_gives_its_space_and_number_back(tenants: Network, project: Project) -> None:
    made = networks.create(child(parent=tenants, project=project, name="home"))
    vni, was = made.vrf_id, prefixes_of(made)
    done = undo("carve")
    assert not Network.objects.filter(pk=made.pk).exists()
    assert not VRF.objects.filter(pk=vni).exists()
    assert (done.event.verb, done.event.kind, done.event.undoes) == ("delete", "network", done.undone.pk)
    assert prefixes_of(networks.create(child(parent=tenants, project=project))) == was
    assert faults() == []


def test_undo_can_itself_be_undone(internet: Network, project: Project) -> None:
    pair = addresses.allocate(internet, project=project, name="web")
    before = rows(pair)
    undo("allocate")
    undo("release")
    assert rows(pair) == before
    assert faults() == []


def test_tenures_show_the_gap(internet: Network, project: Project) -> None:
    with time_machine.travel("2026-11-30T10:00:00Z", tick=False) as clock:
        (one,) = addresses.allocate(internet, project=project, families=[IPV4], name="web")
        clock.shift(60)
        addresses.release(one)
        clock.shift(60)
        undo("release")
    found = [(t.since.minute, t.until and t.until.minute, t.begun_by) for t in Tenure.objects.order_by("pk")]
    first, last_ = Event.objects.filter(verb="allocate").order_by("pk")
    assert found == [(0, 1, first.pk), (2, None, last_.pk)]


@pytest.mark.parametrize("verb", ["allocate", "release", "carve"])
def test_undo_leaves_one_event_by_one_insert(verb: str, internet: Network, tenants: Network, project: Project) -> None:
    released = addresses.allocate(internet, project=project)
    addresses.allocate(internet, project=project, count=2)
    addresses.release_many(released)
    networks.create(child(parent=tenants, project=project))
    count = Event.objects.count()
    with CaptureQueriesContext(connection) as captured:
        undo(verb)
    assert Event.objects.count() == count + 1
    assert sum('INSERT INTO "ipam_event"' in query["sql"] for query in captured) == 1


def test_dry_run_of_an_undo_keeps_nothing(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    before = everything()
    with dry_run():
        assert undo("allocate").event.pk
    assert everything() == before


def test_undo_costs_the_release_no_statement(internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4])
    with CaptureQueriesContext(connection) as captured:
        addresses.release(one.pk)
    assert sum("ipam_event" in query["sql"] for query in captured) <= 2  # on SQLite event and tenure name it


# --- when it is refused ---------------------------------------------------------------------------
@pytest.mark.parametrize(("seconds", "code"), [(599, "done"), (600, "undo_expired"), (86_400, "undo_expired")])
def test_undo_is_offered_for_ten_minutes(internet: Network, project: Project, seconds: int, code: str) -> None:
    with time_machine.travel("2026-11-30T10:00:00Z", tick=False) as clock:
        addresses.allocate(internet, project=project)
        event = Event.objects.get(verb="allocate")
        assert (event.can_be_undone, event.undo_until) == (True, event.at + timedelta(seconds=600))
        clock.shift(seconds)
        assert clients.outcome(partial(undo, "allocate")) == code
        assert IPAddress.objects.exists() == (code != "done")


def test_nothing_is_undone_where_the_setting_says_so(settings: Any, internet: Network, project: Project) -> None:
    settings.UNDO_SECONDS = 0
    addresses.allocate(internet, project=project)
    with pytest.raises(errors.UndoExpired):
        undo("allocate")


def test_what_was_undone_is_not_undone_again(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    done = undo("allocate")
    with pytest.raises(errors.AlreadyUndone, match=f"by event {done.event.pk}"):
        undoing.undo(done.undone.pk)
    assert Event.objects.get(pk=done.undone.pk).undo_until is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["allocate", "release", "carve"])
def test_of_two_at_once_one_undoes(verb: str, internet: Network, tenants: Network, project: Project) -> None:
    if verb == "carve":
        networks.create(child(parent=tenants, project=project))
    else:
        held = addresses.allocate(internet, project=project)
        if verb == "release":
            addresses.release_many(held)
    task = partial(clients.undo, last(verb))
    assert sorted(in_processes([task, task])) == ["already_undone", "done"]
    assert Event.objects.filter(undoes__isnull=False).count() == 1
    assert faults() == []


def test_other_operations_have_no_undo(internet: Network, machine: Machine, project: Project) -> None:
    claims.claim(internet, project=project, name="vip")
    networks.update(internet, name="told")
    for event in Event.objects.exclude(verb__in=["carve"]):
        with pytest.raises(errors.NotUndoable, match=f"“{event.verb} {event.kind}” is not undone here"):
            undoing.undo(event.pk)


def test_node_network_goes_with_its_cluster_and_not_by_an_undo(tenants: Network, project: Project) -> None:
    lifecycle.create(NewCluster(name="web", project=project, parent=tenants, wanted_nodes=4))
    carved = Event.objects.get(verb="carve")
    assert carved.undo_until is None
    with pytest.raises(errors.NotUndoable, match=f"a part of event {carved.part_of_id}"):
        undoing.undo(carved.pk)


def test_address_that_was_taken_for_a_machine_goes_with_it(
    internet: Network, machine: Machine, project: Project
) -> None:
    addresses.allocate(internet, project=project, machine=machine)
    with pytest.raises(errors.NotUndoable):
        undo("allocate")


def test_release_of_more_than_is_kept_is_final(
    internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_rows, "_MAX_BYTES", 5)
    held = addresses.allocate(internet, project=project, name="web")
    addresses.release_many(held)
    assert Event.objects.get(verb="release").undo_until is None
    with pytest.raises(errors.NotUndoable):
        undo("release")


def test_pair_of_which_one_half_was_released_is_not_given_back(internet: Network, project: Project) -> None:
    ipv4, ipv6 = addresses.allocate(internet, project=project)
    addresses.release(ipv6)
    with pytest.raises(errors.ChangedSince, match=f"{ipv6} was released or given to a machine"):
        undo("allocate")
    assert IPAddress.objects.get() == ipv4


def test_address_that_somebody_else_has_by_now_is_not_given_back(internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4])
    event = last("allocate")
    addresses.release(one)
    addresses.allocate(internet, project=project, addresses=[one.address])
    with pytest.raises(errors.ChangedSince):
        undoing.undo(event)
    assert IPAddress.objects.count() == 1


def test_address_that_a_machine_has_by_now_is_not_given_back(
    internet: Network, private: Network, project: Project, partition: Partition
) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4], type="static")
    joined = [Attachment(network=private), Attachment(network=internet, ips=[one.address])]
    event = last("allocate")
    machines.allocate(project=project, partition=partition, networks=joined)
    with pytest.raises(errors.ChangedSince, match="given to a machine"):
        undoing.undo(event)


def test_released_address_that_is_taken_names_its_holder(
    internet: Network, project: Project, stranger: Project
) -> None:
    pair = addresses.allocate(internet, project=project)
    addresses.release_many(pair)
    event = last("release")
    addresses.allocate(internet, project=stranger, addresses=[pair[1].address], name="theirs")
    with pytest.raises(errors.AlreadyAllocated, match=f"{pair[1]} is held by project {stranger} .“theirs”."):
        undoing.undo(event)
    assert IPAddress.objects.count() == 1
    assert faults() == []


def test_foreign_holder_is_not_named(internet: Network, project: Project, stranger: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4])
    addresses.release(one)
    event = last("release")
    addresses.allocate(internet, project=stranger, addresses=[one.address], name="theirs")
    alice = User.objects.create_user("alice")
    members.grant(alice, "editor", project=project)
    with as_user(alice), pytest.raises(errors.AlreadyAllocated, match=f"{one} is held by another project"):
        undoing.undo(event)


def test_half_whose_place_was_filled_does_not_come_back(internet: Network, project: Project) -> None:
    _, ipv6 = addresses.allocate(internet, project=project)
    addresses.release(ipv6)
    event = last("release")
    (other,) = addresses.allocate(internet, project=project, addresses=[ipv6.address])
    (filled,) = completion.complete(internet, IPV6).completed
    addresses.release(other)
    with pytest.raises(errors.ChangedSince, match=f"has {filled} by now"):
        undoing.undo(event)
    addresses.release(filled)
    undoing.undo(event)
    assert IPAddress.objects.filter(allocation=ipv6.allocation).count() == 2


def test_half_comes_back_to_no_machine(
    internet: Network, private: Network, project: Project, partition: Partition
) -> None:
    ipv4, ipv6 = addresses.allocate(internet, project=project, type="static")
    addresses.release(ipv6)
    event = last("release")
    joined = [Attachment(network=private), Attachment(network=internet, ips=[ipv4.address])]
    machine = machines.allocate(project=project, partition=partition, networks=joined)
    with pytest.raises(errors.ChangedSince, match=f"{ipv4} of the same allocation belongs to machine {machine.pk}"):
        undoing.undo(event)


def test_address_that_was_imported_again_is_there(internet: Network, project: Project) -> None:
    (one,) = addresses.allocate(internet, project=project, families=[IPV4])
    addresses.release(one)
    event = last("release")
    address_batches.take([Named(address=ip("203.0.113.222"), network=internet, project=project, id=one.pk)])
    with pytest.raises(errors.ChangedSince, match=r"203\.0\.113\.222"):
        undoing.undo(event)


def test_half_that_was_joined_to_another_is_still_given_back(internet: Network, project: Project) -> None:
    (ipv4,) = addresses.allocate(internet, project=project, families=[IPV4], name="web")
    (ipv6,) = addresses.allocate(internet, project=project, families=[IPV6], name="web")
    event = last("allocate")
    allocations.join([ipv4.pk, ipv6.pk])
    undoing.undo(event)
    assert IPAddress.objects.get() == ipv4


def test_released_address_whose_prefix_has_gone_says_so(internet: Network, project: Project) -> None:
    networks.add_prefix(internet, *cidrs("192.0.2.0/24"))
    (one,) = addresses.allocate(internet, project=project, addresses=[ip("192.0.2.7")])
    addresses.release(one)
    event = last("release")
    networks.remove_prefix(internet, *cidrs("192.0.2.0/24"))
    with pytest.raises(errors.ChangedSince):
        undoing.undo(event)
    networks.add_prefix(internet, *cidrs("192.0.2.0/25"))
    undoing.undo(event)
    assert IPAddress.objects.get().pk == one.pk
    assert faults() == []


def test_released_address_whose_network_has_gone_says_so(tenants: Network, project: Project) -> None:
    home = networks.create(child(parent=tenants, project=project))
    addresses.release_many(addresses.allocate(home, project=project))
    event = last("release")
    networks.delete(home)
    with pytest.raises(errors.ChangedSince, match=f"network {home.pk} has gone"):
        undoing.undo(event)


@pytest.mark.parametrize("by", ["address", "machine", "cluster", "delete", "family"])
def test_child_that_is_in_use_or_another_by_now_stays(
    by: str, tenants: Network, project: Project, partition: Partition
) -> None:
    lengths = {IPV4: 22} if by == "family" else {}
    home = networks.create(child(parent=tenants, project=project, length=lengths))
    event = last("carve")
    if by == "address":
        addresses.allocate(home, project=project)
    elif by == "machine":
        machines.allocate(project=project, partition=partition, networks=[Attachment(network=home)])
    elif by == "cluster":
        lifecycle.create(NewCluster(name="web", project=project, network=home, wanted_nodes=4))
    elif by == "delete":
        networks.delete(home)
    else:
        children.add_family(home, IPV6)
    before = Network.objects.filter(pk=home.pk).count()
    with pytest.raises(errors.ChangedSince, match=home.pk):
        undoing.undo(event)
    assert Network.objects.filter(pk=home.pk).count() == before


# --- who may, and what is forgotten ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "end"),
    [("owner", "done"), ("editor", "done"), ("viewer", "permission_denied"), (None, "not_found")],
)
@pytest.mark.parametrize("verb", ["allocate", "release", "carve"])
def test_who_may_do_the_inverse_may_undo(
    verb: str, role: str | None, end: str, internet: Network, tenants: Network, project: Project, stranger: Project
) -> None:
    somebody = User.objects.create_user("somebody")
    members.grant(somebody, role or "owner", project=project if role else stranger)
    if verb == "carve":
        networks.create(child(parent=tenants, project=project))
    else:
        held = addresses.allocate(internet, project=project)
        if verb == "release":
            addresses.release_many(held)
    with as_user(somebody):
        assert clients.outcome(partial(undo, verb)) == end


def test_who_may_not_is_told_so_before_it_is_judged(internet: Network, project: Project) -> None:
    claims.claim(internet, project=project, name="vip")
    viewer = User.objects.create_user("viewer")
    members.grant(viewer, "viewer", project=project)
    with as_user(viewer), pytest.raises(errors.PermissionDenied):
        undoing.undo(Event.objects.get(kind="claim").pk)


def test_address_of_the_underlay_is_restored_by_operators(underlay: Network, project: Project) -> None:
    addresses.release_many(addresses.allocate(underlay, project=project))
    alice = User.objects.create_user("alice")
    members.grant(alice, "owner", project=project)
    with as_user(alice), pytest.raises(errors.PermissionDenied):
        undo("release")
    undo("release")
    assert IPAddress.objects.count() == 1


def test_what_was_kept_is_forgotten_when_it_is_of_no_use(internet: Network, project: Project) -> None:
    held = addresses.allocate(internet, project=project)
    addresses.release_many(held)
    event = Event.objects.get(verb="release")
    pruning.forget_kept(timezone.now())
    assert event.kept
    event.refresh_from_db()
    assert len(event.kept) == 2
    pruning.forget_kept(timezone.now() + timedelta(seconds=601))
    event.refresh_from_db()
    assert event.kept is None


def test_undone_release_keeps_nothing(internet: Network, project: Project) -> None:
    addresses.release_many(addresses.allocate(internet, project=project))
    undone = undo("release").undone
    assert Event.objects.get(pk=undone.pk).kept is None


def test_lists_of_events_do_not_load_what_is_kept(internet: Network, project: Project) -> None:
    addresses.release_many(addresses.allocate(internet, project=project))
    assert all("kept" in event.get_deferred_fields() for event in Event.objects.all())


def test_newest_is_what_this_request_has_done(internet: Network, project: Project, operator: User) -> None:
    addresses.allocate(internet, project=project)
    with context.system(), as_user(operator):
        assert undoing.newest() is None
        addresses.allocate(internet, project=project)
        assert undoing.newest() == Event.objects.latest("pk")
