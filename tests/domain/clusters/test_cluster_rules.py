"""What a cluster plan must keep: the worked example holds, and each rule has a plan that breaks just this one."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipam.addressing import Family, block
from ipam.domain.clusters import cautions, rules, support
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
    return [(one.code, one.field) for one in cautions.warnings(plan)]


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on which the tables were checked."""
    monkeypatch.setattr(support, "today", lambda: support.CHECKED_ON)


DOCUMENTATION = ("special_range", "nodes")  # of the worked example, 2001:db8::/32
NOT_YET, EGRESS = ("dual_stack_not_supported", "families"), ("pods_without_egress", "pods")


# --- the worked example ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (WORKED, [NOT_YET, EGRESS, DOCUMENTATION]),
        (replace(WORKED, families=(IPV6, IPV4)), [NOT_YET, EGRESS, DOCUMENTATION]),
        (only(IPV6), [EGRESS, DOCUMENTATION]),
        (only(IPV4), []),
    ],
)
def test_worked_example_holds_in_every_order(plan: Plan, expected: list[tuple[str, str]]) -> None:
    assert (broken(plan), warned(plan)) == ([], expected)


def test_capacity_of_the_worked_example() -> None:
    held = capacity(WORKED)
    assert (held.nodes, held.family, held.reason, held.services) == (1020, IPV4, "nodes", 16382)
    assert (held.reserve, held.ipam) == (1, "host-local")
    ipv4, ipv6 = held.families
    assert (ipv4.nodes_by_network, ipv4.nodes_by_pods, ipv4.pods_per_node) == (1022, 1024, 510)
    assert (ipv6.nodes_by_network, ipv6.nodes_by_pods, ipv6.pods_per_node) == (2**32 - 1, 4096, 2**64 - 2)
    assert [str(one.api_server) for one in held.families] == ["10.248.0.1", "fd00:10:248::1"]
    assert [str(one.dns) for one in held.families] == ["10.248.0.10", "fd00:10:248::a"]


def test_firewalls_take_addresses_of_nodes() -> None:
    assert capacity(replace(WORKED, platform="kubeadm", firewalls=2)).nodes == 1020


def test_pods_bind_where_their_blocks_are_fewer() -> None:
    held = capacity(replace(WORKED, pods=families("10.240.0.0/14", "fd00:10:240::/52")))
    assert (held.nodes, held.family, held.reason) == (511, IPV4, "pods")


# --- what is refused ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"pods": families("10.240.0.0/13", "fd00:10:240::/44"), "services": families("10.248.0.0/18", "fd01::/112")},
         [("too_many_node_blocks", "pods")]),
        ({"platform": "kubeadm", "services": families("10.248.0.0/18", "fd00:10:248::/64")},
         [("services_too_large", "services")]),
        ({"pods": families("127.0.0.0/12", "fd00:10:240::/52")}, [("range_not_usable", "pods")]),
        ({"services": families("10.248.0.0/18", "ff02::/112")}, [("range_not_usable", "services")]),
        ({"services": families("169.254.20.0/24", "fd00:10:248::/112")}, [("range_not_usable", "services")]),
    ],
)  # fmt: skip
def test_what_the_worked_example_names_as_refused_is_refused(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert broken(replace(WORKED, **changes)) == expected


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
        ({"services": families("16.0.0.0/11", "fd00:10:248::/112"), "kubernetes_version": "1.33"},
         ("services_too_large", "services")),
        ({"services": families("10.248.0.0/18", "fd00:10:248::/107"), "kubernetes_version": "1.33"},
         ("services_too_large", "services")),
        ({"services": families("10.248.0.0/18", "fd02::/63")}, ("services_too_large", "services")),
        ({"pods": families("10.240.0.0/13", "fd00:10:240::/44"), "services": families("10.248.0.0/18", "fd01::/112")},
         ("too_many_node_blocks", "pods")),
        ({"node_mask": {IPV4: 12, IPV6: 64}}, ("node_mask_too_short", "node_mask")),
        ({"node_mask": {IPV4: 23, IPV6: 51}}, ("node_mask_too_short", "node_mask")),
        ({"node_mask": {IPV4: 23, IPV6: 129}}, ("node_mask_too_short", "node_mask")),
        ({"node_mask": {IPV4: 23, IPV6: 63}}, ("node_mask_not_allowed", "node_mask")),
        ({"native_routing": False}, ("native_routing_required", "native_routing")),
        ({"name": "web--1"}, ("invalid", "name")),
        ({"max_pods": 511}, ("too_many_pods", "max_pods")),
        ({"wanted_nodes": 1021}, ("too_few_nodes", "wanted_nodes")),
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
     {"services": families("16.0.0.0/12", "fd00:10:248::/108"), "kubernetes_version": "1.33"},
     {"services": families("16.0.0.0/8", "fd02::/64")},
     {"node_mask": {IPV4: 29, IPV6: 64}, "max_pods": 6},
     {"max_pods": 511, "ipam": "calico-ipam"},
     {"pods": families("10.240.0.0/19", "fd00:10:240::/60"), "node_mask": {IPV4: 23, IPV6: 64}, "wanted_nodes": 15},
     {"services": families("10.248.0.0/28", "fd00:10:248::/124")},
     {"pods": families("10.240.0.0/13", "fd00:10:240::/48"), "services": families("10.248.0.0/18", "fd01::/112")},
     {"max_pods": 510},
     {"wanted_nodes": 1020}],
)  # fmt: skip
def test_plan_at_the_edge_of_a_rule_holds(changes: dict[str, Any]) -> None:
    assert broken(replace(WORKED, **changes)) == []


