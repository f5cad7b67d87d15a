from collections.abc import Callable
from itertools import groupby, pairwise

import pytest
from django.core.management.base import CommandError

from ipam.domain.core.operations import dry_run
from ipam.domain.health import doctor
from ipam.domain.networks import addresses, networks
from ipam.domain.space import number_pools, utilization
from ipam.models import IPAddress, Machine, Network, Partition, Prefix, Sample, Series, Tenure
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


@pytest.mark.parametrize("days", ["-1", "401"])
def test_past_that_is_none_is_refused(run: Run, db: None, days: str) -> None:
    with pytest.raises(CommandError, match="A past has 0 to 400 days"):
        run("seed", "--days", days)


def test_seed_has_sizes_of_its_own(run: Run, db: None) -> None:
    run("seed")
    assert (Network.objects.count(), Prefix.objects.count(), IPAddress.objects.count()) == (40, 100, 2000)


# --- a past ---------------------------------------------------------------------------------------
@pytest.fixture
def aged(run: Run, db: None) -> None:
    seed(run, 40, 100, 2000, "--days=120")


def test_aged_cloud_adds_up(run: Run, aged: None) -> None:
    assert "Everything adds up" in run("doctor")


def test_past_of_an_aged_cloud_ends_with_what_is_used_now(aged: None) -> None:
    everything = utilization.of_networks(Network.objects.exclude(type="super-namespaced"))
    now = {(key, int(use.family)): use.used_ips for key, uses in everything.items() for use in uses}
    newest = Sample.objects.filter(series__network_id__in=everything).order_by("series", "at")
    assert {(one.series.network_id, one.series.family): one.used for one in newest.select_related("series")} == now


def test_aged_cloud_has_dates_former_holders_and_days(aged: None) -> None:
    assert Series.objects.with_date().exists()
    assert Tenure.objects.filter(until__isnull=False).exists()
    assert {len(one.used_by_day) for one in Series.objects.of_networks().exclude(network_id="node-networks")} == {90}
    assert all(one.since < one.until for one in Tenure.objects.filter(until__isnull=False))


def test_nobody_had_an_address_at_the_same_time_as_another(aged: None) -> None:
    rows = Tenure.objects.of_addresses().order_by("address", "namespace_id", "since")
    for (address, space), group in groupby(rows, key=lambda one: (one.address, one.namespace_id)):
        held = list(group)
        assert all(one.until <= later.since for one, later in pairwise(held)), (address, space)


def test_pair_had_the_same_holders_before_and_less_is_used_on_weekends(aged: None) -> None:
    former = Tenure.objects.of_addresses().filter(until__isnull=False)
    assert {one.since.weekday() for one in former} == {0}
    pairs = [list(pair) for _, pair in groupby(former.order_by("allocation", "pk"), key=lambda one: one.allocation)]
    assert any(len(pair) == 2 for pair in pairs)
    assert all(len({(one.since, one.until, one.project_id, one.name) for one in pair}) == 1 for pair in pairs)


def test_both_families_have_networks_that_run_out(aged: None) -> None:
    assert set(Series.objects.with_date().values_list("family", flat=True)) == {4, 6}
