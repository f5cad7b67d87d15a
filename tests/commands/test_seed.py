from collections.abc import Callable

import pytest
from django.core.management.base import CommandError

from ipam.domain.core.operations import dry_run
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks
from ipam.domain.space import number_pools
from ipam.models import IPAddress, Machine, Network, Partition, Prefix
from tests.builders import child

Run = Callable[..., str]
SIZES = [(4, 10, 20), (40, 100, 2000), (60, 400, 300)]


def seed(run: Run, networks: int, prefixes: int, addresses: int, *more: str) -> str:
    return run("seed", f"--networks={networks}", f"--prefixes={prefixes}", f"--addresses={addresses}", *more)


@pytest.mark.parametrize("size", SIZES)
def test_there_are_exactly_as_many_as_asked_for(run: Run, size: tuple[int, int, int]) -> None:
    seed(run, *size)
    assert (Network.objects.count(), Prefix.objects.count(), IPAddress.objects.count()) == size


@pytest.mark.parametrize("size", SIZES)
def test_the_doctor_finds_nothing_wrong(run: Run, size: tuple[int, int, int]) -> None:
    seed(run, *size)
    assert list(doctor.examine()) == []


def test_the_same_seed_gives_the_same_cloud(run: Run) -> None:
    def addresses_of_cloud(number: int) -> list[tuple[object, ...]]:
        with dry_run():
            seed(run, 20, 60, 300, f"--seed={number}")
            return list(IPAddress.objects.values_list("id", "address", "network", "name", "type"))

    first, again, other = map(addresses_of_cloud, [1, 1, 2])
    assert first == again
    assert first != other


def test_a_cloud_has_every_type_of_network(run: Run) -> None:
    seed(run, 40, 100, 2000)
    assert set(Network.objects.values_list("type", flat=True)) == {
        "external",
        "underlay",
        "super",
        "super-namespaced",
        "child",
        "child-shared",
    }


def test_the_operations_go_on_where_the_seed_ended(run: Run) -> None:
    seed(run, 40, 100, 2000)
    parent = Network.objects.get(pk="tenant-super-fra-1")
    some = Machine.objects.select_related("project").first()
    assert some is not None
    private = networks.create(child(parent=parent, project=some.project))
    addresses.allocate(private, project=some.project, count=5)
    number_pools.acquire(number_pools.Pool.ASN)
    findings = [finding.sentence for finding in doctor.examine()]
    assert findings == [f"ASN pool: {Machine.objects.count() + 1} is neither free nor taken."]


def test_an_installation_in_use_is_refused(run: Run, partition: Partition) -> None:
    with pytest.raises(CommandError, match="not empty"):
        seed(run, 40, 100, 2000)


def test_too_few_prefixes_are_refused_and_nothing_is_kept(run: Run) -> None:
    with pytest.raises(CommandError, match="need at least"):
        seed(run, 40, 10, 100)
    assert Partition.objects.count() == 0


def test_more_addresses_than_fit_are_refused_and_nothing_is_kept(run: Run) -> None:
    with pytest.raises(CommandError, match="do not fit"):
        seed(run, 4, 10, 1_000_000)
    assert Partition.objects.count() == 0
