"""Space of a prefix that is kept, or is not: its ends, its ranges, what was released a short time ago."""

import pytest

from ipam import errors
from ipam.domain.networks import addresses, networks, prefixes, projects, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.models import Network, Prefix, Project
from tests.builders import IPV4, cidrs, external, ip


@pytest.fixture
def tiny(db: None) -> Network:
    return networks.create(external(id="tiny", vrf=9, prefixes=cidrs("198.51.100.0/30"), destination_prefixes=[]))


def test_every_address_is_given_where_ends_are_not_reserved(tiny: Network, project: Project) -> None:
    prefixes.update(Prefix.objects.get(), reserve_ends=False)
    found = addresses.allocate(tiny, project=project, count=4)
    assert [str(one) for one in found] == [f"198.51.100.{number}" for number in range(4)]


def test_ends_are_reserved_again_while_nobody_holds_them(tiny: Network, project: Project) -> None:
    prefix = Prefix.objects.get()
    prefixes.update(prefix, reserve_ends=False)
    held = addresses.allocate(tiny, project=project)
    with pytest.raises(errors.InUse, match=r"^198\.51\.100\.0 would be a reserved end"):
        prefixes.update(prefix, reserve_ends=True)
    addresses.release_many(held)
    prefixes.update(prefix, reserve_ends=True)
    assert str(addresses.allocate(tiny, project=project)[0]) == "198.51.100.1"


def test_ranges_give_only_what_is_named(tiny: Network, project: Project) -> None:
    ranges.create(tiny, Bounds(prefix=cidrs("198.51.100.0/30")[0]), use="by-name")
    with pytest.raises(errors.Exhausted, match="2 more are reserved by range"):
        addresses.allocate(tiny, project=project)
    assert str(addresses.allocate(tiny, project=project, addresses=[ip("198.51.100.2")])[0]) == "198.51.100.2"


def test_prefix_has_as_many_ranges_as_may_be(tiny: Network, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "MAX_OF_A_PREFIX", 1)
    ranges.create(tiny, Bounds(first=ip("198.51.100.1"), last=ip("198.51.100.1")))
    with pytest.raises(errors.InUse, match="has 1 ranges, which is as many as may be"):
        ranges.create(tiny, Bounds(first=ip("198.51.100.2"), last=ip("198.51.100.2")))


def test_project_stays_while_a_range_is_for_it(tiny: Network, project: Project) -> None:
    made = ranges.create(tiny, Bounds(prefix=cidrs("198.51.100.0/30")[0]), use="by-name", project=project)
    with pytest.raises(errors.InUse, match=r"still has 1 address range\. "):
        projects.delete(project)
    ranges.delete(made)
    projects.delete(project)


def test_what_cools_is_its_last_projects(tiny: Network, project: Project, stranger: Project) -> None:
    networks.update(tiny, quarantine={IPV4: 1})
    addresses.release_many(addresses.allocate(tiny, project=project))
    with pytest.raises(errors.Cooling):
        addresses.allocate(tiny, project=stranger, addresses=[ip("198.51.100.1")])
    assert addresses.allocate(tiny, project=project, addresses=[ip("198.51.100.1")])
