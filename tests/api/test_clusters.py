"""Clusters and claims over HTTP."""

from typing import Any

import pytest
import yaml
from rest_framework.test import APIClient

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import children, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Claim, Cluster, IPAddress, Network, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, IPV6, child, cidrs
from tests.shared import shared_fixture

URL, CLAIMS = "/api/v1/clusters/", "/api/v1/claims/"
WORKED: dict[str, Any] = {
    "name": "web",
    "pods": {"ipv4": "10.240.0.0/13", "ipv6": "fd00:10:240::/52"},
    "services": {"ipv4": "10.248.0.0/18", "ipv6": "fd00:10:248::/112"},
    "node_mask": {"ipv4": 23, "ipv6": 64},
    "max_pods": 250,
}


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
    assert answer == {
        **asked,
        "description": "",
        "labels": {},
        "state": "draft",
        "platform": "gardener",
        "kubernetes_version": "1.33",
        "families": ["ipv4", "ipv6"],
        "nodes": {"ipv4": "10.0.0.0/22", "ipv6": "2001:db8:0:10::/96"},
        "wanted_nodes": None,
        "native_routing": True,
        "capacity": {
            "nodes": "1022",
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
        "warnings": [
            {
                "code": "special_range",
                "field": "nodes",
                "detail": "nodes 2001:db8:0:10::/96 shares addresses with 2001:db8::/32 (documentation, RFC 3849). "
                "Hosts and routers may treat them in a way of their own: plan other space for anything that lasts.",
            }
        ],
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
    assert [one["code"] for one in answer.json()["warnings"]] == ["pods_not_announcable"] * 2 + ["special_range"]


# --- manifests ------------------------------------------------------------------------------------
def test_manifests_are_answered_by_kind(api: APIClient, asked: dict[str, Any]) -> None:
    url = f"{URL}{api.post(URL, asked).json()['id']}/manifests/"
    (shoot,) = api.get(f"{url}?kind=gardener").json()["manifests"]
    assert (shoot["file_name"], shoot["refusal"]) == ("web-gardener.yaml", "")
    assert next(yaml.safe_load_all(shoot["text"]))["kind"] == "Shoot"
    assert len(api.get(url).json()["manifests"]) == 7
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
    assert (first.status_code, first.json()) == (201, again.json())
    assert {name: first.json()[name] for name in claim} == claim
    assert first.json()["ips"] == ["203.0.113.129", "2001:db8:0:113::1"]


def test_rehearsed_claim_takes_nothing(api: APIClient, claim: dict[str, str]) -> None:
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
