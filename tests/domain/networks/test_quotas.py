"""Quotas: a project has no more of a family than an operator has set, by whatever door it asks."""

from collections.abc import Callable
from typing import Any

import pytest

from ipam import errors
from ipam.domain.core import checks
from ipam.domain.core.operations import dry_run
from ipam.domain.health import doctor
from ipam.domain.networks import (
    address_batches,
    addresses,
    children,
    claims,
    completion,
    machines,
    networks,
    projects,
    quota_limits,
)
from ipam.domain.networks.batch_rules import Named
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Network, Partition, Project, Quota
from tests.builders import IPV4, IPV6, child, cidrs, external, ip

ADDRESSES, NETWORKS, SPACE = Quota.Resource


def limit(project: Project, limit: int, *, of: str = ADDRESSES, family: Any = IPV4, **more: Any) -> Quota:
    return quota_limits.create(project=project, address_family=family, resource=of, limit=limit, **more)


def used(quota: Quota) -> int:
    """What its counter says; the rows say the same."""
    quota.refresh_from_db()
    assert quota.used == quota_limits.count(quota)
    return quota.used


# --- what is counted ------------------------------------------------------------------------------
def test_what_the_project_has_is_counted_when_a_quota_is_set(
    internet: Network, tenants: Network, project: Project, stranger: Project
) -> None:
    addresses.allocate(internet, project=project, count=3)
    addresses.allocate(internet, project=stranger)
    networks.create(child(parent=tenants, project=project))
    found = [
        limit(project, 9, of=of, family=family).used for of in (ADDRESSES, NETWORKS, SPACE) for family in (IPV4, IPV6)
    ]
    assert found == [3, 3, 1, 1, 1024, 2**32]


def test_last_unit_is_given_and_no_more(internet: Network, project: Project) -> None:
    quota = limit(project, 2)
    addresses.allocate(internet, project=project)
    addresses.allocate(internet, project=project)
    with pytest.raises(errors.QuotaExceeded) as refusal:
        addresses.allocate(internet, project=project)
    assert str(refusal.value) == (
        "alice may have 2 IPv4 addresses and has 2; 1 more would be past its quota. "
        "Release what is unused, or ask an operator of the platform for a higher limit."
    )
    assert refusal.value.quota == {
        **{"id": str(quota.pk), "project": str(project.pk), "network": None, "address_family": "ipv4"},
        **{"resource": "addresses", "limit": "2", "used": "2", "asked": "1"},
    }
    assert (used(quota), IPAddress.objects.count()) == (2, 4)


def test_pair_takes_nothing_when_the_quota_of_one_family_is_used_up(internet: Network, project: Project) -> None:
    ipv4, ipv6 = limit(project, 9), limit(project, 0, family=IPV6)
    with pytest.raises(errors.QuotaExceeded, match="has 0; 1 more"):
        addresses.allocate(internet, project=project)
    assert (used(ipv4), used(ipv6), IPAddress.objects.count()) == (0, 0, 0)


def test_quota_of_a_network_counts_what_is_in_it(internet: Network, private: Network, project: Project) -> None:
    quota = limit(project, 1, network=internet)
    addresses.allocate(private, project=project, count=5)
    addresses.allocate(internet, project=project)
    with pytest.raises(errors.QuotaExceeded, match="1 IPv4 address in internet and has 1"):
        addresses.allocate(internet, project=project)
    assert used(quota) == 1


def test_others_are_not_counted(internet: Network, project: Project, stranger: Project) -> None:
    quota = limit(project, 0)
    addresses.allocate(internet, project=stranger)
    assert used(quota) == 0


def test_first_is_told_by_addresses_then_networks_then_space_and_ipv4_first(tenants: Network, project: Project) -> None:
    for of, family in ((SPACE, IPV4), (NETWORKS, IPV6), (SPACE, IPV6), (NETWORKS, IPV4)):
        limit(project, 0, of=of, family=family)
    told = []
    for _ in range(4):
        with pytest.raises(errors.QuotaExceeded) as refusal:
            networks.create(child(parent=tenants, project=project))
        said: Any = refusal.value.quota
        told.append((said["resource"], said["address_family"], said["asked"]))
        Quota.objects.filter(pk=said["id"]).update(limit=2**128)
    assert told == [("networks", "ipv4", "1"), ("networks", "ipv6", "1"), ("space", "ipv4", "1024"),
                    ("space", "ipv6", str(2**32))]  # fmt: skip
    networks.create(child(parent=tenants, project=project))


def test_space_is_counted_to_the_last_address(project: Project, partition: Partition) -> None:
    vast = networks.create(
        child(id="vast", type="super", prefixes=cidrs("2001:db8::/32"), default_child_prefix_length={IPV6: 48})
    )
    wide = limit(project, 2**80 + 2**64, of=SPACE, family=IPV6, network=vast)
    for length in (48, 64):
        networks.create(child(parent=vast, project=project, length={IPV6: length}))
    assert used(wide) == 2**80 + 2**64
    with pytest.raises(errors.QuotaExceeded, match="65,537 × /64 of IPv6 in child networks in vast"):
        networks.create(child(parent=vast, project=project, length={IPV6: 128}))


