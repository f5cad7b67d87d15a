"""The picture of a prefix: the same squares as if every address had been looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork

from ipam.addressing import reserved_addresses
from ipam.domain.networks import networks
from ipam.domain.space import free_rows, gaps, prefix_map
from ipam.models import FreeBlock, Network, Prefix, Project
from tests.builders import IPV4, child, cidrs, external, super_network
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
