"""Clusters in the dashboard: the plan before anything happens, then what it holds and the documents that make it."""

from typing import Any

import pytest
import yaml
from django.test import Client

from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, Network, Partition, Project
from tests.builders import IPV4, IPV6, cidrs, worked_example
from tests.shared import shared_fixture

HTMX = {"HTTP_HX_REQUEST": "true"}


@shared_fixture
def asked(tenants: Network, project: Project) -> dict[str, Any]:
    """What an operator types for a dual-stack cluster of 500 nodes."""
    networks.update(tenants, additional_announcable_cidrs=cidrs("10.240.0.0/12", "fd00:10:240::/44"))
    return {
        "name": "web",
        "project": "alice",
        "parent": "tenants",
        "families": "ipv4,ipv6",
        "wanted_nodes": "500",
        "max_pods": "110",
        "platform": "gardener",
        "kubernetes_version": "1.33",
        "native_routing": "on",
    }


@shared_fixture
def web_cluster(private: Network, project: Project) -> Cluster:
    return lifecycle.create(worked_example(project=project, network=private), reserve=True)


def test_preview_shows_both_families_and_what_they_hold_and_keeps_nothing(web: Client, asked: dict[str, Any]) -> None:
    html = web.post("/clusters/new/", {**asked, "preview": "1"}, **HTMX).content.decode()
    for text in ("Room for 512 nodes; IPv4 pods run out first", "10.240.0.0/15", "fd00:10:240::/52", "10.0.0.0/22"):
        assert text in html
    assert ("<html" in html, Cluster.objects.count(), Network.objects.filter(parent="tenants").count()) == (False, 0, 0)


def test_reserving_keeps_what_the_preview_said(web: Client, asked: dict[str, Any]) -> None:
    answer = web.post("/clusters/new/", {**asked, "reserve": "1"})
    made = Cluster.objects.with_plan().get()
    assert answer.url == f"/clusters/{made.pk}/"
    assert (made.state, str(made.pods[IPV4]), made.network.name) == ("reserved", "10.240.0.0/15", "web")


def test_draft_is_saved_and_reserved_later(web: Client, asked: dict[str, Any]) -> None:
    made_at = web.post("/clusters/new/", {**asked, "draft": "1"}).url
    assert "its ranges are not reserved" in web.get(made_at).content.decode()
    assert web.post(f"{made_at}reserve/").url == made_at
    assert Cluster.objects.get().is_reserved


def test_refusal_stands_above_the_form_and_beside_its_field(web: Client, asked: dict[str, Any]) -> None:
    ranges = {"services_ipv4": "10.248.0.0/29", "max_pods": "300", "node_mask_ipv4": "24"}
    html = web.post("/clusters/new/", {**asked, **ranges}).content.decode()
    assert "has 8 addresses; the API server takes the 1st" in html
    assert "has 254 addresses for 300 pods" in html
    assert Cluster.objects.count() == 0


def test_warning_is_no_refusal(web: Client, asked: dict[str, Any]) -> None:
    html = web.post("/clusters/new/", {**asked, "pods_ipv6": "fd00:9::/52", "preview": "1"}, **HTMX).content.decode()
    assert "Add fd00:9::/52 there." in html


def test_existing_network_is_chosen_by_its_id(web: Client, asked: dict[str, Any], private: Network) -> None:
    web.post("/clusters/new/", {**asked, "parent": "", "network": private.pk})
    assert Cluster.objects.get().network == private
    html = web.post("/clusters/new/", {**asked, "parent": "", "network": "nowhere"}).content.decode()
    assert "There is no such network" in html


def test_page_of_a_network_leads_to_a_plan_on_it(web: Client, private: Network, project: Project) -> None:
    assert f"/clusters/new/?network={private.pk}" in web.get(f"/networks/{private.pk}/").content.decode()
    html = web.get(f"/clusters/new/?network={private.pk}").content.decode()
    assert (f'value="{private.pk}"' in html, f'value="{project.pk}"' in html) == (True, True)


def test_unannounced_pods_are_announced_by_a_button(web: Client, web_cluster: Cluster) -> None:
    url = f"/clusters/{web_cluster.pk}/"
    assert f"{url}announce/" in web.get(url).content.decode()
    web.post(f"{url}announce/")
    assert Network.objects.get(pk="tenants").additional_announcable_cidrs == ["10.240.0.0/13", "fd00:10:240::/52"]
    assert f"{url}announce/" not in web.get(url).content.decode()


