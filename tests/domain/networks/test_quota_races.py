"""Counters of quotas are what the rows say: after whatever happens, and however many clients there are."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam import errors
from ipam.domain.core.operations import dry_run
from ipam.domain.networks import (
    address_batches,
    addresses,
    children,
    claims,
    completion,
    machines,
    networks,
    quota_limits,
)
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Claim, IPAddress, Machine, Network, Partition, Project, Quota
from tests.builders import IPV4, IPV6, child, cidrs, external, ip
from tests.domain import clients
from tests.domain.crowd import in_processes

FAMILIES: list[Any] = [[], [IPV4], [IPV6]]


def wide(**changes: Any) -> Network:
    prefixes = cidrs("198.18.0.0/22", "2001:db8:18::/64")
    return networks.create(external(id="wide", prefixes=prefixes, destination_prefixes=(), **changes))


def counted(**about: Any) -> list[tuple[int, int]]:
    """What each counter says, and the rows."""
    return [(quota.used, quota_limits.count(quota)) for quota in Quota.objects.filter(**about).order_by("family")]


# --- clients --------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_sixteen_clients_fill_a_quota_in_pairs_to_exactly_its_last_unit(project: Project) -> None:
    network = wide()
    for family, most in ((IPV4, 50), (IPV6, 51)):
        quota_limits.create(project=project, address_family=family, resource="addresses", limit=most)
    taken = in_processes([partial(clients.fill_quota, network.pk, project.pk)] * 16)
    assert sum(taken) == 50
    assert counted() == [(50, 50), (50, 50)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("releases", [False, True], ids=["allocate", "allocate and release"])
def test_quota_that_is_set_while_eight_allocate_has_counted_all_of_them(project: Project, releases: bool) -> None:
    network = wide()
    work = partial(clients.mix, network.pk, project.pk, steps=12) if releases else None
    tasks: list[Callable[[], Any]] = [
        partial(work, seed=seed) if work else partial(clients.allocate_times, network.pk, project.pk, 12)
        for seed in range(8)
    ]
    in_processes([*tasks, partial(clients.limit_all, project.pk, [None, network.pk])])
    assert [used - count for used, count in counted()] == [0] * 4
    assert IPAddress.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_children_are_carved_to_exactly_the_quota_of_space(tenants: Network, project: Project) -> None:
    for resource, most in (("space", 20 * 1024 + 1023), ("networks", 30)):
        quota_limits.create(project=project, address_family=IPV4, resource=resource, limit=most)
    made = in_processes([partial(clients.carve_quota, tenants.pk, project.pk)] * 8)
    assert sum(made) == 20
    assert counted(resource="space") == [(20 * 1024, 20 * 1024)]
    assert counted(resource="networks") == [(20, 20)]


# --- any mix of operations ------------------------------------------------------------------------
class Mix:
    """An installation with a quota of each kind, and what can happen in it; each step chooses by its own numbers."""

    def __init__(self, project: Project, tenants: Network, partition: Partition, limits: list[int]) -> None:
        self.project, self.tenants, self.partition = project, tenants, partition
        self.network, self.home = wide(), networks.create(child(parent=tenants, project=project))
        places = [("addresses", None), ("addresses", self.network), ("networks", None), ("space", tenants)]
        for (resource, where), most in zip(places, limits, strict=True):
            for family in (IPV4, IPV6):
                quota_limits.create(
                    project=project, network=where, address_family=family, resource=resource,
                    limit=most << 32 if resource == "space" else most,
                )  # fmt: skip

    def allocate(self, rng: random.Random) -> object:
        return addresses.allocate(
            self.network, project=self.project, families=rng.choice(FAMILIES), count=rng.randint(1, 3)
        )

    def release(self, rng: random.Random) -> None:
        addresses.release_many(list(IPAddress.objects.filter(machine=None)[: rng.randint(1, 4)]))

    def release_one(self, rng: random.Random) -> None:
        for one in IPAddress.objects.filter(machine=None)[:1]:
            rng.choice([addresses.release, lambda found: addresses.release_allocation(found.allocation)])(one)

    def batch(self, rng: random.Random) -> object:
        texts = [f"198.18.{rng.randint(0, 3)}.{rng.randint(1, 9)}" for _ in range(4)]
        return address_batches.take(
            [Named(address=ip(one), network=self.network, project=self.project) for one in texts]
        )

    def complete(self, rng: random.Random) -> object:
        return completion.complete(self.network, rng.choice([IPV4, IPV6]), limit=rng.randint(1, 3))

    def claim(self, rng: random.Random) -> object:
        return claims.claim(self.network, project=self.project, name=rng.choice("abc"))

    def release_claim(self, rng: random.Random) -> None:
        for claim in Claim.objects.all()[:1]:
            claims.release(claim)

    def machine(self, rng: random.Random) -> object:
        joined = [Attachment(network=self.home), Attachment(network=self.network)]
        return machines.allocate(project=self.project, partition=self.partition, networks=joined)

    def release_machine(self, rng: random.Random) -> None:
        for machine in Machine.objects.all()[:1]:
            machines.release(machine)

    def carve(self, rng: random.Random) -> object:
        return networks.create(
            child(parent=self.tenants, project=self.project, address_family=rng.choice([[IPV4], [IPV6], [IPV4, IPV6]]))
        )

    def add_family(self, rng: random.Random) -> None:
        for one in Network.objects.filter(parent=self.tenants).exclude(pk=self.home.pk)[:1]:
            children.add_family(one, rng.choice([IPV4, IPV6]))

    def delete(self, rng: random.Random) -> None:
        for one in Network.objects.filter(parent=self.tenants).exclude(pk=self.home.pk)[:1]:
            networks.delete(one)


STEPS = [name for name in vars(Mix) if not name.startswith("_")]


@given(
    steps=st.lists(st.sampled_from(STEPS), min_size=5, max_size=25),
    limits=st.lists(st.integers(1, 12), min_size=4, max_size=4),
    seed=st.integers(0, 99),
)
def test_counters_say_what_is_there_after_any_mix_of_operations(
    project: Project, tenants: Network, partition: Partition, steps: list[str], limits: list[int], seed: int
) -> None:
    rng = random.Random(seed)
    with dry_run():
        mix = Mix(project, tenants, partition, limits)
        for step in steps:
            before = IPAddress.objects.count()
            try:
                getattr(mix, step)(rng)
            except errors.IpamError:
                assert IPAddress.objects.count() == before
            assert [used - count for used, count in counted()] == [0] * 8, step
            over = [quota for quota in Quota.objects.all() if quota.used > quota.limit and quota.resource != "space"]
            assert not over, step