def test_all_that_is_wrong_is_reported_together() -> None:
    plan = replace(WORKED, max_pods=600, services=families("10.248.0.0/29", "fd02::/63"))
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
        ("gardener", "1.33", "16.0.0.0/11", ["services_too_large"]),
        ("gardener", "1.34", "16.0.0.0/11", []),
        ("kubeadm", "1.34", "16.0.0.0/11", ["services_too_large"]),
        ("kubeadm", "1.34", "fd00:10:248::/64", ["services_too_large"]),
        ("kubeadm", "1.34", "fd00:10:248::/108", []),
    ],
)
def test_large_services_depend_on_version_and_platform(
    platform: str, version: str, services: str, expected: list[str]
) -> None:
    (family,) = families(services)
    pods = {} if family is IPV4 else {"pods": families("fd00:20::/52")}
    plan = only(family, platform=platform, kubernetes_version=version, services=families(services), **pods)
    assert [code for code, _ in broken(plan)] == expected


@pytest.mark.parametrize(
    ("platform", "expected"), [("kubeadm", ["too_many_node_blocks"]), ("kubernetes", []), ("gardener", [])]
)
def test_only_kubeadm_counts_the_blocks_of_ipv4(platform: str, expected: list[str]) -> None:
    plan = only(IPV4, platform=platform, pods=families("16.0.0.0/9"), node_mask={IPV4: 26}, max_pods=60)
    assert [code for code, _ in broken(plan)] == expected


@pytest.mark.parametrize("platform", ["kubeadm", "kubernetes"])
def test_what_only_gardener_refuses_is_a_warning_elsewhere(platform: str) -> None:
    plan = replace(WORKED, platform=platform, node_mask={IPV4: 23, IPV6: 63})
    assert (broken(plan), warned(plan)) == ([], [EGRESS, ("node_mask_not_allowed", "node_mask"), DOCUMENTATION])


# --- Gardener -------------------------------------------------------------------------------------
@pytest.mark.parametrize("mask", [15, 29])
def test_ipv4_mask_that_gardener_does_not_look_at_is_a_warning(mask: int) -> None:
    masks = {IPV4: mask, IPV6: 64}
    plan = replace(WORKED, node_mask=masks, max_pods=6, pods=families("16.0.0.0/8", "fd00:10:240::/52"))
    assert (broken(plan), ("node_mask_unusual", "node_mask") in warned(plan)) == ([], True)
    assert broken(only(IPV4, node_mask={IPV4: mask}, max_pods=6, pods=families("16.0.0.0/8")))[0][0] == (
        "node_mask_not_allowed"
    )


def test_range_with_the_address_of_node_local_dns_is_a_warning() -> None:
    plan = replace(WORKED, services=families("10.248.0.0/18", "fd30:1319:f1e:230b::/112"))
    assert (broken(plan), ("node_local_dns", "services") in warned(plan)) == ([], True)
    assert ("node_local_dns", "services") not in warned(replace(plan, platform="kubeadm"))


@pytest.mark.parametrize(("project", "expected"), [("p" * 18, []), ("p" * 19, [("name_too_long", "name")]), ("", [])])
def test_names_of_project_and_shoot_have_room_for_21_characters(project: str, expected: list[tuple[str, str]]) -> None:
    assert warned(only(IPV4, name="web", gardener_project=project)) == expected


def test_overlay_carries_ipv6_but_not_with_gardener() -> None:
    plan = replace(WORKED, native_routing=False)
    assert broken(plan) == broken(only(IPV6, native_routing=False)) == [("native_routing_required", "native_routing")]
    assert (broken(replace(plan, platform="kubeadm")), broken(only(IPV4, native_routing=False))) == ([], [])


