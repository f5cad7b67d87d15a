"""Clusters and claims over HTTP."""

from typing import Any

import pytest
import yaml
from rest_framework.test import APIClient

from ipam.domain.clusters import lifecycle, support
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import children, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Claim, Cluster, IPAddress, Network, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, IPV6, child, cidrs
from tests.shared import shared_fixture
from tests.shoots import KUBEADM

URL, CLAIMS = "/api/v1/clusters/", "/api/v1/claims/"
WORKED: dict[str, Any] = {
    "name": "web",
    "pods": {"ipv4": "10.240.0.0/13", "ipv6": "fd00:10:240::/52"},
    "services": {"ipv4": "10.248.0.0/18", "ipv6": "fd00:10:248::/112"},
    "node_mask": {"ipv4": 23, "ipv6": 64},
    "max_pods": 250,
}


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on which versions were checked."""
    monkeypatch.setattr(support, "today", lambda: support.CHECKED_ON)


@shared_fixture
def asked(home: Network, project: Project) -> dict[str, Any]:
    """A request for the worked example on Alice's private network."""
    assert home.parent
    networks.update(home.parent, additional_announcable_cidrs=cidrs("10.240.0.0/12", "fd00:10:240::/44"))
    return {**WORKED, "project": str(project.pk), "network": home.pk}


def test_worked_example_is_planned_and_answered_in_full(api: APIClient, asked: dict[str, Any]) -> None:
    response = api.post(URL, asked)
    answer = response.json()
    assert response.status_code == 201
    book_keeping = {answer.pop(name) is not None for name in ("id", "created_at", "updated_at")}
    assert book_keeping == {True}
    warnings = [(one["code"], one["field"]) for one in answer.pop("warnings")]
    assert warnings == [
        ("dual_stack_not_supported", "families"),
        ("pods_without_egress", "pods"),
        ("special_range", "nodes"),
    ]
    assert answer == {
        **asked,
        "description": "",
        "labels": {},
        "state": "draft",
        "platform": "gardener",
        "kubernetes_version": "1.35",
        "families": ["ipv4", "ipv6"],
        "nodes": {"ipv4": "10.0.0.0/22", "ipv6": "2001:db8:0:10::/96"},
        "wanted_nodes": None,
        "native_routing": True,
        "ipam": "host-local",
        "max_surge": 1,
        "gardener_project": "",
        "gardener_version": "",
        "is_seed": False,
        "seed": None,
        "service_cidrs": [],
        "migration_step": "",
        "load_balancer_ips": [],
        "api_ips": [],
        "firewall_ips": [],
        "differences": [],
        "capacity": {
            "nodes": "1020",
            "reserve": "1",
            "ipam": "host-local",
            "limiting_family": "ipv4",
            "limited_by": "nodes",
            "services": "16382",
            "ipv4": {
                "nodes_by_network": "1022",
                "nodes_by_pods": "1024",
                "pods_per_node": "510",
                "services": "16382",
                "api_server": "10.248.0.1",
                "dns": "10.248.0.10",
            },
            "ipv6": {
                "nodes_by_network": "4294967295",
                "nodes_by_pods": "4096",
                "pods_per_node": "18446744073709551614",
                "services": "65535",
                "api_server": "fd00:10:248::1",
                "dns": "fd00:10:248::a",
            },
        },
        "generation": 1,
    }


def test_cluster_is_reserved_at_once_with_its_node_network(api: APIClient, asked: dict[str, Any]) -> None:
    del asked["network"]
    answer = api.post(URL, {**asked, "partition": "mini-lab", "reserve": True}).json()
    assert (answer["state"], answer["nodes"]["ipv4"]) == ("reserved", "10.0.4.0/22")


def test_order_of_the_families_is_the_order_of_the_answer(api: APIClient, asked: dict[str, Any]) -> None:
    answer = api.post(URL, {**asked, "families": ["ipv6", "ipv4"]}).json()
    assert answer["families"] == ["ipv6", "ipv4"]
    assert list(answer["pods"]) == ["ipv6", "ipv4"]


