"""Any sequence of operations, against a naive model: sets of addresses and of child prefixes."""

import uuid
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from netaddr import IPNetwork, IPSet

from ipam import errors
from ipam.addressing import Family, block, reserved_addresses
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, projects
from ipam.domain.undo import undoing
from ipam.models import Event, IPAddress, Network, Tenure
from tests.builders import IPV4, IPV6, child, cidrs, external, namespaced, prefixes_of, super_network
from tests.domain.proof import misstated_free_space

POOL = ["192.0.2.0/28", "2001:db8:2::/125", "192.0.3.0/31"]
SUPERS = [["10.0.0.0/28", "2001:db8:3::/60"], ["100.64.0.0/29", "2001:db8:64::/62"]]
PROJECTS = [uuid.UUID(int=number) for number in (1, 2)]


class Space(RuleBasedStateMachine):
    """An external network that gives addresses, a super and a namespaced super that give children."""

    def __init__(self) -> None:
        super().__init__()
        self.projects = [projects.create(id=key) for key in PROJECTS]
        self.pool = networks.create(external(id="pool", prefixes=cidrs(*POOL), destination_prefixes=()))
        self.supers = [
            networks.create(make(prefixes=cidrs(*prefixes), default_child_prefix_length={IPV4: 30, IPV6: 64}))
            for make, prefixes in zip([super_network, namespaced], SUPERS, strict=True)
        ]
        self.usable = [
            address
            for cidr in sorted(cidrs(*POOL), key=lambda cidr: (cidr.version, POOL.index(str(cidr))))
            for address in cidr
            if address not in reserved_addresses(cidr)
        ]
        self.taken: dict[Any, IPAddress] = {}
        self.children: dict[str, tuple[Network, object, list[IPNetwork]]] = {}

    def free(self, family: Family) -> list[Any]:
        return [one for one in self.usable if one.version == family and one not in self.taken]

    @rule(
        families=st.sampled_from([(), (IPV4,), (IPV6,), (IPV4, IPV6)]),
        count=st.sampled_from([1, 1, 2, 5]),
        who=st.sampled_from([0, 1]),
    )
    def allocate(self, families: tuple[Family, ...], count: int, who: int) -> None:
        expected = {family: self.free(family)[:count] for family in families or Family}
        full = [family for family, free in expected.items() if len(free) < count]
        request = partial(addresses.allocate, self.pool, project=self.projects[who], families=families, count=count)
        if full:
            with pytest.raises(errors.Exhausted, match=f"^{full[0].label}"):
                request()
            return
        found = request()
        by_family = {family: [one.address for one in found if one.family == family] for family in expected}
        assert by_family == expected
        self.taken |= {one.address: one for one in found}

    @rule(place=st.integers(0, 2**7 - 1))
    def take_named(self, place: int) -> None:
        everything = [address for cidr in cidrs(*POOL) for address in cidr]
        wanted = everything[place % len(everything)]
        request = partial(addresses.allocate, self.pool, project=self.projects[0], addresses=[wanted])
        if wanted in self.taken:
            with pytest.raises(errors.AlreadyAllocated):
                request()
        elif wanted not in self.usable:
            with pytest.raises(errors.ReservedAddress):
                request()
        else:
            (self.taken[wanted],) = request()

    @rule(places=st.lists(st.integers(0, 31), min_size=1, max_size=8))
    def release(self, places: list[int]) -> None:
        held = sorted(self.taken)
        released = {held[place] for place in places if place < len(held)}
        addresses.release_many([self.taken.pop(address) for address in released])

    @rule(
        which=st.sampled_from([0, 1]),
        who=st.sampled_from([0, 1]),
        length=st.one_of(
            st.builds(lambda ipv4: {IPV4: ipv4}, st.integers(30, 32)),
            st.builds(lambda ipv6: {IPV6: ipv6}, st.integers(63, 66)),
            st.builds(lambda ipv4, ipv6: {IPV4: ipv4, IPV6: ipv6}, st.integers(30, 32), st.integers(63, 66)),
        ),
    )
    def carve(self, which: int, who: int, length: dict[Family, int]) -> None:
        parent = self.supers[which]
        copy = (parent.pk, PROJECTS[who] if parent.is_namespaced else None)
        expected = [self.best_fit(which, copy, family, length[family]) for family in length]
        request = partial(networks.create, child(parent=parent, project=self.projects[who], length=length))
        if None in expected:
            with pytest.raises(errors.Exhausted):
                request()
            return
        made = request()
        assert prefixes_of(made) == [str(cidr) for cidr in expected]
        self.children[made.pk] = (made, copy, expected)

    def best_fit(self, which: int, copy: object, family: Family, length: int) -> IPNetwork | None:
        """The start of the smallest free block that is large enough, of those the lowest."""
        whole = next(cidr for cidr in cidrs(*SUPERS[which]) if cidr.version == family)
        taken = [cidr for _, other, held in self.children.values() if other == copy for cidr in held]
        free = (IPSet([whole]) - IPSet(taken)).iter_cidrs()
        fits = [cidr for cidr in free if cidr.version == family and cidr.prefixlen <= length]
        best = min(fits, key=lambda cidr: (-cidr.prefixlen, cidr.first), default=None)
        return best and block(family, best.first, length)

    @rule(place=st.integers(0, 15))
    def remove_child(self, place: int) -> None:
        if self.children:
            key = sorted(self.children)[place % len(self.children)]
            networks.delete(self.children.pop(key)[0])

    @rule(place=st.integers(0, 31))
    def undo(self, place: int) -> None:
        """One of the newest events; what it gave or took is as if it had not happened, or nothing is changed."""
        events = Event.objects.filter(is_undoable=True, undone_by=None, part_of=None).order_by("-pk")[:32]
        if not events:
            return
        event = events[place % len(events)]
        about = self.addresses_of(event)
        try:
            done = undoing.undo(event.pk)
        except (errors.ChangedSince, errors.AlreadyAllocated):
            assert event.verb != "allocate" or Tenure.objects.filter(begun_by=event.pk, until__isnull=False).exists()
            return
        if event.verb == "carve":
            del self.children[event.object_id]
        elif event.verb == "allocate":
            self.taken = {one: held for one, held in self.taken.items() if one not in about}
        else:
            self.taken |= {one.address: one for one in done.addresses}
            assert {one.address for one in done.addresses} == about

    @staticmethod
    def addresses_of(event: Event) -> set[Any]:
        about = Q(begun_by=event.pk) if event.verb == "allocate" else Q(ended_by=event.pk)
        return set(Tenure.objects.filter(about).values_list("address", flat=True))

    @invariant()
    def what_is_held_has_a_tenure_and_nothing_else(self) -> None:
        assert list(doctor.violations_of_tenures()) == []

    @invariant()
    def what_is_stored_is_what_was_given(self) -> None:
        assert set(IPAddress.objects.values_list("address", flat=True)) == set(self.taken)
        assert set(Network.objects.filter(parent__isnull=False).values_list("pk", flat=True)) == set(self.children)

    @invariant()
    def free_and_taken_and_reserved_are_the_prefix_and_free_blocks_are_merged(self) -> None:
        assert misstated_free_space() == []


class OneRun(Space):
    """Starts from nothing: what the run before has stored was rolled back."""

    def __init__(self) -> None:
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        super().__init__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)


@pytest.mark.django_db
def test_any_sequence_of_operations_keeps_the_space_exact() -> None:
    thorough = settings().max_examples > 1000
    run_state_machine_as_test(
        OneRun,
        settings=settings(
            max_examples=settings().max_examples // 5,  # each is a whole story
            stateful_step_count=50 if thorough else 25,
            suppress_health_check=list(HealthCheck),
            phases=list(Phase) if thorough else [Phase.generate],  # shrinking takes minutes
        ),
    )
