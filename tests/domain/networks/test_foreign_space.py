"""What is in the way is named to those who see it; others learn that it is another's, and nothing of whose."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ipam import errors
from ipam.domain.networks import addresses, networks, ranges, resizing, splitting
from ipam.domain.networks.ranges import Bounds
from ipam.domain.people import members
from ipam.models import AddressRange, Network, Prefix, Project
from tests.builders import IPV4, child, cidrs, external, ip, super_network
from tests.callers import as_user
from tests.shared import shared_fixture


@shared_fixture
def farm(stranger: Project) -> Network:
    """A super network of which Mallory has 10.90.0.16/28."""
    parent = networks.create(super_network(prefixes=cidrs("10.90.0.0/24"), default_child_prefix_length={IPV4: 28}))
    networks.create(child(parent=parent, project=stranger, prefixes=cidrs("10.90.0.16/28")))
    return parent


@shared_fixture
def alice(project: Project) -> User:
    user = User.objects.create_user("alice")
    members.grant(user, "owner", project=project)
    return user


@pytest.fixture
def own(farm: Network, project: Project) -> Prefix:
    """Alice's half of what Mallory has the other half of."""
    return networks.create(child(parent=farm, project=project, prefixes=cidrs("10.90.0.0/28"))).prefixes.get()


def test_child_that_is_in_the_way_of_named_prefixes_is_another_networks(
    alice: User, farm: Network, project: Project
) -> None:
    with pytest.raises(errors.Overlap) as refusal, as_user(alice):
        networks.create(child(parent=farm, project=project, prefixes=cidrs("10.90.0.0/27")))
    assert str(refusal.value) == "10.90.0.0/27 overlaps space of another network. Choose space outside of it."


def test_child_that_is_in_the_way_of_growing_is_another_networks(alice: User, own: Prefix) -> None:
    with pytest.raises(errors.Overlap) as refusal, as_user(alice):
        resizing.resize(own, *cidrs("10.90.0.0/27"))
    assert str(refusal.value) == "10.90.0.0/27 overlaps space of another network."


def test_other_half_of_a_prefix_is_another_networks(alice: User, own: Prefix) -> None:
    with pytest.raises(errors.Overlap) as refusal, as_user(alice):
        splitting.merge(own)
    assert str(refusal.value) == "10.90.0.16/28, beside 10.90.0.0/28, overlaps space of another network."


@pytest.fixture
def kept(own: Prefix, stranger: Project) -> AddressRange:
    """What is kept for Mallory in Alice's network."""
    bounds = Bounds(first=ip("10.90.0.9"), last=ip("10.90.0.10"))
    return ranges.create(own.network, bounds, use="by-name", project=stranger, name="takeover")


def test_range_that_is_in_the_way_of_another_is_kept_for_another_project(
    alice: User, own: Prefix, kept: AddressRange
) -> None:
    with pytest.raises(errors.Overlap) as refusal, as_user(alice):
        ranges.create(own.network, Bounds(first=ip("10.90.0.10"), last=ip("10.90.0.12")))
    assert str(refusal.value).startswith("10.90.0.10 to 10.90.0.12 overlaps a range that is kept for another project.")


def test_range_that_is_in_the_way_of_shrinking_is_kept_for_another_project(
    alice: User, own: Prefix, kept: AddressRange
) -> None:
    with pytest.raises(errors.HasRanges) as refusal, as_user(alice):
        resizing.resize(own, *cidrs("10.90.0.0/29"))
    assert str(refusal.value).startswith("Outside of 10.90.0.0/29 lies a range that is kept for another project.")


def test_operators_are_told_whose_it_is(farm: Network, own: Prefix) -> None:
    (holder,) = Network.objects.filter(parent=farm).exclude(pk=own.network_id)
    with pytest.raises(errors.Overlap, match=f"overlaps 10.90.0.16/28 of network {holder.pk}"):
        resizing.resize(own, *cidrs("10.90.0.0/27"))


def test_refusal_of_a_full_network_costs_the_same_beside_one_range_and_eight(alice: User, project: Project) -> None:
    tiny = external(id="tiny", vrf=9, prefixes=cidrs("198.51.100.0/28"), destination_prefixes=[])
    network = networks.create(tiny)
    spent = []
    for number in range(1, 9):
        address = ip(f"198.51.100.{number}")
        ranges.create(network, Bounds(first=address, last=address))
        with CaptureQueriesContext(connection) as asked, pytest.raises(errors.Exhausted), as_user(alice):
            addresses.allocate(network, project=project, count=14)
        spent.append(len(asked))
    assert spent[0] == spent[-1]