@pytest.mark.parametrize(
    ("changes", "status", "expected"),
    [
        ({"services": {"ipv4": "10.248.0.0/29"}}, 400, [("services", "services_too_small")]),
        ({"pods": {"ipv4": "fd00::/52"}}, 400, [("pods", "range_family")]),
        ({"pods": {"ipv5": "10.0.0.0/8"}}, 400, [("pods", "invalid")]),
        ({"pods": {"ipv4": "10.0.0.0/33"}}, 400, [("pods", "invalid_cidr")]),
        ({"families": []}, 400, [("families", "invalid")]),
        ({"families": ["ipv4", "ipv4"]}, 400, [("families", "invalid")]),
        ({"nodes": {}}, 400, [("nodes", "unknown_field")]),
        ({"network": "nowhere"}, 404, [("network", "not_found")]),
        ({"network": None}, 400, [("parent", "required")]),
        ({"pods": {"ipv4": "10.0.64.0/18"}, "node_mask": {}, "max_pods": 110}, 409, [("pods", "overlap")]),
        ({"wanted_nodes": 2000}, 400, [("wanted_nodes", "too_few_nodes")]),
    ],
)
def test_refusal_names_its_field(
    changes: dict[str, Any], status: int, expected: list[tuple[str, str]], api: APIClient, asked: dict[str, Any]
) -> None:
    response = api.post(URL, {**asked, **changes})
    assert (response.status_code, codes(response)) == (status, expected)


def test_life_of_a_cluster(api: APIClient, asked: dict[str, Any], home: Network) -> None:
    url = f"{URL}{api.post(URL, asked).json()['id']}/"
    assert api.patch(url, {"kubernetes_version": "1.34", "pods": {}}).json()["pods"]["ipv4"] == "10.240.0.0/13"
    assert api.post(f"{url}reserve/?dry_run=true").json()["state"] == "reserved"
    assert api.post(f"{url}reserve/").json()["state"] == "reserved"
    assert codes(api.patch(url, {"max_pods": 9, "pods": {}})) == [("pods", "cluster_frozen")]
    assert api.delete(url).json()["code"] == "wrong_state"
    overlapping = api.post("/api/v1/networks/tenants/prefixes/", {"prefix": "10.240.0.0/20"})
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "overlap")
    assert api.post(f"{url}release/").json()["state"] == "released"
    assert api.delete(url).status_code == 204
    assert not Cluster.objects.exists()


def test_clusters_are_found_by_filters(api: APIClient, asked: dict[str, Any], project: Project, home: Network) -> None:
    api.post(URL, asked)
    api.post(URL, {"name": "six", "project": str(project.pk), "parent": "tenants", "families": ["ipv6"]})
    assert results(api.get(URL), "name") == ["six", "web"]
    for query in ("state=draft&families=ipv6", "name=six", "q=SIX", f"project={project.pk}&families=ipv6"):
        assert results(api.get(f"{URL}?{query}"), "name") == ["six"]
    assert results(api.get(f"{URL}?network={home.pk}"), "name") == ["web"]
    assert api.get(f"{URL}?family=ipv6").status_code == 400


def test_warnings_are_no_refusals(api: APIClient, asked: dict[str, Any]) -> None:
    networks.update(Network.objects.get(pk="tenants"), additional_announcable_cidrs=[], force=True)
    answer = api.post(URL, asked)
    warned = [one["code"] for one in answer.json()["warnings"]]
    assert (answer.status_code, warned) == (
        201,
        [
            "dual_stack_not_supported",
            *("pods_not_announcable", "pods_not_announcable"),
            *("pods_without_egress", "special_range"),
        ],
    )