def test_quotas_of_project_and_network_are_charged_together(
    internet: Network, private: Network, project: Project, partition: Partition
) -> None:
    everywhere, there = limit(project, 3), limit(project, 1, network=internet)
    asked = [Attachment(network=private), Attachment(network=internet)]
    machines.allocate(project=project, partition=partition, networks=asked)
    assert (used(everywhere), used(there)) == (2, 1)
    with pytest.raises(errors.QuotaExceeded, match="may have 3 IPv4 addresses and has 2; 2 more"):
        machines.allocate(project=project, partition=partition, networks=asked)


# --- growth only is refused -----------------------------------------------------------------------
def test_limit_below_what_is_used_refuses_growth_only(internet: Network, project: Project) -> None:
    held = addresses.allocate(internet, project=project, count=3)
    quota = quota_limits.update(limit(project, 3), limit=1)
    addresses.update(held[0], name="renamed")
    addresses.make_static(held[2:3])
    addresses.release(held[0])
    assert used(quota) == 2
    with pytest.raises(errors.QuotaExceeded):
        addresses.allocate(internet, project=project)
    addresses.release_many(IPAddress.objects.all())
    addresses.allocate(internet, project=project)
    assert used(quota) == 1


def test_dry_run_is_judged_and_charges_nothing(internet: Network, project: Project) -> None:
    quota = limit(project, 1)
    with dry_run():
        addresses.allocate(internet, project=project)
    assert used(quota) == 0
    with dry_run(), pytest.raises(errors.QuotaExceeded):
        addresses.allocate(internet, project=project, count=2)


def test_quota_goes_with_its_project_and_its_network(internet: Network, project: Project) -> None:
    limit(project, 1, network=internet)
    networks.delete(internet)
    assert not Quota.objects.exists()
    limit(project, 1)
    projects.delete(project)
    assert not Quota.objects.exists()


def test_deleted_quota_limits_nothing(internet: Network, project: Project) -> None:
    quota_limits.delete(limit(project, 0))
    assert addresses.allocate(internet, project=project)


# --- setting --------------------------------------------------------------------------------------
def test_there_is_one_for_a_project_network_family_and_resource(internet: Network, project: Project) -> None:
    for where in ({}, {"network": internet}):
        limit(project, 1, **where)
        with pytest.raises(errors.AlreadyExists, match="Change its limit"):
            limit(project, 2, **where)


