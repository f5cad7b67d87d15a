"""Whole tables read by key: every row once, in order, whatever comes and goes meanwhile."""

import pytest

from ipam.domain.core.paging import batches
from ipam.domain.networks import addresses, networks, projects
from ipam.models import IPAddress, Network, Prefix, Project
from tests.builders import cidrs, external, ip

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize("order", [("pk",), ("tenant", "pk"), ("tenant", "name", "pk")])
def test_rows_come_once_in_the_order_of_their_columns(order: tuple[str, ...], size: int) -> None:
    for name, tenant in [("b", "x"), ("a", "x"), ("c", ""), ("a", "y"), ("a", "x")]:
        projects.create(name=name, tenant=tenant)
    assert list(batches(Project.objects.all(), *order, size=size)) == list(Project.objects.order_by(*order))


def test_references_are_ordered_by_their_ids(internet: Network) -> None:
    networks.create(
        external(id="aaa", vrf=5, prefixes=cidrs("198.51.100.0/24", "192.0.2.0/24"), destination_prefixes=[])
    )
    found = batches(Prefix.objects.all(), "network", "family", "pk", size=2)
    assert [(one.network_id, str(one)) for one in found] == [
        ("aaa", "198.51.100.0/24"),
        ("aaa", "192.0.2.0/24"),
        ("internet", "203.0.113.128/25"),
        ("internet", "2001:db8:0:113::/64"),
    ]


def test_rows_that_go_meanwhile_shift_nothing(internet: Network, project: Project) -> None:
    for last in range(130, 134):
        addresses.allocate(internet, project=project, addresses=[ip(f"203.0.113.{last}")])
    found = batches(IPAddress.objects.all(), "address", "pk", size=2)
    seen = [str(next(found))]
    addresses.release_many([IPAddress.objects.get(address=ip("203.0.113.130"))])
    assert [*seen, *map(str, found)] == [f"203.0.113.{last}" for last in range(130, 134)]


def test_nothing_is_no_row() -> None:
    assert list(batches(Project.objects.none(), "pk")) == []
