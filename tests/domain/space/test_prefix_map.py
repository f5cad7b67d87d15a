"""The picture of a prefix: the same squares as if every address had been looked at."""

from datetime import datetime

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork

from ipam.addressing import reserved_addresses
from ipam.domain.networks import addresses, networks, resizing, splitting
from ipam.domain.space import free_rows, gaps, prefix_map
from ipam.models import FreeBlock, Network, Prefix, Project
from tests.builders import IPV4, child, cidrs, external, namespaced, super_network
from tests.shared import shared_fixture

PREFIX = IPNetwork("198.51.100.0/26")


@shared_fixture
def prefix() -> Prefix:
    return (
        networks.create(external(prefixes=[PREFIX], destination_prefixes=())).prefixes.select_related("network").get()
    )


def fill(prefix: Prefix, taken: set[int]) -> None:
    """Make everything free but these addresses (numbers within the prefix)."""
    FreeBlock.objects.filter(prefix=prefix).delete()
    values = sorted(prefix.cidr.first + number for number in taken)
    parts = gaps.free_parts(prefix.cidr, [(value, value) for value in values], is_super=False)
    free_rows.store(free_rows.Part(prefix.network_id, prefix.pk, None, part) for part in parts)


def drawn_by_hand(whole: IPNetwork, cells: int, taken: set[int]) -> list[tuple[str, str, float]]:
    """Address by address."""
    reserved = {address.value for address in reserved_addresses(PREFIX)}
    squares = []
    for square in whole.subnet(min(32, whole.prefixlen + cells.bit_length() - 1)):
        takeable = [value for value in range(square.first, square.last + 1) if value not in reserved]
        gone = sum(value - PREFIX.first in taken for value in takeable)
        state = "reserved" if not takeable else {0: "free", len(takeable): "full"}.get(gone, "partial")
        squares.append((str(square), state, gone / len(takeable) if takeable else 0.0))
    return squares


@given(
    taken=st.sets(st.integers(1, 62)) | st.integers(1, 62).map(lambda most: set(range(1, most + 1))),
    zoom=st.integers(26, 32).flatmap(lambda length: st.sampled_from(list(PREFIX.subnet(length)))),
    cells=st.sampled_from([1, 2, 4, 16, 64]),
)
def test_map_is_what_looking_at_every_address_would_draw(
    prefix: Prefix, taken: set[int], zoom: IPNetwork, cells: int
) -> None:
    fill(prefix, taken)
    drawn = prefix_map.of_prefix(prefix, cells=cells, within=zoom).cells
    assert [(str(cell.cidr), cell.state, cell.used) for cell in drawn] == drawn_by_hand(zoom, cells, taken)


@pytest.mark.parametrize(
    ("within", "lengths"),
    [
        ("198.51.100.0/26", {28: 2, 29: 2, 30: 2, 31: 2}),
        ("198.51.100.0/28", {29: 1, 30: 1, 31: 1}),
        ("198.51.100.36/30", {28: 1}),  # inside a larger free block
    ],
)
def test_free_blocks_are_those_in_sight(prefix: Prefix, within: str, lengths: dict[int, int]) -> None:
    fill(prefix, {1})
    FreeBlock.objects.filter(prefix=prefix, length=32).delete()
    assert prefix_map.of_prefix(prefix, within=IPNetwork(within)).free_lengths == lengths


@pytest.mark.parametrize(("within", "statements"), [(None, 1), (IPNetwork("198.51.100.32/27"), 2)])
def test_map_costs_two_statements_at_most(
    prefix: Prefix, within: IPNetwork | None, statements: int, django_assert_num_queries: object
) -> None:
    fill(prefix, {40, 41, 60})
    with django_assert_num_queries(statements):
        prefix_map.of_prefix(prefix, within=within)


@shared_fixture
def parent(project: Project) -> Prefix:
    """10.0.0.0/16 with a /22 and a /24 carved out of its beginning."""
    tenants: Network = networks.create(
        super_network(prefixes=cidrs("10.0.0.0/16"), default_child_prefix_length={IPV4: 22})
    )
    for length in (22, 24):
        networks.create(child(parent=tenants, project=project, length={IPV4: length}))
    return tenants.prefixes.get()


@pytest.mark.parametrize(
    ("within", "length", "seen"),
    [
        ("10.0.0.0/16", 20, []),
        ("10.0.0.0/16", 22, ["10.0.0.0/22"]),
        ("10.0.0.0/16", 24, ["10.0.0.0/22", "10.0.4.0/24"]),
        ("10.0.1.0/24", 32, ["10.0.0.0/22"]),
        ("10.0.4.0/22", 30, ["10.0.4.0/24"]),
        ("10.0.8.0/22", 30, []),
    ],
)
def test_children_in_sight_are_those_that_fill_a_square(
    parent: Prefix, within: str, length: int, seen: list[str]
) -> None:
    assert [str(one) for one in prefix_map.children_in_sight(parent, IPNetwork(within), length)] == seen


# --- A moment before the prefix became what it is ---------------------------------------------------
def taken_at(prefix: Prefix, moment: datetime, *, cells: int = 64) -> list[str]:
    """The cells of a prefix that were wholly taken."""
    drawn = prefix_map.of_prefix(Prefix.objects.get(pk=prefix.pk), cells=cells, at=moment).cells
    return [str(cell.cidr) for cell in drawn if cell.state == "full"]


def take_one(network: Network, project: Project) -> datetime:
    """Let a project hold the first address; a moment at which it does."""
    addresses.allocate(network, project=project)
    return timezone.now()


def test_map_of_a_day_before_a_split_shows_who_held_then(prefix: Prefix, project: Project) -> None:
    moment = take_one(prefix.network, project)
    assert taken_at(splitting.split(prefix, 27)[0], moment) == ["198.51.100.1/32"]


def test_map_of_a_day_before_a_merge_shows_who_held_then(prefix: Prefix, project: Project) -> None:
    half = splitting.split(prefix, 27)[0]
    moment = take_one(prefix.network, project)
    assert taken_at(splitting.merge(half), moment) == ["198.51.100.1/32"]


def test_map_of_a_day_before_a_super_grew_shows_its_children_of_then(parent: Prefix) -> None:
    moment = timezone.now()
    assert taken_at(resizing.resize(parent, IPNetwork("10.0.0.0/15")), moment, cells=128) == ["10.0.0.0/22"]


def test_map_of_a_day_shows_who_held_addresses_below_a_namespaced_super(project: Project) -> None:
    network = networks.create(child(parent=networks.create(namespaced()), project=project))
    moment = take_one(network, project)
    assert taken_at(network.prefixes.get(family=4), moment) == ["100.64.0.1/32"]