def test_journey_to_500_nodes_ends_with_what_metal_cannot_run_yet(
    api: APIClient, project: Project, tenants: Network, mini_lab: Network
) -> None:
    announcing = {"additional_announcable_cidrs": ["10.240.0.0/12", "fd00:10:240::/44"]}
    assert api.patch("/api/v1/networks/tenants/", announcing).status_code == 200
    body = {"name": "big", "project": str(project.pk), "partition": "mini-lab", "wanted_nodes": 500, "reserve": True}
    tried = api.post(f"{URL}?dry_run=true", body).json()
    made = api.post(URL, body).json()
    assert [(one["pods"], one["services"], one["capacity"]["nodes"]) for one in (tried, made)] == [
        (
            {"ipv4": "10.240.0.0/15", "ipv6": "fd00:10:240::/52"},
            {"ipv4": "10.242.0.0/18", "ipv6": "fd00:10:240:1000::/112"},
            "511",
        )
    ] * 2
    assert (made["state"], made["nodes"]["ipv4"]) == ("reserved", "10.0.0.0/22")
    url = f"{URL}{made['id']}/"
    assert api.post(f"{url}load-balancer-addresses/", {"network": mini_lab.pk}).status_code == 201
    (network,) = api.get(f"{url}manifests/?kind=metal-network").json()["manifests"]
    assert yaml.safe_load(network["text"])["prefixes"] == list(made["nodes"].values())
    (shoot,) = api.get(f"{url}manifests/?kind=gardener").json()["manifests"]
    said = api.get(url).json()["warnings"][0]
    for words in ("metal cannot run dual-stack yet", "never reports status.networking", "Meanwhile IPv4 alone works"):
        assert words in said["detail"]
    assert said["issues"][0].endswith("metal-stack/gardener-extension-provider-metal/issues/439")
    assert f"# {said['detail']}" in shoot["text"].splitlines()


# --- what it has beside its plan ------------------------------------------------------------------
@pytest.fixture
def url(api: APIClient, asked: dict[str, Any]) -> str:
    """Where the worked example is, reserved."""
    return f"{URL}{api.post(URL, {**asked, 'reserve': True}).json()['id']}/"


def test_load_balancer_addresses_are_the_clusters_until_they_go_back(
    api: APIClient, url: str, mini_lab: Network
) -> None:
    asked = {"network": mini_lab.pk, "count": 2}
    tried = api.post(f"{url}load-balancer-addresses/?dry_run=true", asked)
    assert (tried.status_code, len(tried.json()["ips"]), api.get(url).json()["load_balancer_ips"]) == (201, 4, [])
    made = api.post(f"{url}load-balancer-addresses/", asked)
    ips = made.json()["ips"]
    assert (made.status_code, [one["type"] for one in ips]) == (201, ["static"] * 4)
    assert {f"{URL}{one['cluster']}/" for one in ips} == {url}
    assert sorted(api.get(url).json()["load_balancer_ips"]) == sorted(one["ip"] for one in ips)
    assert api.delete(f"/api/v1/ips/{ips[0]['id']}/").json()["code"] == "in_use"
    assert len(results(api.get(f"/api/v1/ips/?cluster={ips[0]['cluster']}"), "ip")) == 4
    assert api.delete(f"{url}load-balancer-addresses/{ips[0]['allocation']}/").status_code == 204
    assert api.delete(f"{url}load-balancer-addresses/{ips[0]['allocation']}/").status_code == 404
    assert api.post(f"{url}load-balancer-addresses/", {**asked, "count": 1000}).json()["code"] == "exhausted"
    assert len(api.get(url).json()["load_balancer_ips"]) == 2


def test_network_of_addresses_is_named_by_its_id_or_its_name(api: APIClient, url: str, mini_lab: Network) -> None:
    networks.update(mini_lab, name="Internet")
    for what in ("load-balancer-addresses", "api-addresses"):
        made = api.post(f"{url}{what}/", {"network": "Internet"})
        assert (made.status_code, {one["network"] for one in made.json()["ips"]}) == (201, {mini_lab.pk})
        assert codes(api.post(f"{url}{what}/", {"network": "nowhere"})) == [("network", "not_found")]
    by_id, by_name = (
        api.get(f"{url}manifests/?kind=gardener&pool={pool}").json() for pool in (mini_lab.pk, "Internet")
    )
    assert by_id == by_name
    assert mini_lab.pk in by_name["manifests"][0]["text"]
    assert codes(api.get(f"{url}manifests/?kind=gardener&pool=nowhere")) == [("pool", "not_found")]


