"""Whatever is asked for: a plan that is reserved keeps the rules, stated here anew with the standard library alone."""

from contextlib import suppress
from ipaddress import ip_network
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipam import errors
from ipam.addressing import Family, block
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster, capacity, plan_of
from ipam.domain.core.operations import dry_run
from ipam.domain.networks import networks
from ipam.models import Cluster, Network, Project
from tests.builders import IPV4, IPV6, cidrs

ORDERS = [(IPV4,), (IPV6,), (IPV4, IPV6), (IPV6, IPV4)]


def blocks(family: Family, first: int, lengths: tuple[int, int]) -> Any:
    """Blocks at one of 256 places from `first` on, 2^16 or 2^84 addresses apart."""
    step = 16 if family is IPV4 else 84

    def at(place: int, length: int) -> Any:
        host_bits = family.bits - length
        return block(family, (first | place << step) >> host_bits << host_bits, length)

    return st.builds(at, st.integers(0, 255), st.integers(*lengths))


def ranges(ipv4: tuple[int, int], ipv6: tuple[int, int]) -> Any:
    """Of each family a block of such lengths in 10.0.0.0/8 or fd00::/16, or nothing."""
    of = {IPV4: blocks(IPV4, 10 << 24, ipv4), IPV6: blocks(IPV6, 0xFD00 << 112, ipv6)}
    return st.fixed_dictionaries({}, optional=of)


ASKED = st.fixed_dictionaries(
    {
        "families": st.sampled_from(ORDERS),
        "platform": st.sampled_from(["gardener", "kubeadm", "kubernetes"]),
        "kubernetes_version": st.sampled_from(["1.31", "1.33.4", "1.34", "1.36"]),
        "max_pods": st.sampled_from([1, 60, 110, 250]),
        "wanted_nodes": st.sampled_from([None, 1, 3, 30, 500]),
        "max_surge": st.sampled_from([None, 0, 1, 5]),
        "ipam": st.sampled_from(["host-local", "host-local", "calico-ipam"]),
        "native_routing": st.sampled_from([True, True, False]),
    },
    optional={
        "pods": ranges((9, 22), (44, 60)),
        "services": ranges((11, 29), (62, 125)),
        "node_mask": st.fixed_dictionaries({}, optional={IPV4: st.integers(15, 29), IPV6: st.integers(58, 120)}),
    },
)


def assert_rules_hold(cluster: Cluster) -> None:
    nodes, held, is_gardener = [], plan_of(cluster), cluster.platform == "gardener"
    for family in cluster.address_families:
        node_range, pods, services = (
            ip_network(str(of[family])) for of in (cluster.nodes, cluster.pods, cluster.services)
        )
        mask, bits = cluster.node_mask[family], pods.max_prefixlen
        three = (node_range, pods, services)
        assert not any(one.overlaps(other) for one, other in combinations(three, 2))
        has_blocks = cluster.ipam == "host-local"
        assert 2 ** (bits - mask) - 2 >= cluster.max_pods or not has_blocks
        assert mask >= pods.prefixlen
        assert mask - pods.prefixlen <= 16 or (bits == 32 and cluster.platform != "kubeadm")
        has_newer = int(cluster.kubernetes_version.split(".")[1]) >= 34 and cluster.platform != "kubeadm"
        assert 16 <= services.num_addresses <= 2 ** ((64 if bits == 128 else 32) if has_newer else 20)
        if is_gardener:
            assert 64 <= mask <= 124 if bits == 128 else 16 <= mask <= 28 or len(cluster.address_families) == 2
            assert cluster.native_routing or cluster.families == "ipv4"
        nodes.append(node_range.num_addresses - (2 if bits == 32 else 1) - int(is_gardener))
        nodes += [2 ** (mask - pods.prefixlen)] * has_blocks
    surge = int(is_gardener) if cluster.max_surge is None else cluster.max_surge
    assert capacity(held).nodes == min(nodes) - surge >= (cluster.wanted_nodes or -surge)


@given(asked=st.lists(ASKED, min_size=3, max_size=6))
@settings(max_examples=10)
def test_plans_that_are_reserved_keep_the_rules_and_apart(
    asked: list[dict[str, Any]], tenants: Network, project: Project
) -> None:
    check_plans(asked, tenants, project)


@pytest.mark.slow
@given(asked=st.lists(ASKED, min_size=5, max_size=5))
@settings(max_examples=100)
def test_five_hundred_plans_keep_the_rules_and_apart(
    asked: list[dict[str, Any]], tenants: Network, project: Project
) -> None:
    check_plans(asked, tenants, project)


def check_plans(asked: list[dict[str, Any]], tenants: Network, project: Project) -> None:
    with dry_run():
        networks.update(tenants, additional_announcable_cidrs=cidrs("10.240.0.0/12"))
        made = []
        for number, fields in enumerate(asked):
            with suppress(errors.IpamError):
                wanted = NewCluster(name=f"c{number}", project=project, parent=tenants, **fields)
                made.append((fields, lifecycle.create(wanted, reserve=True)))
        roots, taken = [ip_network(str(one)) for one in tenants.prefixes.all()], []
        for fields, cluster in made:
            assert_rules_hold(cluster)
            own = {(one.purpose, one.family): ip_network(str(one)) for one in cluster.ranges.all()}
            assert not any(overlap(one, other) for one in own.values() for other in roots)
            proposed = [cidr for (what, family), cidr in own.items() if Family(family) not in fields.get(what, {})]
            assert not any(overlap(one, other) for one in proposed for other in taken)
            taken += own.values()


def overlap(one: Any, other: Any) -> bool:
    return bool(one.version == other.version and one.overlaps(other))
