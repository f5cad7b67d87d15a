"""`?dry_run=true`: everything happens, the would-be answer comes back, nothing is kept."""

from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from ipam.domain import addresses, claims, clusters, machines, networks, owners, vrfs
from ipam.domain.cluster_drafts import NewCluster
from ipam.domain.machines import Attachment
from ipam.models import Network, Project
from tests.api.conftest import codes, results
from tests.builders import IPV4, child

ALICE = "{alice}"


@pytest.fixture
def world(mini_lab: Network, home: Network, project: Project) -> dict[str, str]:
    """Something for every write to work on, by the words that the table below uses for it."""
    ipv4_only = networks.create(child(parent=home.parent, project=project, address_family=[IPV4], name="old"))
    (single,) = addresses.allocate(ipv4_only, project=project)
    machine = machines.allocate(project=project, partition=mini_lab.partition, networks=[Attachment(network=home)])
    empty = networks.create(child(parent=home.parent, project=project))
    planned = networks.create(child(parent=home.parent, project=project))
    vrfs.create(id=500)
    other = networks.create(child(parent=home.parent, project=project))
    running = clusters.create(NewCluster(name="running", project=project, network=other, wanted_nodes=50), reserve=True)
    draft = clusters.create(NewCluster(name="draft", project=project, network=planned, wanted_nodes=50))
    return {
        "draft": str(draft.pk),
        "running": str(running.pk),
        "claim": str(claims.claim(mini_lab, project=project, name="vip").pk),
        "alice": str(project.pk),
        "home": home.pk,
        "old": ipv4_only.pk,
        "empty": empty.pk,
        "single": str(single.pk),
        "allocation": str(single.allocation),
        "machine": machine.pk,
        "crew": str(owners.create_project().pk),
        "partition": owners.create_partition(id="fra-1").pk,
    }


WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("post", "partitions/", {"id": "fra-2"}),
    ("patch", "partitions/{partition}/", {"name": "Frankfurt"}),
    ("delete", "partitions/{partition}/", {}),
    ("post", "projects/", {"name": "new"}),
    ("patch", "projects/{crew}/", {"name": "Crew"}),
    ("delete", "projects/{crew}/", {}),
    ("post", "vrfs/", {"id": 600}),
    ("patch", "vrfs/500/", {"name": "blue"}),
    ("delete", "vrfs/500/", {}),
    ("post", "networks/", {"type": "external", "id": "dc", "vrf": 9, "prefixes": ["192.0.2.0/24"]}),
    ("post", "networks/", {"type": "child", "project": ALICE, "parent": "tenants"}),
    ("patch", "networks/{home}/", {"name": "Home"}),
    ("patch", "networks/tenants/", {"prefixes": ["10.0.0.0/16", "10.9.0.0/16", "2001:db8:0:10::/64"]}),
    ("post", "networks/internet-mini-lab/prefixes/", {"prefix": "192.0.2.0/24"}),
    ("post", "networks/{old}/families/", {"address_family": "ipv6"}),
    ("delete", "networks/{empty}/", {}),
    ("post", "ips/", {"network": "internet-mini-lab", "project": ALICE, "count": 3}),
    ("patch", "ips/{single}/", {"type": "static"}),
    ("delete", "ips/{single}/", {}),
    ("delete", "allocations/{allocation}/", {}),
    ("post", "machines/", {"project": ALICE, "partition": "mini-lab", "networks": [{"network": "{home}"}]}),
    ("patch", "machines/{machine}/", {"name": "web"}),
    ("delete", "machines/{machine}/", {}),
    ("post", "clusters/", {"name": "web", "project": ALICE, "parent": "tenants", "wanted_nodes": 50}),
    ("patch", "clusters/{draft}/", {"max_pods": 64}),
    ("post", "clusters/{draft}/reserve/", {}),
    ("delete", "clusters/{draft}/", {}),
    ("post", "clusters/{running}/families/", {"families": ["ipv4"], "roll_nodes": True}),
    ("post", "clusters/{running}/release/", {}),
    ("post", "claims/", {"pool": "internet-mini-lab", "owner": ALICE, "name": "other"}),
    ("delete", "claims/{claim}/", {}),
]
every_write = pytest.mark.parametrize(("verb", "path", "body"), WRITES, ids=[f"{one[0]} {one[1]}" for one in WRITES])


