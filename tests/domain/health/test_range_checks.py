"""What doctor finds of ranges, at the same cost for any number of them."""

from collections.abc import Sequence

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from netaddr import IPNetwork

from ipam.domain.health import range_checks
from ipam.domain.networks import networks, ranges
from ipam.domain.networks.ranges import Bounds
from ipam.domain.space import free_rows
from ipam.domain.space.free_rows import Part
from ipam.models import FreeBlock, Network, Project
from tests.builders import IPV4, child, cidrs, external, ip, namespaced


def free(network: Network, cidr: IPNetwork, project: Project | None = None) -> None:
    """Let a block be the only one that is free of a network, in one copy."""
    FreeBlock.objects.filter(network=network, namespace=project).delete()
    free_rows.store([Part(network.pk, network.prefixes.get().pk, project and project.pk, cidr)])


def found() -> list[str]:
    return [one.sentence for one in range_checks.violations_of_ranges()]


@pytest.mark.parametrize("text", ["198.51.100.0/24", "198.51.100.32/28", "198.51.100.48/32"])
def test_free_block_that_meets_a_range_is_found(db: None, text: str) -> None:
    wide = external(id="wide", vrf=9, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=[])
    network = networks.create(wide)
    ranges.create(network, Bounds(first=ip("198.51.100.40"), last=ip("198.51.100.50")))
    free(network, *cidrs(text))
    assert found() == [f"198.51.100.0/24 of wide: {text} is not set aside as its ranges say."]


def test_free_block_that_holds_a_range_is_found_in_every_copy(project: Project, stranger: Project) -> None:
    network = networks.create(namespaced(prefixes=cidrs("100.64.0.0/24"), default_child_prefix_length={IPV4: 26}))
    ranges.create(network, Bounds(prefix=cidrs("100.64.0.192/26")[0]))
    for one in (project, stranger):
        networks.create(child(parent=network, project=one))
        free(network, cidrs("100.64.0.128/25")[0], one)
    assert len(found()) == 2


def test_many_ranges_cost_as_many_statements_as_one(db: None) -> None:
    wide = external(id="wide", vrf=9, prefixes=cidrs("198.51.100.0/24"), destination_prefixes=[])
    network = networks.create(wide)
    spent: list[Sequence[object]] = []
    for number in range(1, 7):
        ranges.create(network, Bounds(first=ip(f"198.51.100.{number}0"), last=ip(f"198.51.100.{number}5")))
        with CaptureQueriesContext(connection) as asked:
            assert found() == []
        spent.append(asked.captured_queries)
    assert len(spent[0]) == len(spent[-1])
