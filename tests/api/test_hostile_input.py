"""Whatever is sent: an answer in problem details with a code, never a 500, and nothing changes."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import addresses
from ipam.models import Network, Project
from tests.api.conftest import codes
from tests.builders import families
from tests.shared import shared_fixture

V1 = "/api/v1/"
HUGE = 2**63
WRONG_TYPES = [None, True, 1, -1, 1.5, HUGE, 10**400, "", "x", [], [[]], [None], {}, {"x": {}}, "\0", "\ud800", "٣"]
BAD_CIDRS = [
    "10.0.0.0",
    "10.0.0.0/",
    "/24",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/024",
    "10.0.0.0/२४",
    "10.0.0.0/24/24",
    "10.0.0.0/255.255.255.0",
    "10.0.0.1/24",
    "010.0.0.0/24",
    "10.0/16",
    "10.0.0.0 /24",
    " 10.0.0.0/24",
    "10.0.0.0/24\n",
    "0x0a.0.0.0/8",
    "１０.0.0.0/24",
    "256.0.0.0/8",
    "2001:db8::/129",
    "2001:db8::1/64",
    "2001:db8:::/64",
    "2001:db8::%eth0/64",
    "::ffff:10.0.0.0/120",
    "fe80::1%1/64",
    "12345::/16",
    "10.0.0.0/" + "9" * 5000,
    "9" * 100_000,
    "\0",
    "\ud800/24",
]
BAD_ADDRESSES = [
    "203.0.113",
    "203.0.113.200/32",
    "203.0.113.0200",
    "203.0.113.256",
    "203.0.113.-1",
    "3405803976",
    "0xcb.0.113.200",
    "２03.0.113.200",
    "::ffff:203.0.113.200",
    "2001:db8:0:113::1%eth0",
    "2001:db8:0:113::1::",
    "",
    " 203.0.113.200",
    "203.0.113.200\n",
    "\0",
    "\ud800",
    "9" * 100_000,
]
EXTERNAL: dict[str, Any] = {"id": "dc", "type": "external", "vrf": 9, "prefixes": ["192.0.2.0/24"]}
SUPER: dict[str, Any] = {
    "id": "more",
    "type": "super",
    "prefixes": ["10.64.0.0/16", "2001:db8:64::/48"],
    "default_child_prefix_length": {"ipv4": 22, "ipv6": 64},
}
COLLECTIONS = (
    *("partitions", "projects", "vrfs", "networks", "prefixes", "ips", "machines", "clusters", "claims", "quotas"),
)
# A request that would work, for each endpoint; each test spoils it in one place.
GOOD: dict[str, dict[str, Any]] = {
    "partitions/": {"id": "fra-1", "name": "a", "description": "a", "labels": {}},
    "projects/": {"id": "4b9b17c4-2d7c-4190-ae95-dda44e430fa6", "name": "a", "tenant": "a"},
    "vrfs/": {"id": 9, "name": "a"},
    "networks/": SUPER
    | {"min_child_prefix_length": {"ipv4": 20}, "vrf": 9, "vrf_shared": True, "stack": "dual", "nat_type": "none"}
    | {"partition": None, "parent": None, "additional_announcable_cidrs": [], "destination_prefixes": []},
    "ips/": {"network": "internet-mini-lab", "project": "{alice}", "type": "static", "count": 1, "labels": {}}
    | {"address_family": "ipv4", "machine": None, "shared": None},
    "machines/": {"id": "m1", "project": "{alice}", "partition": "mini-lab", "role": "machine", "hostname": "h"}
    | {"networks": [{"network": "{home}", "auto": True, "address_family": "ipv4", "ips": []}]},
    "clusters/": {"name": "web", "project": "{alice}", "network": "{home}", "parent": None, "partition": None}
    | {"platform": "kubeadm", "kubernetes_version": "1.33", "families": ["ipv4"], "pods": {"ipv4": "10.240.0.0/14"}}
    | {"services": {"ipv4": "10.248.0.0/18"}, "node_mask": {"ipv4": 24}, "max_pods": 110, "wanted_nodes": 500}
    | {"native_routing": True, "reserve": True, "labels": {}, "ipam": "host-local", "max_surge": 1, "is_seed": False}
    | {"gardener_project": "team", "gardener_version": "1.150", "seed": None},
    "clusters/{running}/load-balancer-addresses/": {"network": "internet-mini-lab", "count": 1},
    "clusters/{running}/api-addresses/": {"network": "internet-mini-lab"},
    "clusters/{running}/service-cidrs/": {"services": {"ipv4": "10.251.0.0/24"}},
    "clusters/{running}/document/": {"document": "kind: Shoot"},
    "clusters/import/": {"project": "{alice}", "network": "{home}", "name": "old", "document": "kind: Shoot"},
    "clusters/{running}/families/": {"families": ["ipv4"], "roll_nodes": True, "pods": {}, "services": {}}
    | {"node_mask": {}},
    "claims/": {"pool": "internet-mini-lab", "name": "a", "owner": "{alice}", "address_family": "ipv4", "labels": {}},
    "quotas/": {"project": "{alice}", "network": "internet-mini-lab", "address_family": "ipv4"}
    | {"resource": "addresses", "limit": "9"},
    "networks/internet-mini-lab/prefixes/": {"prefix": "192.0.2.0/24", "gateway": "192.0.2.1"},
    "networks/internet-mini-lab/complete/": {"address_family": "ipv4", "limit": 1},
    "networks/{home}/families/": {"address_family": "ipv6", "length": 96},
}
# What is no mistake where a field says so.
FINE: dict[str, list[Any]] = {
    "quotas/network": [None],
    "gateway": [None],
    "quotas/limit": [1, 2**63],
    "name": ["", "x", "٣"],
    "description": ["", "x", "٣"],
    "tenant": ["", "x", "٣"],
    "hostname": ["", "x", "٣"],
    "labels": [{}],
    "id": [None, "", 1],
    "partition": [None],
    "parent": [None],
    "machine": [None],
    "shared": [None],
    "vrf": [None, 1],
    "vrf_shared": [True],
    "destination_prefixes": [[]],
    "additional_announcable_cidrs": [[]],
    "min_child_prefix_length": [{}],
    "pods": [{}],
    "services": [{}],
    "node_mask": [{}],
    "max_pods": [1],
    "wanted_nodes": [None, 1],
    "native_routing": [True],
    "reserve": [True],
    "max_surge": [None, 1],
    "gardener_project": ["", "x", "٣"],
    "gardener_version": [""],
    "is_seed": [True],
    "seed": [None],
    "roll_nodes": [True],
    "count": [1],
    "limit": [1],
}
FIELDS = [(path, field) for path, body in GOOD.items() for field in body]


@shared_fixture
def world(mini_lab: Network, home: Network, project: Project) -> dict[str, str]:
    """The ids that the table uses in braces."""
    ranges = {"pods": families("10.16.0.0/14"), "services": families("10.20.0.0/18")}
    planned = NewCluster(name="running", project=project, parent=home.parent, gardener_version="1.137", **ranges)
    running = lifecycle.create(planned, reserve=True)
    return {"alice": str(project.pk), "home": home.pk, "running": str(running.pk)}


def fill(text: str, world: dict[str, str]) -> str:
    for word, id in world.items():
        text = text.replace("{" + word + "}", id)
    return text


def ascii_start(value: Any) -> str:
    return ascii(value)[:40]


def raw(api: APIClient, verb: str, path: str, body: str | bytes, content_type: str = "application/json") -> Any:
    return api.generic(verb, f"{V1}{path}", body, content_type=content_type)


def everything() -> dict[str, list[Any]]:
    """Every row of every table of ours."""
    models = apps.get_app_config("ipam").get_models()
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def is_fine(path: str, field: str, value: Any) -> bool:
    fine = FINE.get(f"{path}{field}", FINE.get(field, []))
    return any(value == one and type(value) is type(one) for one in fine)


def assert_refused(response: Any) -> None:
    """4xx, in problem details, with a code and at least a sentence."""
    assert 400 <= response.status_code < 500, (response.status_code, response.content[:300])
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"]
    assert problem["detail"]
    assert problem["status"] == response.status_code


@pytest.mark.parametrize(("path", "field"), FIELDS)
def test_value_of_a_wrong_type_is_refused(api: APIClient, world: dict[str, str], path: str, field: str) -> None:
    before = everything()
    for value in WRONG_TYPES:
        if not is_fine(path, field, value):
            assert_refused(raw(api, "POST", fill(path, world), fill(json.dumps(GOOD[path] | {field: value}), world)))
    assert everything() == before


@pytest.mark.parametrize("path", GOOD)
def test_requests_of_these_tables_work_before_they_are_spoiled(
    api: APIClient, world: dict[str, str], path: str
) -> None:
    body = GOOD[path] if path != "networks/{home}/families/" else {"address_family": "ipv6"}
    response = raw(api, "POST", fill(path, world), fill(json.dumps(body), world))
    assert response.status_code in (200, 201) or response.json()["code"] == "already_exists", response.json()


@pytest.mark.parametrize("path", GOOD)
def test_unknown_field_is_refused(api: APIClient, world: dict[str, str], path: str) -> None:
    before = everything()
    for name in ("colour", "", "\0", "__class__", "pk", "generation", "x" * 10_000):
        response = raw(api, "POST", fill(path, world), fill(json.dumps(GOOD[path] | {name: 1}), world))
        assert_refused(response)
        assert "unknown_field" in [code for _, code in codes(response)]
    assert everything() == before


@pytest.mark.parametrize("cidr", BAD_CIDRS, ids=ascii_start)
def test_bad_cidr_is_refused_wherever_one_goes(api: APIClient, world: dict[str, str], cidr: str) -> None:
    before = everything()
    for field in ("prefixes", "destination_prefixes", "additional_announcable_cidrs"):
        assert_refused(raw(api, "POST", "networks/", json.dumps(SUPER | {field: [cidr]})))
    assert_refused(raw(api, "POST", "networks/", json.dumps(EXTERNAL | {"prefixes": [cidr]})))
    assert_refused(raw(api, "PATCH", "networks/tenants/", json.dumps({"prefixes": [cidr]})))
    assert_refused(raw(api, "POST", "networks/internet-mini-lab/prefixes/", json.dumps({"prefix": cidr})))
    assert_refused(
        api.delete(f"{V1}networks/internet-mini-lab/prefixes/?{urlencode({'prefix': cidr}, errors='replace')}")
    )
    assert everything() == before


@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=ascii_start)
def test_bad_address_is_refused_wherever_one_goes(api: APIClient, world: dict[str, str], address: str) -> None:
    before = everything()
    body = {"network": "internet-mini-lab", "project": world["alice"]}
    assert_refused(raw(api, "POST", "ips/", json.dumps(body | {"ip": address})))
    assert_refused(raw(api, "POST", "ips/", json.dumps(body | {"ip": [address]})))
    attachment = {"network": world["home"], "ips": [address]}
    machine = {"project": world["alice"], "partition": "mini-lab", "networks": [attachment]}
    assert_refused(raw(api, "POST", "machines/", json.dumps(machine)))
    assert everything() == before


BODIES = {
    "empty": "",
    "white": "   ",
    "array": "[]",
    "array of objects": '[{"id": 9}]',
    "string": '"x"',
    "number": "9",
    "null": "null",
    "true": "true",
    "cut off": '{"id": 9',
    "trailing comma": '{"id": 9,}',
    "single quotes": "{'id': 9}",
    "two objects": '{"id": 9} {"id": 10}',
    "comment": '{"id": 9} // nine',
    "NaN": '{"id": NaN}',
    "Infinity": '{"id": -Infinity}',
    "1e400": '{"id": 1e400}',
    "fraction": '{"id": 9.0}',
    "too many digits": '{"id": ' + "9" * 5000 + "}",
    "duplicate keys": '{"id": 9, "id": 10}',
    "duplicate keys, deeper": '{"id": 9, "labels": {"a": "b", "a": "c"}}',
    "deep arrays": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "deep and closed": '{"id": 9, "labels": ' + '{"a":' * 500 + "{}" + "}" * 500 + "}",
    "null character": '{"id": 9, "name": "a\\u0000b"}',
    "raw null byte": '{"id": 9, "name": "a\0b"}',
    "lone surrogate": '{"id": 9, "name": "\\ud800"}',
    "lone surrogate in a key": '{"id": 9, "labels": {"\\udfff": "a"}}',
    "escape character": '{"id": 9, "name": "\\u001b[31m"}',
    "name too long": '{"id": 9, "name": "' + "x" * 256 + '"}',
    "description too long": '{"id": 9, "description": "' + "x" * 2001 + '"}',
    "too many labels": json.dumps({"id": 9, "labels": {str(number): "x" for number in range(101)}}),
    "label value too long": json.dumps({"id": 9, "labels": {"a": "x" * 2001}}),
    "label key too long": json.dumps({"id": 9, "labels": {"x" * 256: "a"}}),
    "label without a key": '{"id": 9, "labels": {"": "a"}}',
    "label that is null": '{"id": 9, "labels": {"a": null}}',
    "10 MB": '{"id": 9, "name": "' + "x" * 10_000_000 + '"}',
    "no UTF-8": b'{"id": 9, "name": "\xff\xfe"}',
    "multipart": b"--x\r\n",
}


@pytest.mark.parametrize("name", BODIES)
def test_hostile_body_is_refused(api: APIClient, db: None, name: str) -> None:
    before = everything()
    assert_refused(raw(api, "POST", "vrfs/", BODIES[name]))
    assert everything() == before


@pytest.mark.parametrize(
    "text", ["Ａ-１", "p\u202e-1", "p-\u200b1", "ｐ-1", "p-١", "İx", "ǆx", "x" * 5000, "../x", "a\nb", "ab\n"]
)
def test_unicode_tricks_make_no_id(api: APIClient, db: None, text: str) -> None:
    assert_refused(raw(api, "POST", "partitions/", json.dumps({"id": text})))
    assert everything()["Partition"] == []


@pytest.mark.parametrize("count", [0, -1, 1001, HUGE, -HUGE, 10**400, 1.0, "1", True, None, [1]])
def test_count_is_a_small_positive_integer(api: APIClient, world: dict[str, str], count: Any) -> None:
    before = everything()
    body = {"network": "internet-mini-lab", "project": world["alice"], "count": count}
    assert_refused(raw(api, "POST", "ips/", json.dumps(body)))
    assert everything() == before


HOSTILE_IDS = [
    "0",
    "-1",
    str(HUGE),
    "9" * 400,
    "%00",
    "a%00b",
    "%ff",
    "%ED%A0%80",
    "%D9%A3",
    "１",
    "..",
    "%2e%2e%2f",
    "a%2Fb",
    "1e3",
    "0x1",
    "1.0",
    " 1",
    "%27%20OR%201=1",
    "x" * 5000,
    "{00000000-0000-0000-0000-000000000001}",
    "00000000000000000000000000000001",
    "null",
    "-",
]


@pytest.mark.parametrize("id", HOSTILE_IDS, ids=ascii_start)
def test_hostile_id_in_the_address_finds_nothing(api: APIClient, world: dict[str, str], id: str) -> None:
    before = everything()
    for kind in (
        "partitions",
        "projects",
        "vrfs",
        "networks",
        "prefixes",
        "ips",
        "machines",
        "clusters",
        "claims",
        "quotas",
    ):
        for verb in ("GET", "PATCH", "DELETE"):
            assert_refused(raw(api, verb, f"{kind}/{id}/", "{}"))
    for path in (f"allocations/{id}/", f"networks/{id}/prefixes/?prefix=10.0.0.0/8"):
        assert_refused(raw(api, "DELETE", path, ""))
    for path in (f"clusters/{id}/families/", f"clusters/{id}/manifests/"):
        assert_refused(raw(api, "GET", path, ""))
    for path in (f"networks/{id}/free/", f"prefixes/{id}/map/", f"prefixes/{id}/free/"):
        assert_refused(raw(api, "GET", path, ""))
    assert everything() == before


HOSTILE_VALUES = [
    "%00",
    "%ff",
    "%ED%A0%80",
    "%D9%A3",
    "9" * 400,
    str(HUGE),
    "-1",
    "1e3",
    "NaN",
    "Infinity",
    "%27",
    "[]",
]
PARAMETERS = ["id", "vrf", "asn", "parent", "length", "project", "ip", "within", "contains", "machine", "label", "q"]
PARAMETERS += [
    "families",
    "owner",
    "pool",
    "state",
    "name",
    "network",
    "allocation",
    "limit",
    "cursor",
    "ordering",
    "prefix",
    "destination_prefix",
    "namespace",
]


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_hostile_query_is_answered_or_refused(api: APIClient, world: dict[str, str], value: str) -> None:
    for kind in (
        "partitions",
        "projects",
        "vrfs",
        "networks",
        "prefixes",
        "ips",
        "machines",
        "clusters",
        "claims",
        "quotas",
    ):
        for parameter in PARAMETERS:
            response = api.get(f"{V1}{kind}/?{parameter}={value}")
            assert response.status_code in (200, 400), (kind, parameter, response.content[:300])


@pytest.mark.parametrize("query", ["&&&", "=", "%", "?", "limit=1&limit=x", "label=%00=%00", "label==", "a" * 5000])
def test_hostile_query_string_is_answered_or_refused(api: APIClient, world: dict[str, str], query: str) -> None:
    assert api.get(f"{V1}networks/?{query}").status_code in (200, 400)


@pytest.mark.parametrize("query", ["length=-1", "length=1e3", "length=٣", "address_family=ipv5", "namespace=x", "x=1"])
def test_hostile_question_about_free_space_is_refused(api: APIClient, world: dict[str, str], query: str) -> None:
    assert_refused(api.get(f"{V1}networks/tenants/free/?{query}"))


def test_halves_are_counted_before_any_is_looked_at(api: APIClient, db: None) -> None:
    answer = api.post(f"{V1}allocations/join/", {"ips": ["x"] * 50_000})
    assert codes(answer) == [("ips", "invalid")]


def test_parting_an_allocation_takes_no_field(api: APIClient, mini_lab: Network, project: Project) -> None:
    (first, _) = addresses.allocate(mini_lab, project=project)
    answer = api.post(f"{V1}allocations/{first.allocation}/part/", {"x": 1})
    assert codes(answer) == [("x", "unknown_field")]