def fill(value: Any, world: dict[str, str]) -> Any:
    """The value with words in braces replaced by the ids that they stand for."""
    if isinstance(value, dict):
        return {name: fill(one, world) for name, one in value.items()}
    if isinstance(value, list):
        return [fill(one, world) for one in value]
    return value.format(**world) if isinstance(value, str) else value


def send(api: APIClient, verb: str, path: str, body: Any, world: dict[str, str], query: str) -> Any:
    return getattr(api, verb)(f"/api/v1/{fill(path, world)}?{query}", fill(body, world))


def everything() -> dict[str, list[Any]]:
    """Every row of every table of ours."""
    models = apps.get_app_config("ipam").get_models()
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@every_write
def test_rehearsal_keeps_nothing(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    before = everything()
    response = send(api, verb, path, body, world, "dry_run=true")
    assert response.status_code in (200, 201), response.json()
    assert "dry_run" in str(response.json())
    assert everything() == before


@every_write
def test_same_request_without_rehearsal_changes_something(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    before = everything()
    assert send(api, verb, path, body, world, "dry_run=false").status_code in (200, 201, 204)
    assert everything() != before


@every_write
def test_misspelt_rehearsal_is_refused_and_changes_nothing(
    api: APIClient, world: dict[str, str], verb: str, path: str, body: dict[str, Any]
) -> None:
    before = everything()
    response = send(api, verb, path, body, world, "dryrun=true")
    assert (response.status_code, codes(response)) == (400, [("dryrun", "invalid")])
    assert everything() == before


@pytest.mark.parametrize("value", ["True", "1", "yes", "", "true "])
def test_rehearsal_is_true_or_false(api: APIClient, value: str) -> None:
    response = api.post(f"/api/v1/partitions/?dry_run={value}", {"id": "fra-1"})
    assert (response.status_code, codes(response)) == (400, [("dry_run", "invalid")])
    assert results(api.get("/api/v1/partitions/")) == []


def test_rehearsed_pair_is_what_the_real_request_gives(api: APIClient, mini_lab: Network, project: Project) -> None:
    body = {"network": mini_lab.pk, "project": str(project.pk)}
    rehearsed = api.post("/api/v1/ips/?dry_run=true", body).json()
    real = api.post("/api/v1/ips/", body).json()
    assert [one["ip"] for one in rehearsed["ips"]] == [one["ip"] for one in real["ips"]]
    assert (rehearsed["dry_run"], "dry_run" in real) == (True, False)


def test_rehearsed_delete_says_that_it_was_one(api: APIClient, home: Network) -> None:
    response = api.delete(f"/api/v1/networks/{home.pk}/?dry_run=true")
    assert (response.status_code, response.json()) == (200, {"dry_run": True})


def test_rehearsed_removal_of_a_prefix_keeps_it(api: APIClient, home: Network) -> None:
    url = "/api/v1/networks/tenants/prefixes/"
    api.post(url, {"prefix": "10.9.0.0/16"})
    assert api.delete(f"{url}?prefix=10.9.0.0/16&dry_run=true").json() == {"dry_run": True}
    assert len(api.get("/api/v1/networks/tenants/").json()["prefixes"]) == 3


def test_rehearsal_is_refused_like_the_real_request(api: APIClient, home: Network) -> None:
    response = api.delete("/api/v1/networks/tenants/?dry_run=true")
    assert (response.status_code, response.json()["code"]) == (409, "has_children")
