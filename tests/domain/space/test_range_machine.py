"""Any sequence of operations with ranges and quarantines, against a naive model: a state for each address."""

import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from netaddr import IPAddress as Address
from netaddr import IPNetwork, IPSet

from ipam import errors
from ipam.addressing import block, reserved_addresses
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, projects, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.domain.space import cooling, utilization
from ipam.models import AddressRange, FreeBlock, IPAddress, Network, SetAsideBlock
from tests.builders import IPV4, child, cidrs, external, super_network

FIRST, SECOND = cidrs("192.0.2.0/28", "192.0.3.0/29")
SPACE = cidrs("10.0.0.0/27")[0]
PROJECTS = [uuid.UUID(int=number) for number in (1, 2)]
BY_NAME = AddressRange.Use.BY_NAME
HOURS = timedelta(hours=24)


class Space(RuleBasedStateMachine):
    """An external network that gives addresses, and a super that gives /30s."""

    def __init__(self) -> None:
        super().__init__()
        self.projects = [projects.create(id=key) for key in PROJECTS]
        self.pool = networks.create(external(id="pool", prefixes=[FIRST], destination_prefixes=()))
        self.tenants = networks.create(super_network(prefixes=[SPACE], default_child_prefix_length={IPV4: 30}))
        self.usable = [one for one in FIRST if one not in reserved_addresses(FIRST)]
        self.held: dict[Address, IPAddress] = {}
        self.cooling: dict[Address, int] = {}  # which of the projects had it last
        self.ranges: list[AddressRange] = []
        self.quarantine = self.is_strict = False
        self.children: dict[IPNetwork, Network] = {}

    def range_of(self, address: Address) -> AddressRange | None:
        return next((one for one in self.ranges if one.first <= address <= one.last), None)

    def prefixes(self) -> list[IPNetwork]:
        return [cidr for cidr in (FIRST, SECOND) if Address(cidr.first + 1) in self.usable]

    def free(self) -> list[Address]:
        return [
            one
            for one in self.usable
            if one not in self.held and one not in self.cooling and self.range_of(one) is None
        ]

    @rule(who=st.sampled_from([0, 1]), count=st.sampled_from([1, 1, 3]))
    def allocate(self, who: int, count: int) -> None:
        free = self.free()
        request = partial(addresses.allocate, self.pool, project=self.projects[who], count=count)
        if len(free) >= count:
            assert [one.address for one in self.keep(request())] == free[:count]
        elif len(free) + len(self.cooling) < count or (self.is_strict and self.cooling):
            with pytest.raises(errors.Exhausted):
                self.attempt(request)
        else:
            given = {one.address for one in self.keep(request())}
            assert given >= set(free)
            self.cooling = {one: last for one, last in self.cooling.items() if one not in given}

    @rule(who=st.sampled_from([0, 1]), place=st.integers(0, 23))
    def name(self, who: int, place: int) -> None:
        wanted = [*FIRST, *SECOND][place]
        request = partial(addresses.allocate, self.pool, project=self.projects[who], addresses=[wanted])
        held_by = self.range_of(wanted)
        refusal: type[errors.IpamError] | None = None
        if wanted not in self.usable:
            refusal = errors.ReservedAddress if any(wanted in one for one in self.prefixes()) else errors.NotInPrefix
        elif wanted in self.held:
            refusal = errors.AlreadyAllocated
        elif held_by is not None and (held_by.use != BY_NAME or held_by.project not in (None, self.projects[who])):
            refusal = errors.InRange
        elif self.cooling.get(wanted, who) != who:
            refusal = errors.Cooling
        if refusal is None:
            self.keep(request())
            self.cooling.pop(wanted, None)
        else:
            with pytest.raises(refusal):
                self.attempt(request)

    @rule(places=st.lists(st.integers(0, 15), min_size=1, max_size=4), one_by_one=st.booleans())
    def release(self, places: list[int], one_by_one: bool) -> None:
        known = sorted(self.held)
        gone = [self.held.pop(one) for one in {known[place] for place in places if place < len(known)}]
        for row in gone if one_by_one else ():
            addresses.release(row)
        if not one_by_one:
            addresses.release_many(gone)
        for row in gone if self.quarantine else ():
            if self.range_of(row.address) is None:
                self.cooling[row.address] = PROJECTS.index(row.project_id)

    @rule(
        first=st.integers(0, 23),
        size=st.integers(1, 9),
        use=st.sampled_from([*AddressRange.Use, BY_NAME]),
        owner=st.sampled_from([None, 0]),
    )
    def lay(self, first: int, size: int, use: str, owner: int | None) -> None:
        every = [*FIRST, *SECOND][first : first + size]
        project = self.projects[owner] if owner is not None and use == BY_NAME else None
        request = partial(ranges.create, self.pool, Bounds(first=every[0], last=every[-1]), use=use, project=project)
        if not any(every[0] in cidr and every[-1] in cidr for cidr in self.prefixes()):
            with pytest.raises(errors.NotInPrefix):
                self.attempt(request)
        elif any(self.range_of(one) for one in every):
            with pytest.raises(errors.Overlap):
                self.attempt(request)
        else:
            self.ranges.append(request())
            self.cooling = {one: last for one, last in self.cooling.items() if one not in every}

    @rule(place=st.integers(0, 7))
    def take_away(self, place: int) -> None:
        if self.ranges:
            ranges.delete(self.ranges.pop(place % len(self.ranges)))

    @rule()
    def add_prefix(self) -> None:
        if Address(SECOND.first + 1) not in self.usable:
            networks.add_prefix(self.pool, SECOND)
            self.usable += [one for one in SECOND if one not in reserved_addresses(SECOND)]

    @rule(is_on=st.booleans(), is_strict=st.booleans())
    def change_quarantine(self, is_on: bool, is_strict: bool) -> None:
        for network in (self.pool, self.tenants):
            quarantine = {IPV4: 24.0} if is_on else {}
            networks.update(network, quarantine=quarantine, quarantine_strict=is_strict)
        self.quarantine, self.is_strict = is_on, is_strict
        self.cooling = self.cooling if is_on else {}

    @rule()
    def let_time_pass(self) -> None:
        SetAsideBlock.objects.filter(until__isnull=False).update(until=F("until") - 2 * HOURS)
        cooling.expire()
        self.cooling = {}

    @rule(size=st.sampled_from([1, 4, 6]), place=st.integers(0, 26))
    def lay_over_children(self, size: int, place: int) -> None:
        first = Address(SPACE.first + place)
        with pytest.raises(errors.Overlap) if self.reserved_in_tenants(first, size) else transaction.atomic():
            self.attempt(partial(ranges.create, self.tenants, Bounds(first=first, last=first + size - 1)))

    def reserved_in_tenants(self, first: Address, size: int) -> bool:
        return AddressRange.objects.filter(network=self.tenants, first__lte=first + size - 1, last__gte=first).exists()

    @rule()
    def carve(self) -> None:
        """Never out of a range, and best fit in what is free."""
        kept = IPSet()
        for one in AddressRange.objects.filter(network=self.tenants):
            kept |= IPSet([Address(value) for value in range(one.first.value, one.last.value + 1)])
        for one in SetAsideBlock.objects.filter(network=self.tenants, until__isnull=False):
            kept |= IPSet([one.cidr])
        free = (IPSet([SPACE]) - kept - IPSet(self.children)).iter_cidrs()
        fits = [cidr for cidr in free if cidr.prefixlen <= 30]
        best = min(fits, key=lambda cidr: (-cidr.prefixlen, cidr.first), default=None)
        request = partial(networks.create, child(parent=self.tenants, project=self.projects[0]))
        if best is None and SetAsideBlock.objects.filter(network=self.tenants, until__isnull=False).exists():
            return
        if best is None:
            with pytest.raises(errors.Exhausted):
                self.attempt(request)
            return
        made = request()
        assert [one.cidr for one in made.known_prefixes] == [block(IPV4, best.first, 30)]
        self.children[made.known_prefixes[0].cidr] = made

    @rule(place=st.integers(0, 7))
    def remove_child(self, place: int) -> None:
        if self.children:
            networks.delete(self.children.pop(sorted(self.children)[place % len(self.children)]))

    def keep(self, rows: list[IPAddress]) -> list[IPAddress]:
        self.held |= {one.address: one for one in rows}
        return rows

    @staticmethod
    def attempt(request: Any) -> Any:
        with transaction.atomic():
            return request()

    @invariant()
    def doctor_finds_nothing(self) -> None:
        assert [one.sentence for one in doctor.examine()] == []

    @invariant()
    def every_address_is_exactly_what_the_model_says(self) -> None:
        free = {one for row in FreeBlock.objects.filter(network=self.pool) for one in row.cidr}
        mine = SetAsideBlock.objects.filter(network=self.pool)
        kept = {one for row in mine.filter(range__isnull=False) for one in row.cidr}
        assert free == set(self.free())
        assert {one for row in mine.filter(range=None) for one in row.cidr} == set(self.cooling)
        assert kept == {one for one in self.usable if one not in self.held and self.range_of(one)}
        (use,) = utilization.of_network(self.pool)
        assert (use.used_ips, use.cooling_ips, use.available_ips) == (len(self.held), len(self.cooling), len(free))


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
def test_any_sequence_with_ranges_and_quarantines_keeps_the_space_exact() -> None:
    thorough = settings().max_examples > 1000
    run_state_machine_as_test(
        OneRun,
        settings=settings(
            max_examples=settings().max_examples // 5,  # each is a whole story
            stateful_step_count=50 if thorough else 30,
            suppress_health_check=list(HealthCheck),
            phases=list(Phase) if thorough else [Phase.generate],  # shrinking takes minutes
        ),
    )
