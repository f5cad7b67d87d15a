"""How far an installation is dual-stack."""

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam.domain.insight import coverage
from ipam.domain.networks import addresses
from ipam.domain.people import members
from ipam.models import Network, Project
from tests.builders import IPV4, IPV6
from tests.callers import as_user


def test_pairs_and_halves_are_counted_by_partition_in_one_statement(internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, count=3)
    addresses.allocate(internet, project=project, count=2, families=[IPV4])
    addresses.allocate(internet, project=project, families=[IPV6])
    with CaptureQueriesContext(connection) as captured:
        found = coverage.by_partition()
    assert found == {"mini-lab": coverage.Coverage(3, {IPV4: 2, IPV6: 1})}
    assert (len(captured), coverage.together(found).share) == (1, 0.5)


def test_nothing_is_no_share(db: None) -> None:
    assert coverage.together(coverage.by_partition()).share == 0.0


def test_members_are_told_of_what_is_theirs(internet: Network, project: Project, stranger: Project) -> None:
    for owner in (project, stranger):
        addresses.allocate(internet, project=owner)
    alice = User.objects.create_user("alice")
    members.grant(alice, "viewer", project=project)
    with as_user(alice):
        assert coverage.together(coverage.by_partition()).pairs == 1
