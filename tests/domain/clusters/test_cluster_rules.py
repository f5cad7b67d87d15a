"""What a cluster plan must keep: the worked example holds, and each rule has a plan that breaks just this one."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam.addressing import Family, block
from ipam.domain.clusters import rules
from ipam.domain.clusters.plan import Plan, capacity
from tests.builders import IPV4, IPV6, cidrs, cluster_plan, families

WORKED = cluster_plan()


def broken(plan: Plan) -> list[tuple[str, str]]:
    return [(error.code, error.field) for error in rules.violations(plan)]


def only(family: Family, **changes: Any) -> Plan:
    """The worked example with one family."""
    fields = {name: {family: getattr(WORKED, name)[family]} for name in ("nodes", "pods", "services", "node_mask")}
    return replace(WORKED, families=(family,), **{**fields, **changes})


def warned(plan: Plan) -> list[tuple[str, str]]:
    return [(one.code, one.field) for one in rules.warnings(plan)]


DOCUMENTATION = ("special_range", "nodes")  # of the worked example, 2001:db8::/32


# --- the worked example ---------------------------------------------------------------------------
@pytest.mark.parametrize("plan", [WORKED, only(IPV4), only(IPV6), replace(WORKED, families=(IPV6, IPV4))])
def test_worked_example_holds_in_every_order(plan: Plan) -> None:
    assert (broken(plan), warned(plan)) == ([], [DOCUMENTATION] if IPV6 in plan.families else [])


def test_capacity_of_the_worked_example() -> None:
    held = capacity(WORKED)
    assert (held.nodes, held.family, held.reason, held.services) == (1022, IPV4, "nodes", 16382)
    ipv4, ipv6 = held.families
    assert (ipv4.nodes_by_network, ipv4.nodes_by_pods, ipv4.pods_per_node) == (1022, 1024, 510)
    assert (ipv6.nodes_by_network, ipv6.nodes_by_pods, ipv6.pods_per_node) == (2**32 - 1, 4096, 2**64 - 2)
    assert [str(one.api_server) for one in held.families] == ["10.248.0.1", "fd00:10:248::1"]
    assert [str(one.dns) for one in held.families] == ["10.248.0.10", "fd00:10:248::a"]


def test_firewalls_take_addresses_of_nodes() -> None:
    assert capacity(replace(WORKED, firewalls=2)).nodes == 1020


def test_pods_bind_where_their_blocks_are_fewer() -> None:
    held = capacity(replace(WORKED, pods=families("10.240.0.0/14", "fd00:10:240::/52")))
    assert (held.nodes, held.family, held.reason) == (512, IPV4, "pods")


# --- what is refused ------------------------------------------------------------------------------
def test_sample_of_kubernetes_io_is_refused() -> None:
    """kubernetes.io/docs/setup/production-environment/tools/kubeadm/dual-stack-support: its IPv6 ranges overlap."""
    sample = replace(
        WORKED,
        platform="kubeadm",
        pods=families("10.244.0.0/16", "2001:db8:42::/56"),
        services=families("10.96.0.0/16", "2001:db8:42:1::/112"),
        node_mask={IPV4: 24, IPV6: 64},
        max_pods=110,
    )
    assert broken(sample) == [("ranges_overlap", "services")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pods": families("10.0.0.0/13", "fd00:10:240::/52")}, ("ranges_overlap", "pods")),
        ({"services": families("10.0.2.0/24", "fd00:10:248::/112")}, ("ranges_overlap", "services")),
        ({"services": families("10.241.0.0/18", "fd00:10:248::/112")}, ("ranges_overlap", "services")),
        ({"services": families("10.248.0.0/29", "fd00:10:248::/112")}, ("services_too_small", "services")),
        ({"services": families("10.248.0.0/18", "fd00:10:248::/125")}, ("services_too_small", "services")),
        ({"services": families("16.0.0.0/11", "fd00:10:248::/112")}, ("services_too_large", "services")),
        ({"services": families("10.248.0.0/18", "fd00:10:248::/107")}, ("services_too_large", "services")),
        ({"pods": families("10.240.0.0/13", "fd00:10:240::/44"), "services": families("10.248.0.0/18", "fd01::/112")},
         ("too_many_node_blocks", "pods")),
        ({"node_mask": {IPV4: 12, IPV6: 64}}, ("node_mask_too_short", "node_mask")),
        ({"node_mask": {IPV4: 23, IPV6: 51}}, ("node_mask_too_short", "node_mask")),
        ({"node_mask": {IPV4: 23, IPV6: 129}}, ("node_mask_too_short", "node_mask")),
        ({"node_mask": {IPV4: 15, IPV6: 64}}, ("node_mask_not_allowed", "node_mask")),
        ({"node_mask": {IPV4: 23, IPV6: 63}}, ("node_mask_not_allowed", "node_mask")),
        ({"node_mask": {IPV4: 29, IPV6: 64}, "max_pods": 6}, ("node_mask_not_allowed", "node_mask")),
        ({"max_pods": 511}, ("too_many_pods", "max_pods")),
        ({"wanted_nodes": 1023}, ("too_few_nodes", "wanted_nodes")),
        ({"pods": families("243.0.0.0/13", "fd00:10:240::/52")}, ("range_not_allowed", "pods")),
        ({"services": families("10.248.0.0/18", "fd8f:6d53:b97a:1::/112")}, ("range_not_allowed", "services")),
        ({"pods": families("10.240.0.0/13", "fd00:10:240::1/52")}, ("prefix_not_canonical", "pods")),
        ({"pods": {IPV4: WORKED.services[IPV6], IPV6: WORKED.pods[IPV6]}}, ("range_family", "pods")),
        ({"services": {IPV4: WORKED.services[IPV4], IPV6: WORKED.pods[IPV4]}}, ("range_family", "services")),
    ],
)  # fmt: skip
def test_plan_breaks_one_rule(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert broken(replace(WORKED, **changes)) == [expected]


def test_family_that_the_cluster_does_not_have_is_refused_everywhere() -> None:
    plan = replace(only(IPV4), pods=WORKED.pods, services=WORKED.services, node_mask=WORKED.node_mask)
    assert broken(plan) == [("range_family", "pods"), ("range_family", "services"), ("range_family", "node_mask")]


@pytest.mark.parametrize(
    "changes",
    [{"node_mask": {IPV4: 28, IPV6: 124}, "max_pods": 14, "pods": families("10.240.0.0/13", "fd00:10:240::/108")},
     {"services": families("16.0.0.0/12", "fd00:10:248::/108")},
     {"services": families("10.248.0.0/28", "fd00:10:248::/124")},
     {"pods": families("10.240.0.0/13", "fd00:10:240::/48"), "services": families("10.248.0.0/18", "fd01::/112")},
     {"max_pods": 510},
     {"wanted_nodes": 1022}],
)  # fmt: skip
def test_plan_at_the_edge_of_a_rule_holds(changes: dict[str, Any]) -> None:
    assert broken(replace(WORKED, **changes)) == []


def test_all_that_is_wrong_is_reported_together() -> None:
    plan = replace(WORKED, max_pods=600, services=families("10.248.0.0/29", "fd00:10:248::/107"))
    assert sorted(broken(plan)) == [
        ("services_too_large", "services"),
        ("services_too_small", "services"),
        ("too_many_pods", "max_pods"),
    ]


# --- versions and platforms -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("platform", "version", "services", "expected"),
    [
        ("gardener", "1.33", "fd00:10:248::/64", ["services_too_large"]),
        ("gardener", "1.34", "fd00:10:248::/64", []),
        ("gardener", "1.34.1", "fd00:10:240::/63", ["services_too_large"]),
        ("kubernetes", "1.34", "fd00:10:248::/64", []),
        ("kubeadm", "1.34", "fd00:10:248::/64", ["services_too_large"]),
        ("kubeadm", "1.34", "fd00:10:248::/108", []),
    ],
)
def test_large_ipv6_services_depend_on_version_and_platform(
    platform: str, version: str, services: str, expected: list[str]
) -> None:
    plan = only(IPV6, platform=platform, kubernetes_version=version, services=families(services),
                pods=families("fd00:20::/52"), announcable=cidrs("fd00:20::/44"))  # fmt: skip
    assert [code for code, _ in broken(plan)] == expected


@pytest.mark.parametrize(
    ("platform", "expected"), [("kubeadm", ["too_many_node_blocks"]), ("kubernetes", []), ("gardener", [])]
)
def test_only_kubeadm_counts_the_blocks_of_ipv4(platform: str, expected: list[str]) -> None:
    plan = only(IPV4, platform=platform, pods=families("16.0.0.0/9"), node_mask={IPV4: 26}, max_pods=60)
    assert [code for code, _ in broken(plan)] == expected


@pytest.mark.parametrize("platform", ["kubeadm", "kubernetes"])
def test_what_only_gardener_refuses_is_a_warning_elsewhere(platform: str) -> None:
    plan = replace(WORKED, platform=platform, node_mask={IPV4: 29, IPV6: 64}, max_pods=6)
    assert (broken(plan), warned(plan)) == ([], [("node_mask_not_allowed", "node_mask"), DOCUMENTATION])


# --- routes to pods -------------------------------------------------------------------------------
def test_pods_outside_of_the_announcable_cidrs_are_a_warning_with_a_remedy() -> None:
    warning = rules.warnings(replace(WORKED, announcable=cidrs("10.240.0.0/12")))[0]
    assert (warning.code, warning.field) == ("pods_not_announcable", "pods")
    assert warning.detail.endswith("Add fd00:10:240::/52 there.")


def test_pods_that_are_announced_in_part_are_a_warning() -> None:
    plan = replace(WORKED, announcable=cidrs("10.240.0.0/14", "fd00:10:240::/44"))
    assert [str(cidr) for cidr in rules.unannounced(plan)] == ["10.240.0.0/13"]


def test_pods_in_an_overlay_need_no_routes() -> None:
    assert warned(replace(WORKED, announcable=(), native_routing=False)) == [DOCUMENTATION]


# --- space with a meaning of its own ---------------------------------------------------------------
@pytest.mark.parametrize("field", ["nodes", "pods", "services"])
@pytest.mark.parametrize(
    "text",
    ["127.0.0.0/24", "169.254.8.0/24", "224.0.1.0/24", "0.1.0.0/24", "250.0.0.0/24", "126.0.0.0/7",
     "fe80::/112", "ff02::/112", "::/112", "::/64"],
)  # fmt: skip
def test_range_that_is_never_used_is_neither_nodes_nor_pods_nor_services(field: str, text: str) -> None:
    ranges = {**getattr(WORKED, field), **families(text)}
    plan = replace(WORKED, platform="kubernetes", node_mask={IPV4: 32, IPV6: 128}, **{field: ranges})
    assert ("range_not_usable", field) in broken(plan)


def test_reserved_ipv4_is_pods_where_the_setting_allows_it(settings: Any) -> None:
    pods = families("244.0.0.0/16", "fd00:10:240::/52")
    assert broken(replace(WORKED, platform="kubernetes", pods=pods)) == [("range_not_usable", "pods")]
    settings.ALLOW_RESERVED_IPV4 = True
    assert broken(replace(WORKED, platform="kubernetes", pods=pods)) == []
    assert broken(replace(WORKED, platform="gardener", pods=pods)) == [("range_not_allowed", "pods")]


@pytest.mark.parametrize(
    "text",
    ["fec0:10:240::/52", "64:ff9b:1::/52", "2002:10:240::/52", "2001:0:240::/52", "2001:2::/52", "5f00::/52",
     "2001:db8:8000::/52", "3fff::/52", "198.18.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"],
)  # fmt: skip
def test_special_range_is_warned_of_and_accepted(text: str) -> None:
    plan = replace(WORKED, pods={**WORKED.pods, **families(text)}, node_mask={IPV4: 24, IPV6: 64}, max_pods=110)
    assert (broken(plan), warned(plan)[-2:]) == ([], [DOCUMENTATION, ("special_range", "pods")])


def test_range_is_warned_of_once_however_many_special_ones_it_touches() -> None:
    plan = replace(WORKED, pods={**WORKED.pods, **families("2001::/16")})
    assert [one for one in warned(plan) if one == ("special_range", "pods")] == [("special_range", "pods")]


# --- an independent statement of the rules --------------------------------------------------------
def test_rules_agree_with_an_independent_statement() -> None:
    @given(
        version=st.integers(30, 36),
        platform=st.sampled_from(["gardener", "kubeadm", "kubernetes"]),
        pods=st.tuples(st.integers(0, 31), st.integers(8, 28), st.integers(8, 30)),
        services=st.tuples(st.integers(0, 63), st.integers(10, 30)),
        max_pods=st.sampled_from([1, 14, 110, 254, 255, 510]),
    )
    def check(version: int, platform: str, pods: Any, services: Any, max_pods: int) -> None:
        place, length, mask = pods
        pod_range = block(IPV4, ((16 + place) << 24) >> (32 - length) << (32 - length), length)
        service_range = block(IPV4, ((16 + services[0]) << 24) >> (32 - services[1]) << (32 - services[1]), services[1])
        plan = only(
            IPV4, platform=platform, kubernetes_version=f"1.{version}", pods={IPV4: pod_range},
            services={IPV4: service_range}, node_mask={IPV4: mask}, max_pods=max_pods,
        )  # fmt: skip
        apart = pod_range.last < service_range.first or service_range.last < pod_range.first
        holds = (
            mask >= length
            and 2 ** (32 - mask) - 2 >= max_pods
            and apart
            and 16 <= 2 ** (32 - services[1]) <= 2**20
            and (mask - length <= 16 or platform != "kubeadm")
            and (16 <= mask <= 28 or platform != "gardener")
        )
        assert (broken(plan) == []) == holds

    check()