@pytest.mark.parametrize(
    ("of", "where", "error"),
    [
        (ADDRESSES, "tenants", errors.NetworkNotUsable),
        (NETWORKS, "internet", errors.NetworkNotUsable),
        (SPACE, "internet", errors.NetworkNotUsable),
        ("vrfs", None, errors.Invalid),
    ],
)
def test_quota_that_would_never_count_is_refused(
    tenants: Network, internet: Network, project: Project, of: str, where: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        limit(project, 1, of=of, network=where and Network.objects.get(pk=where))


@pytest.mark.parametrize("number", [-1, 2**128 + 1])
def test_limit_is_a_count(project: Project, number: int) -> None:
    with pytest.raises(errors.Invalid, match="from 0 to 2"):
        limit(project, number)


# --- every door -----------------------------------------------------------------------------------
def _complete(network: Network, project: Project) -> None:
    addresses.allocate(network, project=project, families=[IPV6])
    for refused in completion.complete(network, IPV4).refused:
        raise refused.reason


def _batch(network: Network, project: Project) -> None:
    for refused in address_batches.take(
        [Named(address=ip("203.0.113.200"), network=network, project=project)]
    ).values():
        raise refused


DOORS: dict[str, Callable[[Network, Project, Partition], object]] = {
    "allocate": lambda network, project, place: addresses.allocate(network, project=project),
    "named": lambda network, project, place: addresses.allocate(
        network, project=project, addresses=[ip("203.0.113.130")]
    ),
    "many": lambda network, project, place: addresses.allocate(network, project=project, count=50),
    "claim": lambda network, project, place: claims.claim(network, project=project, name="vip"),
    "complete": lambda network, project, place: _complete(network, project),
    "batch": lambda network, project, place: _batch(network, project),
}


@pytest.mark.parametrize("door", DOORS)
def test_each_door_to_addresses_refuses_alike(
    internet: Network, project: Project, partition: Partition, door: str
) -> None:
    quota = limit(project, 0)
    with pytest.raises(errors.QuotaExceeded) as refusal:
        DOORS[door](internet, project, partition)
    said: Any = refusal.value.quota
    assert said["id"] == str(quota.pk)
    assert used(quota) == 0
    quota_limits.update(quota, limit=50)
    DOORS[door](internet, project, partition)
    assert used(quota) == IPAddress.objects.filter(family=4).count() > 0


def test_machine_is_refused_alike(private: Network, project: Project, partition: Partition) -> None:
    quota = limit(project, 1)
    made = machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    with pytest.raises(errors.QuotaExceeded):
        machines.allocate(project=project, partition=partition, networks=[Attachment(network=private)])
    machines.release(made)
    assert used(quota) == 0


def test_child_that_comes_from_elsewhere_and_a_second_family_are_refused_alike(
    tenants: Network, project: Project
) -> None:
    ipv4, ipv6 = limit(project, 1, of=NETWORKS), limit(project, 0, of=NETWORKS, family=IPV6)
    moved = child(id="moved", parent=tenants, project=project, prefixes=cidrs("10.0.8.0/22"), vrf=7)
    network = children.import_child(moved)
    with pytest.raises(errors.QuotaExceeded, match="1 more"):
        children.import_child(child(id="more", parent=tenants, project=project, prefixes=cidrs("10.0.4.0/22"), vrf=8))
    with pytest.raises(errors.QuotaExceeded, match="child networks with IPv6"):
        children.add_family(network, IPV6)
    networks.delete(network)
    assert (used(ipv4), used(ipv6)) == (0, 0)


def test_batch_is_judged_row_by_row_and_gives_back_what_is_past_the_quota(internet: Network, project: Project) -> None:
    quota = limit(project, 3)
    wanted = [
        Named(address=ip(f"203.0.113.{130 + place % 4}"), network=internet, project=project) for place in range(6)
    ]
    refused = address_batches.take(wanted)
    assert {place: error.code for place, error in refused.items()} == {
        3: "quota_exceeded", 4: "already_allocated", 5: "already_allocated"
    }  # fmt: skip
    assert used(quota) == 3
    quota_limits.update(quota, limit=4)
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.133")])


def test_completion_gives_as_many_as_quotas_allow_and_lists_the_rest(
    internet: Network, project: Project, stranger: Project
) -> None:
    quota = limit(project, 3, network=internet)
    limit(project, 9)
    for owner in (project, stranger):
        addresses.allocate(internet, project=owner, families=[IPV6], count=5)
    batches = [completion.complete(internet, IPV4, limit=4) for _ in range(3)]
    assert [(len(one.completed), one.remaining, len(one.refused)) for one in batches] == [
        (3, 5, 2),
        (4, 1, 2),
        (1, 0, 2),
    ]
    assert {refused.reason.code for refused in batches[-1].refused} == {"quota_exceeded"}
    lacking = IPAddress.objects.filter(project=project).lacking(IPV4).values_list("allocation", flat=True)
    assert [refused.allocation for refused in batches[-1].refused] == list(lacking)
    assert used(quota) == 3


def test_completion_past_a_quota_and_a_full_family_tells_of_both(project: Project, stranger: Project) -> None:
    small = networks.create(
        external(id="small", prefixes=cidrs("192.0.2.0/30", "2001:db8:2::/64"), destination_prefixes=())
    )
    quota = limit(project, 1)
    for owner in (project, stranger):
        addresses.allocate(small, project=owner, families=[IPV6], count=3)
    done = completion.complete(small, IPV4)
    assert [refused.reason.code for refused in done.refused] == ["exhausted"] * 2 + ["quota_exceeded"] * 2
    assert (len(done.completed), done.remaining, used(quota)) == (2, 0, 1)


# --- the doctor -----------------------------------------------------------------------------------
def test_doctor_counts_again_and_mends(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    quota = limit(project, 9)
    assert list(doctor.examine()) == []
    Quota.objects.update(used=7)
    (found,) = doctor.examine()
    assert found.sentence == "The quota of alice of IPv4 addresses counts 7, but 1 are there."
    assert isinstance(found.remedy, checks.Remedy)
    found.remedy.apply()
    assert (used(quota), list(doctor.examine())) == (1, [])


def test_counting_takes_as_many_statements_for_many_quotas(
    internet: Network, tenants: Network, project: Project, stranger: Project, django_assert_num_queries: Any
) -> None:
    for owner in (project, stranger):
        addresses.allocate(internet, project=owner, count=2)
        networks.create(child(parent=tenants, project=owner))
        for family in (IPV4, IPV6):
            for of, where in ((ADDRESSES, internet), (NETWORKS, tenants), (SPACE, tenants)):
                limit(owner, 9, of=of, family=family)
                limit(owner, 9, of=of, family=family, network=where)
    quotas = list(Quota.objects.all())
    with django_assert_num_queries(3):
        counted = quota_limits.count_all(quotas)
    assert counted == {quota.pk: quota_limits.count(quota) for quota in quotas}
    assert sorted(counted.values()) == sorted([2, 1, 1024, 2, 1, 2**32] * 4)
