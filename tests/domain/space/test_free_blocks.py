"""What is free, as a person sees it: counts of all of it, and the largest blocks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netaddr import IPNetwork

from ipam.addressing import Family
from ipam.domain.health import rebuilding
from ipam.domain.networks import networks
from ipam.domain.space import free_blocks
from ipam.models import FreeBlock, Prefix
from tests.builders import IPV4, IPV6, cidrs, external
from tests.shared import shared_fixture

WHOLE = cidrs("198.51.100.0/24", "203.0.113.0/24", "2001:db8::/64")


@shared_fixture
def prefixes() -> list[Prefix]:
    network = networks.create(external(prefixes=WHOLE, destination_prefixes=()))
    return list(network.prefixes.select_related("network").in_order())


def leave(seed: int) -> dict[Family, list[IPNetwork]]:
    """Drop some of the free blocks; those that are left, the largest first, of those the lowest of the first prefix."""
    for prefix in Prefix.objects.all():
        rebuilding.rebuild_prefix(prefix.pk)
    FreeBlock.objects.filter(pk__in=[one.pk for one in FreeBlock.objects.order_by("pk") if one.pk % 7 == seed]).delete()
    left: dict[Family, list[IPNetwork]] = {IPV4: [], IPV6: []}
    for one in FreeBlock.objects.order_by("length", "prefix", "first"):
        left[Family(one.family)].append(one.cidr)
    return left


@given(most=st.integers(0, 150), seed=st.integers(0, 7))
def test_largest_blocks_come_first_and_all_are_counted(prefixes: list[Prefix], most: int, seed: int) -> None:
    left = leave(seed)
    for family, space in free_blocks.by_family(prefixes, most=most).items():
        assert space.blocks == left[family][:most]
        assert sum(space.lengths.values()) == len(left[family])
        assert space.available_ips == sum(cidr.size for cidr in left[family])


@pytest.mark.parametrize("most", [1, 100])
def test_free_space_of_both_families_costs_two_statements(
    prefixes: list[Prefix], most: int, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(2):
        free_blocks.by_family(prefixes, most=most)