def test_documents_are_downloaded(web: Client, web_cluster: Cluster) -> None:
    answer = web.get(f"/clusters/{web_cluster.pk}/manifests/gardener/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="web-gardener.yaml"'
    assert next(yaml.safe_load_all(answer.content))["kind"] == "Shoot"
    assert web.get(f"/clusters/{web_cluster.pk}/manifests/nomad/").status_code == 400


def test_cluster_is_released_and_deleted(web: Client, web_cluster: Cluster) -> None:
    url = f"/clusters/{web_cluster.pk}/"
    assert "Release it first" in web.post(f"{url}delete/").content.decode()
    assert web.post(f"{url}release/").url == url
    assert web.post(f"{url}delete/").url == "/clusters/"
    assert Cluster.objects.count() == 0


def test_looking_changes_nothing(web: Client, web_cluster: Cluster) -> None:
    web.get(f"/clusters/{web_cluster.pk}/release/")
    assert Cluster.objects.get().is_reserved


def test_reserved_cluster_is_upgraded_on_its_page(web: Client, web_cluster: Cluster) -> None:
    fields = {"description": "shop", "kubernetes_version": "1.34", "max_pods": "250", "labels": "env=prod"}
    assert web.post(f"/clusters/{web_cluster.pk}/edit/", fields).url == f"/clusters/{web_cluster.pk}/"
    changed = Cluster.objects.get()
    assert (changed.kubernetes_version, changed.description, changed.labels) == ("1.34", "shop", {"env": "prod"})


@shared_fixture
def draft(private: Network, project: Project) -> Cluster:
    return lifecycle.create(worked_example(project=project, network=private))


def shown(web: Client, cluster: Cluster) -> dict[str, str]:
    """What the form of a draft is filled in with, as a browser would send it."""
    fields = web.get(f"/clusters/{cluster.pk}/edit/").context["form"]
    return {field.name: str(field.value()) for field in fields if field.value() not in (None, "", False)}


def test_draft_is_saved_as_it_is_shown(web: Client, draft: Cluster) -> None:
    before = lifecycle.state(draft)
    assert web.post(f"/clusters/{draft.pk}/edit/", shown(web, draft)).url == f"/clusters/{draft.pk}/"
    assert lifecycle.state(Cluster.objects.with_plan().get()) == before


def test_ranges_of_a_draft_are_changed_on_its_page_and_what_is_emptied_is_proposed_again(
    web: Client, draft: Cluster
) -> None:
    kept = draft.services
    wanted = shown(web, draft) | {"pods_ipv4": "10.244.0.0/15", "pods_ipv6": "", "labels": "env=prod"}
    preview = web.post(f"/clusters/{draft.pk}/edit/", wanted | {"preview": "1"}, **HTMX).content.decode()
    assert ("10.244.0.0/15" in preview, "<html" in preview) == (True, False)
    assert Cluster.objects.with_plan().get().pods == draft.pods
    web.post(f"/clusters/{draft.pk}/edit/", wanted)
    changed = Cluster.objects.with_plan().get()
    assert (str(changed.pods[IPV4]), changed.services, changed.labels) == ("10.244.0.0/15", kept, {"env": "prod"})
    assert changed.pods[IPV6] != draft.pods[IPV6]


def test_draft_that_would_break_a_rule_stays_as_it_is(web: Client, draft: Cluster) -> None:
    answer = web.post(f"/clusters/{draft.pk}/edit/", shown(web, draft) | {"pods_ipv4": str(draft.services[IPV4])})
    assert "overlap" in answer.content.decode()
    assert Cluster.objects.with_plan().get().pods == draft.pods


def test_second_family_is_added_step_by_step(
    web: Client, private: Network, project: Project, partition: Partition
) -> None:
    joined = [Attachment(network=private, families=[IPV4])]
    machines.allocate(project=project, partition=partition, networks=joined, name="node")
    old = lifecycle.create(NewCluster(name="old", project=project, network=private, families=[IPV4]), reserve=True)
    url = f"/clusters/{old.pk}/families/"
    html = web.get(url).content.decode()
    assert ("0 of 1 machines" in html, f"/networks/{private.pk}/complete/ipv6/" in html) == (True, True)
    assert (">node</a>" in html, "✓ yes" in html) == (True, True)
    assert "0 of 1 machines" in web.post(url, {"roll_nodes": "on"}).content.decode()
    completion.complete(private, IPV6)
    assert "Confirm that they will be" in web.post(url).content.decode()
    assert web.post(url, {"roll_nodes": "on"}).url == f"/clusters/{old.pk}/"
    assert Cluster.objects.get().families == "ipv4,ipv6"


@pytest.mark.parametrize("text", ["web", "10.240.1.2", "fd00:10:248::a"])
def test_cluster_is_found_by_its_name_and_by_what_lies_in_its_ranges(
    text: str, web: Client, web_cluster: Cluster
) -> None:
    assert f"/clusters/{web_cluster.pk}/" in web.get(f"/search/?q={text}&all=1").content.decode()