@pytest.mark.parametrize("count", [0, 1001, "x"])
def test_count_of_addresses_is_judged(count: Any, api: APIClient, url: str, mini_lab: Network) -> None:
    answer = api.post(f"{url}load-balancer-addresses/", {"network": mini_lab.pk, "count": count})
    assert codes(answer) == [("count", "invalid")]


def test_api_addresses_are_one_pair(api: APIClient, url: str, mini_lab: Network) -> None:
    assert api.post(f"{url}api-addresses/", {"network": mini_lab.pk}).status_code == 201
    assert api.post(f"{url}api-addresses/", {"network": mini_lab.pk}).json()["code"] == "already_exists"
    assert api.get(url).json()["api_ips"] == ["203.0.113.129", "2001:db8:0:113::1"]


def test_further_services_are_added_and_taken_away(api: APIClient, url: str) -> None:
    made = api.post(f"{url}service-cidrs/", {"services": {"ipv4": "10.249.0.0/18"}})
    assert (made.status_code, made.json()["service_cidrs"]) == (201, ["10.249.0.0/18"])
    assert api.delete(f"{url}service-cidrs/?prefix=10.249.0.0/18").status_code == 204
    assert api.delete(f"{url}service-cidrs/?prefix=10.249.0.0/18").status_code == 404
    api.patch(url, {"kubernetes_version": "1.32"})
    older = api.post(f"{url}service-cidrs/", {"services": {"ipv4": "10.249.0.0/18"}})
    assert (older.status_code, codes(older)) == (400, [("services", "version_not_supported")])


def test_way_back_is_refused_and_steps_are_tracked(api: APIClient, url: str) -> None:
    body = {"families": ["ipv4"], "roll_nodes": True}
    assert api.post(f"{url}families/", body).json()["code"] == "migration_not_supported"
    api.patch(url, {"gardener_version": "1.137"})
    assert api.post(f"{url}families/", body).json()["families"] == ["ipv4"]
    api.post(f"{url}families/", {"families": ["ipv4", "ipv6"], "roll_nodes": True})
    found = api.get(f"{url}migration/").json()
    assert (found["step"], [one["state"] for one in found["steps"]][:2]) == ("spec", ["current", "later"])
    assert api.post(f"{url}migration/", {"done": "spec"}).json()["migration_step"] == "nodes"
    assert api.post(f"{url}migration/", {"done": "spec"}).json()["code"] == "wrong_state"


def test_super_network_is_set_to_strict(api: APIClient, url: str, project: Project) -> None:
    second = api.post("/api/v1/networks/", {"type": "child", "project": str(project.pk), "parent": "tenants"}).json()
    body = {**WORKED, "name": "b", "project": str(project.pk), "network": second["id"], "reserve": True}
    warned = api.post(f"{URL}?dry_run=true", body).json()["warnings"]
    assert [one["field"] for one in warned if one["code"] == "same_range_other_vrf"] == [
        *("pods", "pods", "services", "services"),
    ]
    assert api.patch("/api/v1/networks/tenants/", {"cluster_ranges": "strict"}).json()["cluster_ranges"] == "strict"
    refused = api.post(URL, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "overlap")


def test_running_cluster_is_imported_and_compared(api: APIClient, project: Project, home: Network) -> None:
    body = {"project": str(project.pk), "network": home.pk, "document": KUBEADM}
    made = api.post(f"{URL}import/", body)
    assert (made.status_code, made.json()["state"], made.json()["platform"]) == (201, "reserved", "kubeadm")
    url = f"{URL}{made.json()['id']}/"
    changed = api.post(f"{url}document/", {"document": KUBEADM.replace("maxPods: 250", "maxPods: 200")})
    assert changed.json()["differences"] == ["max_pods is 200, and planned as 250"]
    found = api.get("/api/v1/findings/?code=differs_from_document").json()["results"]
    assert [one["severity"] for one in found] == ["warning"]


