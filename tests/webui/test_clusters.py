"""Clusters in the dashboard: the plan before anything happens, then what it holds and the documents that make it."""

from typing import Any

import pytest
import yaml
from django.test import Client

from ipam.domain.clusters import belongings, lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import addresses, completion, machines, networks
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import Cluster, IPAddress, Network, Partition, Project
from tests.builders import IPV4, IPV6, cidrs, worked_example
from tests.shared import shared_fixture
from tests.shoots import KUBEADM

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
        "kubernetes_version": "1.35",
        "native_routing": "on",
    }


@shared_fixture
def web_cluster(private: Network, project: Project) -> Cluster:
    return lifecycle.create(worked_example(project=project, network=private), reserve=True)


def test_preview_shows_both_families_and_what_they_hold_and_keeps_nothing(web: Client, asked: dict[str, Any]) -> None:
    html = web.post("/clusters/new/", {**asked, "preview": "1"}, **HTMX).content.decode()
    for text in ("Room for 511 nodes; IPv4 pods run out first", "10.240.0.0/15", "fd00:10:240::/52", "10.0.0.0/22"):
        assert text in html
    assert ("<html" in html, Cluster.objects.count(), Network.objects.filter(parent="tenants").count()) == (False, 0, 0)


def test_journey_to_500_nodes_ends_with_what_metal_cannot_run_yet(web: Client, asked: dict[str, Any]) -> None:
    preview = web.post("/clusters/new/", {**asked, "preview": "1"}, **HTMX).content.decode()
    page = web.post("/clusters/new/", {**asked, "reserve": "1"}).url
    for html in (preview, web.get(page).content.decode()):
        assert "Room for 511 nodes; IPv4 pods run out first" in html
        for words in ("metal cannot run dual-stack yet", "Meanwhile IPv4 alone works", "/issues/439"):
            assert words in html
        assert html.index("It will not come up yet") < html.index("metal cannot run dual-stack yet")
        assert html.index("It will not come up yet") < html.index("10.0.0.0/22")
    shoot = web.get(f"{page}manifests/gardener/").content.decode()
    assert "# metal cannot run dual-stack yet: its extension never reports status.networking" in shoot
    assert "Meanwhile IPv4 alone works here" in shoot


def test_steps_of_a_migration_are_done_on_the_page(web: Client, web_cluster: Cluster) -> None:
    Cluster.objects.update(migration_step="spec", gardener_project="team")
    url = f"/clusters/{web_cluster.pk}/"
    assert "kubectl -n garden-team patch shoot web" in web.get(url).content.decode()
    assert web.post(f"{url}migration/", {"done": "spec"}).url == url
    assert "rollout-workers=workers" in web.get(url).content.decode()
    web.post(f"{url}migration/", {"done": "dns"})
    assert "Only that can be done next" in web.get(url).content.decode()
    assert Cluster.objects.get().migration_step == "nodes"


def test_cluster_that_runs_is_registered_and_compared(web: Client, private: Network, project: Project) -> None:
    fields = {"project": "alice", "network": private.pk, "document": KUBEADM}
    url = web.post("/clusters/import/", fields).url
    assert Cluster.objects.get().is_reserved
    assert "no Shoot" in web.post(f"{url}document/", {"document": "kind: Pod"}).content.decode()
    assert web.post(f"{url}document/", {"document": KUBEADM.replace("maxPods: 250", "maxPods: 200")}).url == url
    assert "max_pods is 200, and planned as 250" in web.get(url).content.decode()


def test_cluster_whose_document_says_no_name_is_asked_for_one(web: Client, private: Network, project: Project) -> None:
    fields = {"project": "alice", "network": private.pk, "document": KUBEADM.replace("clusterName: ", "was: ")}
    assert "clusterName" not in fields["document"]
    answer = web.post("/clusters/import/", fields)
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["name"])
    web.post("/clusters/import/", {**fields, "name": "shop"})
    assert Cluster.objects.get().name == "shop"


def test_document_keeps_the_indentation_of_its_first_line(web: Client, private: Network, project: Project) -> None:
    document = "".join(f"  {line}" for line in KUBEADM.split("---")[0].strip().splitlines(keepends=True))
    web.post("/clusters/import/", {"project": "alice", "network": private.pk, "name": "shop", "document": document})
    assert Cluster.objects.get().is_reserved