def test_nodes_that_come_before_others_go_need_room() -> None:
    plan = replace(WORKED, pods=families("10.240.0.0/19", "fd00:10:240::/52"), wanted_nodes=16)
    assert broken(plan) == [("too_few_nodes", "wanted_nodes")]
    assert broken(replace(plan, max_surge=0)) == broken(replace(plan, platform="kubeadm")) == []


def test_wanted_nodes_need_an_address_each_and_one_for_surge_and_firewall() -> None:
    narrow = replace(WORKED, nodes=families("10.0.0.0/27", "2001:db8:0:10::/96"))
    assert (broken(replace(narrow, wanted_nodes=28)), capacity(narrow).nodes) == ([], 28)
    assert broken(replace(narrow, wanted_nodes=29)) == [("too_few_nodes", "wanted_nodes")]


@pytest.mark.parametrize("first", range(240, 245))
def test_gardeners_own_blocks_stay_refused_where_the_setting_allows_reserved_ipv4(first: int, settings: Any) -> None:
    settings.ALLOW_RESERVED_IPV4 = True
    inside = replace(WORKED, pods=families(f"{first}.8.0.0/13", "fd00:10:240::/52"))
    around = only(IPV4, pods=families("240.0.0.0/6"), node_mask={IPV4: 22})
    assert broken(inside) == [("range_not_allowed", "pods")]
    assert {code for code, _ in broken(around)} == {"range_not_allowed"}


def test_calico_takes_blocks_as_it_needs_them() -> None:
    held = capacity(replace(WORKED, ipam="calico-ipam", pods=families("10.240.0.0/19", "fd00:10:240::/52")))
    assert (held.nodes, held.reason, [one.nodes_by_pods for one in held.families]) == (1020, "nodes", [None, None])


def test_further_services_keep_the_rules_of_the_first_ones() -> None:
    further = replace(WORKED, service_cidrs=cidrs("10.249.0.0/18", "10.0.2.0/24", "10.250.0.0/29"))
    assert broken(further) == [("ranges_overlap", "services"), ("services_too_small", "services")]
    assert capacity(replace(WORKED, service_cidrs=cidrs("10.249.0.0/18"))).families[0].services == 2 * 16382


# --- routes to pods -------------------------------------------------------------------------------
def test_further_services_are_for_versions_that_have_them() -> None:
    further = replace(WORKED, service_cidrs=cidrs("10.249.0.0/18", "fd00:10:249::/112"))
    assert broken(replace(further, kubernetes_version="1.32")) == [("version_not_supported", "services")]
    assert broken(replace(further, kubernetes_version="1.33")) == []


def test_further_services_are_sixteen_at_most() -> None:
    ranges = cidrs(*(f"10.249.{number}.0/24" for number in range(17)))
    assert broken(replace(WORKED, service_cidrs=ranges)) == [("invalid", "services")]
    assert broken(replace(WORKED, service_cidrs=ranges[:16])) == []


def test_capacity_is_never_below_zero() -> None:
    held = capacity(replace(WORKED, nodes=families("10.0.0.0/30", "2001:db8:0:10::/96"), max_surge=5))
    assert (held.nodes, held.family, held.reason, [one.nodes for one in held.families]) == (0, IPV4, "nodes", [0, 4091])


def test_pods_outside_of_the_announcable_cidrs_are_a_warning_with_a_remedy() -> None:
    warning = cautions.warnings(replace(WORKED, platform="kubeadm", announcable=cidrs("10.240.0.0/12")))[0]
    assert (warning.code, warning.field) == ("pods_not_announcable", "pods")
    assert warning.detail.endswith("Add fd00:10:240::/52 there.")


def test_pods_that_are_announced_in_part_are_a_warning() -> None:
    plan = replace(WORKED, announcable=cidrs("10.240.0.0/14", "fd00:10:240::/44"))
    assert [str(cidr) for cidr in rules.unannounced(plan)] == ["10.240.0.0/13"]


def test_pods_in_an_overlay_need_no_routes() -> None:
    plan = only(IPV4, announcable=(), native_routing=False)
    assert (broken(plan), warned(plan)) == ([], [])


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


@pytest.mark.parametrize("text", ["64:ff9b::/112", "100::/112", "2001:db8:1::/112", "3fff:1::/112"])
def test_special_range_of_services_is_warned_of_and_accepted(text: str) -> None:
    plan = replace(WORKED, services={**WORKED.services, **families(text)})
    assert (broken(plan), warned(plan)[-1]) == ([], ("special_range", "services"))


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
            and 2 ** (32 - services[1]) >= 16
            and (2 ** (32 - services[1]) <= 2**20 or (version >= 34 and platform != "kubeadm"))
            and (mask - length <= 16 or platform != "kubeadm")
            and (16 <= mask <= 28 or platform != "gardener")
        )
        assert (broken(plan) == []) == holds

    check()