# --- manifests ------------------------------------------------------------------------------------
def test_manifests_are_answered_by_kind(api: APIClient, asked: dict[str, Any]) -> None:
    url = f"{URL}{api.post(URL, asked).json()['id']}/manifests/"
    (shoot,) = api.get(f"{url}?kind=gardener").json()["manifests"]
    assert (shoot["file_name"], shoot["refusal"]) == ("web-gardener.yaml", "")
    assert next(yaml.safe_load_all(shoot["text"]))["kind"] == "Shoot"
    assert len(api.get(url).json()["manifests"]) == 11
    assert codes(api.get(f"{url}?kind=nomad")) == [("kind", "invalid")]
    assert codes(api.get(f"{url}?knd=gardener")) == [("knd", "invalid")]


# --- one family, then two -------------------------------------------------------------------------
def test_running_cluster_gains_its_second_family(api: APIClient, tenants: Network, project: Project) -> None:
    narrow = networks.create(child(parent=tenants, project=project, address_family=[IPV4]))
    assert tenants.partition
    machines.allocate(project=project, partition=tenants.partition, networks=[Attachment(network=narrow)])
    cluster = lifecycle.create(NewCluster(name="web", project=project, network=narrow), reserve=True)
    url = f"{URL}{cluster.pk}/families/"
    answer = api.get(url).json()
    assert (answer["families"], answer["machines"], answer["machines_ready"]) == (["ipv4", "ipv6"], 1, 0)
    assert [one["code"] for one in answer["preconditions"] if not one["is_met"]] == [
        "network_has_both",
        "machines_have_both",
        "nodes_roll",
    ]
    body = {"families": ["ipv4", "ipv6"], "roll_nodes": True}
    refused = api.post(url, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "migration_not_ready")
    children.add_family(narrow, IPV6)
    completion.complete(narrow, IPV6)
    assert api.post(f"{url}?dry_run=true", body).json()["families"] == ["ipv4", "ipv6"]
    assert api.post(url, body).json()["node_mask"] == {"ipv4": 24, "ipv6": 64}


# --- claims ---------------------------------------------------------------------------------------
@pytest.fixture
def claim(mini_lab: Network, project: Project) -> dict[str, str]:
    return {"pool": mini_lab.pk, "name": "prod/vip", "owner": str(project.pk)}


def test_same_name_claims_the_same_pair(api: APIClient, claim: dict[str, str]) -> None:
    first, again = api.post(CLAIMS, claim), api.post(CLAIMS, claim)
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert {name: first.json()[name] for name in claim} == claim
    assert [one["ip"] for one in first.json()["ips"]] == ["203.0.113.129", "2001:db8:0:113::1"]


def test_dry_run_of_a_claim_takes_nothing(api: APIClient, claim: dict[str, str]) -> None:
    assert api.post(f"{CLAIMS}?dry_run=true", claim).json()["dry_run"] is True
    assert not Claim.objects.exists()


def test_claim_is_released_by_its_name(api: APIClient, claim: dict[str, str], mini_lab: Network) -> None:
    api.post(CLAIMS, claim)
    held = IPAddress.objects.count()
    assert api.delete(CLAIMS, QUERY_STRING="pool=internet-mini-lab&name=prod/vip").status_code == 400
    query = "&".join(f"{name}={value}" for name, value in claim.items())
    assert api.delete(f"{CLAIMS}?{query}").status_code == 204
    assert IPAddress.objects.count() == held - 2
    assert api.delete(f"{CLAIMS}?{query}").status_code == 404


def test_claims_are_found_and_released_by_their_id(api: APIClient, claim: dict[str, str]) -> None:
    made = api.post(CLAIMS, claim).json()
    assert results(api.get(f"{CLAIMS}?pool={claim['pool']}&name=prod/vip"), "ips") == [made["ips"]]
    assert api.get(f"{CLAIMS}{made['id']}/").json() == made
    assert api.delete(f"/api/v1/allocations/{made['allocation']}/").json()["code"] == "in_use"
    assert api.delete(f"{CLAIMS}{made['id']}/").status_code == 204


def test_claim_of_another_projects_network_is_refused(
    api: APIClient, home: Network, stranger: Project, claim: dict[str, str]
) -> None:
    response = api.post(CLAIMS, {**claim, "pool": home.pk, "owner": str(stranger.pk)})
    assert codes(response) == [("project", "wrong_project")]
