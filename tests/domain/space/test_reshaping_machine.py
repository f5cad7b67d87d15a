"""Any sequence of resizing, splitting and merging beside all else, against a naive model: sets of addresses."""

import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from netaddr import IPAddress as Address
from netaddr import IPNetwork, IPSet

from ipam import errors
from ipam.addressing import reserved_addresses
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks, projects, quota_limits, ranges, resizing, splitting
from ipam.domain.networks.ranges import Bounds
from ipam.domain.space import utilization
from ipam.models import AddressRange, FreeBlock, IPAddress, Network, Prefix, Quota, SetAsideBlock
from tests.builders import IPV4, child, cidrs, external, namespaced, super_network

OWNER = uuid.UUID(int=1)


class Space(RuleBasedStateMachine):
    """An external network that gives addresses, a super and a namespaced super that give children, a neighbour."""

    def __init__(self) -> None:
        super().__init__()
        self.owner = projects.create(id=OWNER)
        self.pool = networks.create(external(id="pool", prefixes=cidrs("192.0.2.0/28"), destination_prefixes=()))
        networks.create(external(id="beside", vrf=8, prefixes=cidrs("192.0.2.64/27"), destination_prefixes=()))
        lengths = {IPV4: 30}
        self.supers = [
            networks.create(super_network(prefixes=cidrs("10.0.0.0/27"), default_child_prefix_length=lengths)),
            networks.create(namespaced(prefixes=cidrs("100.64.0.0/27"), default_child_prefix_length=lengths)),
        ]
        self.limit = quota_limits.create(project=self.owner, address_family=IPV4, resource="space", limit=10**9)
        self.held: dict[Address, IPAddress] = {}

    def prefixes(self) -> list[Prefix]:
        return list(Prefix.objects.exclude(network="beside").select_related("network").order_by("first", "length"))

    def one(self, place: int) -> Prefix:
        known = self.prefixes()
        return known[place % len(known)]

    def usable(self, prefix: Prefix) -> set[Address]:
        reserved = [] if prefix.network.is_super or not prefix.reserve_ends else reserved_addresses(prefix.cidr)
        return {one for one in prefix.cidr if one not in reserved}

    @rule(where=st.integers(0, 5), count=st.sampled_from([1, 1, 2, 5]))
    def allocate(self, where: int, count: int) -> None:
        network = self.giving(where)
        free = {one for row in FreeBlock.objects.filter(network=network) for one in row.cidr}
        request = partial(addresses.allocate, network, project=self.owner, count=count)
        if len(free) < count:
            with pytest.raises(errors.Exhausted):
                self.attempt(request)
        else:
            self.held |= {one.address: one for one in request()}

    def giving(self, where: int) -> Network:
        known = [self.pool, *Network.objects.filter(type="child").order_by("prefixes__first").distinct()]
        return Network.objects.get(pk=known[where % len(known)].pk)

    @rule(places=st.lists(st.integers(0, 31), min_size=1, max_size=6))
    def release(self, places: list[int]) -> None:
        known = sorted(self.held)
        gone = {known[place] for place in places if place < len(known)}
        addresses.release_many([self.held.pop(one) for one in sorted(gone)])

    @rule(which=st.sampled_from([0, 0, 1]), length=st.integers(29, 32))
    def carve(self, which: int, length: int) -> None:
        wanted = child(parent=self.supers[which], project=self.owner, length={IPV4: length})
        try:
            self.attempt(partial(networks.create, wanted))
        except (errors.Exhausted, errors.ChildPrefixLengthTooShort):
            return

    @rule(place=st.integers(0, 15))
    def remove_child(self, place: int) -> None:
        children = list(Network.objects.filter(type="child", addresses=None).order_by("created_at"))
        if children:
            networks.delete(children[place % len(children)])

    @rule(place=st.integers(0, 20), first=st.integers(0, 31), size=st.integers(1, 9))
    def lay(self, place: int, first: int, size: int) -> None:
        prefix = self.one(place)
        begin = prefix.first.value + first % prefix.cidr.size
        end = min(begin + size - 1, prefix.last.value)
        bounds = Bounds(first=Address(begin, 4), last=Address(end, 4))
        try:
            self.attempt(partial(ranges.create, prefix.network, bounds))
        except errors.Overlap:
            return

    @rule(place=st.integers(0, 7))
    def take_away(self, place: int) -> None:
        if known := list(AddressRange.objects.order_by("first")):
            ranges.delete(known[place % len(known)])

    @rule(place=st.integers(0, 20), hours=st.sampled_from([{}, {IPV4: 1.0}]))
    def cool(self, place: int, hours: dict[Any, float]) -> None:
        networks.update(self.one(place).network, quarantine=hours)

    @rule(place=st.integers(0, 20), length=st.integers(26, 32), last=st.booleans())
    def resize(self, place: int, length: int, last: bool) -> None:
        prefix = self.one(place)
        others = prefix.cidr.supernet(length)[:1] if length < prefix.length else prefix.cidr.subnet(length)
        wanted = list(others)[-1 if last else 0]
        expected = self.may_be(prefix, wanted)
        try:
            self.attempt(partial(resizing.resize, prefix, wanted))
        except errors.IpamError as refusal:
            assert not expected, (prefix, wanted, refusal.detail)  # noqa: PT017  either is right, by the model
            self.nearest_works(prefix, wanted, refusal)
        else:
            assert expected is not False, (prefix, wanted)
            assert Prefix.objects.get(pk=prefix.pk).cidr == wanted

    def nearest_works(self, prefix: Prefix, wanted: IPNetwork, refusal: errors.IpamError) -> None:
        """What a refusal offers is between the two, and is not refused."""
        nearest = IPNetwork(refusal.errors[0].nearest)
        assert (wanted in nearest and nearest in prefix.cidr) or (prefix.cidr in nearest and nearest in wanted)
        with transaction.atomic():
            resizing.resize(prefix, nearest)
            transaction.set_rollback(True)

    def may_be(self, prefix: Prefix, wanted: IPNetwork) -> bool | None:
        """Whether a prefix may become that; None where rules say that are none of this model's."""
        network = prefix.network
        inner = [one.cidr for one in prefix.children.all()]
        if wanted == prefix.cidr:
            return True
        ends = set() if network.is_super else set(reserved_addresses(wanted))
        mine = {one for one in self.held if one in prefix.cidr} if not network.is_super else set()
        if mine & ends or any(one not in wanted for one in mine):
            return False
        if any(cidr not in wanted or cidr == wanted for cidr in inner):
            return False
        if wanted in prefix.cidr:
            if any(one.last < wanted.first or one.first > wanted.last for one in self.bounds(prefix)):
                return False
            return None if network.is_super and wanted.prefixlen >= 30 else True
        around = prefix.parent.cidr if prefix.parent else IPNetwork("0.0.0.0/0")
        if wanted not in around:
            return False
        others = Prefix.objects.filter(parent=prefix.parent_id, namespace=prefix.namespace_id).exclude(pk=prefix.pk)
        if any(one.cidr in wanted or wanted in one.cidr for one in others):
            return False
        if prefix.parent_id:
            if any(one.last >= wanted.first and one.first <= wanted.last for one in self.bounds(prefix.parent)):
                return None
            if wanted == around:
                return False
        return True

    @staticmethod
    def bounds(prefix: Any) -> Iterable[Any]:
        rows = AddressRange.objects.filter(prefix=prefix)
        return [type("Span", (), {"first": one.first.value, "last": one.last.value}) for one in rows]

    @rule(place=st.integers(0, 20), more=st.integers(1, 3))
    def split(self, place: int, more: int) -> None:
        prefix = self.one(place)
        length, space = prefix.length + more, self.usable(prefix)
        if length > 32:
            return
        parts = list(prefix.cidr.subnet(length))
        ends = set() if prefix.network.is_super else {end for part in parts for end in reserved_addresses(part)}
        inner = [one.cidr for one in prefix.children.all()]
        mine = set() if prefix.network.is_super else {one for one in self.held if one in prefix.cidr}
        fits = not (mine & ends) and all(one.prefixlen > length for one in inner)
        fits = fits and not (prefix.network.is_super and length >= 30)
        try:
            made = self.attempt(partial(splitting.split, prefix, length))
        except errors.IpamError:
            assert not fits, (prefix, length)
        else:
            assert fits
            assert [one.cidr for one in made] == parts
            assert set().union(*map(self.usable, made)) >= space - ends

    @rule(place=st.integers(0, 20))
    def merge(self, place: int) -> None:
        prefix = self.one(place)
        whole = prefix.cidr.supernet(prefix.length - 1)[0]
        known = {one.cidr for one in self.prefixes() if (one.network_id, one.parent_id) == (
            prefix.network_id, prefix.parent_id)}  # fmt: skip
        fits = all(half in known for half in whole.subnet(prefix.length))
        ends = set() if prefix.network.is_super else set(reserved_addresses(whole))
        fits = fits and not ends & set(self.held) and not (prefix.parent and prefix.parent.cidr == whole)
        try:
            made = self.attempt(partial(splitting.merge, prefix))
        except errors.IpamError as refusal:
            assert not fits, (prefix, refusal.detail)  # noqa: PT017  either is right, by the model
        else:
            assert fits
            assert made.cidr == whole

    @staticmethod
    def attempt(request: Any) -> Any:
        with transaction.atomic():
            return request()

    @invariant()
    def doctor_finds_nothing(self) -> None:
        assert [one.sentence for one in doctor.examine()] == []

    @invariant()
    def addresses_and_ranges_lie_in_their_prefixes(self) -> None:
        rows = IPAddress.objects.select_related("prefix")
        assert {one.address: one.address in one.prefix.cidr for one in rows} == dict.fromkeys(self.held, True)
        for one in AddressRange.objects.select_related("prefix"):
            assert one.first in one.prefix.cidr
            assert one.last in one.prefix.cidr
        assert all(one.cidr in one.parent.cidr for one in Prefix.objects.exclude(parent=None).select_related("parent"))

    @invariant()
    def sums_are_exact(self) -> None:
        self.limit = Quota.objects.get()
        carved = Prefix.objects.exclude(parent=None)
        assert self.limit.used == sum(one.cidr.size for one in carved)
        for prefix in self.prefixes():
            use = utilization.of_prefixes([prefix])[prefix.pk]
            assert use.total_ips == prefix.cidr.size
            if not prefix.network.is_namespaced:
                assert use.available_ips == sum(one.cidr.size for one in FreeBlock.objects.filter(prefix=prefix))
                inner = sum(one.cidr.size for one in prefix.children.all())
                assert use.used_ips == inner + prefix.addresses.count()
                kept = IPSet([one.cidr for one in SetAsideBlock.objects.filter(prefix=prefix)]).size
                ends = prefix.cidr.size - len(self.usable(prefix))
                assert use.total_ips == use.available_ips + use.used_ips + kept + ends


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
def test_any_sequence_with_resizing_splitting_and_merging_keeps_the_space_exact() -> None:
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
