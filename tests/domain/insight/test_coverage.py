"""How far an installation is dual-stack."""

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.insight import coverage
from ipam.domain.networks import addresses, networks, partitions
from ipam.domain.people import members
from ipam.models import Network, Partition, Project
from tests.builders import IPV4, IPV6, cidrs, external
from tests.callers import as_user


def test_pairs_and_halves_are_counted_by_partition_in_one_statement(
    internet: Network, partition: Partition, project: Project
) -> None:
    addresses.allocate(internet, project=project, count=3)
    addresses.allocate(internet, project=project, count=2, families=[IPV4])
    addresses.allocate(internet, project=project, families=[IPV6])
    with CaptureQueriesContext(connection) as captured:
        found = coverage.by_partition()
    assert found == {partition: coverage.Coverage(3, {IPV4: 2, IPV6: 1})}
    assert (len(captured), coverage.together(found).share) == (1, 0.5)


def test_partitions_of_one_name_are_counted_apart(internet: Network, partition: Partition, project: Project) -> None:
    other = partitions.create(id="fra", name="lab")
    partitions.update(partition, name="lab")
    far = networks.create(
        external(id="far", vrf=9, prefixes=cidrs("198.51.100.0/24"), partition=other, destination_prefixes=())
    )
    for network in (internet, far):
        addresses.allocate(network, project=project)
    assert {one: found.total for one, found in coverage.by_partition().items()} == {partition: 1, other: 1}


def test_nothing_is_no_share(db: None) -> None:
    assert coverage.together(coverage.by_partition()).share == 0.0


def test_members_are_told_of_what_is_theirs(internet: Network, project: Project, stranger: Project) -> None:
    for owner in (project, stranger):
        addresses.allocate(internet, project=owner)
    alice = User.objects.create_user("alice")
    members.grant(alice, "viewer", project=project)
    with as_user(alice):
        assert coverage.together(coverage.by_partition()).pairs == 1