def test_forms_of_clusters_offer_networks_by_pickers_however_many_there_are(
    web: Client, web_cluster: Cluster, tenants: Network, private: Network
) -> None:
    pages = ["/clusters/new/", "/clusters/import/", f"/clusters/{web_cluster.pk}/load-balancer-addresses/"]
    assert [page for page in pages if "<option" in _field(web, page, "network")] == []
    found = [web.get(f"/choices/{kind}/").content.decode() for kind in ("super-networks", "child-networks")]
    assert [("tenants" in one, str(private) in one) for one in found] == [(True, False), (False, True)]


def _field(web: Client, page: str, name: str) -> str:
    return str(web.get(page).context["form"][name])


def test_addresses_of_a_cluster_are_taken_and_given_back_on_its_page(
    web: Client, web_cluster: Cluster, internet: Network, underlay: Network
) -> None:
    url = f"/clusters/{web_cluster.pk}/"
    assert (
        "1000" in web.post(f"{url}load-balancer-addresses/", {"network": "internet", "count": "1001"}).content.decode()
    )
    assert web.post(f"{url}load-balancer-addresses/", {"network": "internet", "count": "2"}).url == url
    assert web.post(f"{url}api-addresses/", {"network": "internet"}).url == url
    assert f'hx-get="{url}belongings/"' in web.get(url).content.decode()
    html = web.get(f"{url}belongings/").content.decode()
    assert (html.count("Give back"), html.count('<span class="badge">load balancer</span>')) == (6, 2)
    assert ('<span class="badge">API</span>' in html, f"{url}api-addresses/" in html) == (True, False)
    one = IPAddress.objects.filter(cluster=web_cluster, family=4).order_by("address")[0]
    for page in (
        "/addresses/",
        f"/addresses/?cluster={web_cluster.pk}",
        "/networks/internet/",
        f"/addresses/{one.pk}/",
    ):
        assert f'href="{url}"' in web.get(page).content.decode()
    back = f"{url}allocations/{one.allocation}/release/"
    assert "others may get them then" in web.get(back).content.decode()
    assert web.post(back).url == url
    assert IPAddress.objects.filter(cluster=web_cluster).count() == 4


def test_further_services_are_added_and_taken_away_on_its_page(web: Client, web_cluster: Cluster) -> None:
    url = f"/clusters/{web_cluster.pk}/"
    assert "overlap" in web.post(f"{url}services/", {"ipv4": "10.248.0.0/20"}).content.decode()
    assert web.post(f"{url}services/", {"ipv4": "10.249.0.0/18", "ipv6": "fd00:10:249::/112"}).url == url
    html = web.get(f"{url}belongings/").content.decode()
    assert html.count('<span class="badge">further services</span>') == 2
    assert f"{url}services/10.249.0.0/18/remove/" in html
    assert web.post(f"{url}services/10.249.0.0/18/remove/").url == url
    assert Cluster.objects.with_plan().get().service_cidrs == cidrs("fd00:10:249::/112")
    assert web.get(f"{url}services/nothing/remove/").status_code == 400


def test_seed_is_chosen_among_those_that_are(
    web: Client, asked: dict[str, Any], web_cluster: Cluster, project: Project
) -> None:
    assert "web" not in web.get("/choices/seeds/?q=we").content.decode()
    refused = web.post("/clusters/new/", {**asked, "seed": str(web_cluster.pk), "preview": "1"}).content.decode()
    assert f"There is no cluster “{web_cluster.pk}”. Type its name or id." in refused
    lifecycle.update(web_cluster, is_seed=True)
    assert 'data-choices="seeds"' in web.get("/clusters/new/").content.decode()
    assert 'data-value="web"' in web.get("/choices/seeds/?q=we").content.decode()
    made = web.post("/clusters/new/", {**asked, "name": "shoot", "seed": str(web_cluster.pk), "reserve": "1"}).url
    assert f'<a href="/clusters/{web_cluster.pk}/">web</a>' in web.get(made).content.decode()
    web.post(f"{made}edit/", {"kubernetes_version": "1.35", "max_pods": "110", "wanted_nodes": "500"})
    assert Cluster.objects.get(name="shoot").seed is None


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


def test_refusal_of_a_range_stands_at_the_field_of_its_family(web: Client, asked: dict[str, Any]) -> None:
    answer = web.post("/clusters/new/", {**asked, "services_ipv4": "10.248.0.0/29", "services_ipv6": "ff02::/112"})
    assert set(answer.context["form"].errors) == {"services_ipv4", "services_ipv6"}


def test_page_of_a_super_network_leads_to_a_plan_carved_out_of_it(web: Client, tenants: Network) -> None:
    assert "/clusters/new/?network=tenants" in web.get("/networks/tenants/").content.decode()
    form = web.get("/clusters/new/?network=tenants").context["form"]
    assert (form["parent"].value(), form["network"].value()) == (tenants.name or "tenants", None)


def test_fields_of_gardener_are_those_of_its_clusters_alone(web: Client, web_cluster: Cluster) -> None:
    page = f"/clusters/{web_cluster.pk}/edit/"
    assert "gardener_version" in web.get(page).context["form"].fields
    Cluster.objects.update(platform="kubeadm")
    assert "gardener_version" not in web.get(page).context["form"].fields


def test_list_shows_both_lanes_and_what_keeps_a_cluster_from_coming_up(web: Client, web_cluster: Cluster) -> None:
    html = web.get("/clusters/").content.decode()
    for text in ("10.0.0.0/22", "10.240.0.0/13", "10.248.0.0/18", "fd00:10:248::/112", "Dual-stack not supported"):
        assert text in html
    assert "No cluster matches" in web.get("/clusters/?platform=kubeadm").content.decode()


def test_one_document_is_shown_at_a_time_and_those_that_do_not_fit_say_why(web: Client, web_cluster: Cluster) -> None:
    url = f"/clusters/{web_cluster.pk}/documents/"
    usual, other = (web.get(page, **HTMX).content.decode() for page in (url, f"{url}?kind=metal-network"))
    assert ("kind: Shoot" in usual, "kind: Shoot" in other) == (True, False)
    assert ("Not for this cluster:" in usual, "kubeadm" in usual, "parentnetworkid" in other) == (True, True, True)


def test_addresses_for_load_balancers_are_shown_before_they_are_taken(
    web: Client, web_cluster: Cluster, internet: Network
) -> None:
    asked = {"network": "internet", "count": "1", "preview": "1"}
    html = web.post(f"/clusters/{web_cluster.pk}/load-balancer-addresses/", asked, **HTMX).content.decode()
    assert ('class="given pair"' in html, IPAddress.objects.count()) == (True, 0)


def test_running_cluster_is_shown_as_a_plan_before_it_is_kept(web: Client, private: Network, project: Project) -> None:
    fields = {"project": "alice", "network": private.pk, "document": KUBEADM, "preview": "1"}
    html = web.post("/clusters/import/", fields, **HTMX).content.decode()
    assert ("Room for" in html, Cluster.objects.count()) == (True, 0)


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
    assert "There is no network “nowhere”. Type its name or id." in html


def test_page_of_a_network_leads_to_a_plan_on_it(web: Client, private: Network, project: Project) -> None:
    assert f"/clusters/new/?network={private.pk}" in web.get(f"/networks/{private.pk}/").content.decode()
    html = web.get(f"/clusters/new/?network={private.pk}").content.decode()
    assert (f'value="{private}"' in html, f'value="{project}"' in html) == (True, True)


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
    assert (">node</a>" in html, "bullet-none" in html) == (True, True)
    assert "0 of 1 machines" in web.post(url, {"roll_nodes": "on"}).content.decode()
    completion.complete(private, IPV6)
    preview = web.post(url, {"roll_nodes": "on", "preview": "1"}, **HTMX).content.decode()
    assert Cluster.objects.get().families == "ipv4"
    assert "Confirm that they will be" in web.post(url).content.decode()
    assert web.post(url, {"roll_nodes": "on"}).url == f"/clusters/{old.pk}/"
    changed = Cluster.objects.with_plan().get()
    assert (changed.families, str(changed.pods[IPV6]) in preview) == ("ipv4,ipv6", True)


@pytest.mark.parametrize("text", ["web", "10.240.1.2", "fd00:10:248::a"])
def test_cluster_is_found_by_its_name_and_by_what_lies_in_its_ranges(
    text: str, web: Client, web_cluster: Cluster
) -> None:
    assert f"/clusters/{web_cluster.pk}/" in web.get(f"/search/?q={text}&all=1").content.decode()


def test_pair_of_a_cluster_is_given_back_and_not_parted(web: Client, web_cluster: Cluster, internet: Network) -> None:
    pair = belongings.take_for_api(web_cluster, internet)
    free = addresses.allocate(internet, project=web_cluster.project)
    pages = [web.get(f"/addresses/{one[0].pk}/").content.decode() for one in (pair, free)]
    offered = [("Give back" in html, "Part: two allocations from now on</button>" in html) for html in pages]
    assert offered == [(True, False), (False, True)]
