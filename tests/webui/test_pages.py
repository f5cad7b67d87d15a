"""Every page: for whom it is, how many statements it costs, and that an empty installation has one too."""

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ipam.demo import seeding
from ipam.domain.clusters import lifecycle
from ipam.domain.clusters.plan import NewCluster
from ipam.domain.networks import addresses, machines, networks, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.notify import targets, webhooks
from ipam.domain.people import members, saved_views, tokens
from ipam.models import Machine, Network, Project
from tests.builders import IPV4, child, cidrs, external, families, namespaced, super_network

MAX_STATEMENTS = 12
MAX_BYTES = 100_000


PAGES: dict[str, str] = {
    "overview": "/",
    "findings": "/findings/",
    "complete all": "/findings/complete/",
    "accept a finding": "/findings/accept/?key=few_children_left:network:clusters:ipv4",
    "new external network": "/networks/new/?type=external",
    "activity": "/activity/",
    "alerts": "/alerts/",
    "alert rules": "/alert-rules/",
    "new alert rule": "/alert-rules/new/",
    "networks": "/networks/",
    "networks, opened": "/networks/?open=tenants",
    "external network": "/networks/internet/",
    "super network": "/networks/tenants/",
    "allocate": "/networks/internet/allocate/",
    "carve": "/networks/tenants/carve/",
    "delete": "/networks/internet/delete/",
    "move network": "/networks/tenants/move/",
    "move allocation": "/allocations/{allocation}/move/",
    "over time": "/networks/tenants/history/",
    "what runs out first": "/soonest/",
    "map": "/networks/tenants/map/",
    "map of addresses": "/networks/internet/map/?ipv6=2001:db8:0:113::/120",
    "ranges": "/networks/internet/ranges/",
    "namespaced map": "/networks/clusters/map/",
    "add prefix": "/networks/tenants/prefixes/add/",
    "edit network": "/networks/tenants/edit/",
    "new network": "/networks/new/",
    "complete": "/networks/internet/complete/ipv6/",
    "addresses": "/addresses/",
    "address": "/addresses/{address}/",
    "map of a moment": "/networks/tenants/map/?at={now}",
    "map of addresses of a moment": "/networks/internet/map/?at={now}&ipv6=2001:db8:0:113::/120",
    "held block": "/prefixes/at/10.0.0.0/22/?at={now}",
    "free block": "/prefixes/at/10.0.128.0/24/",
    "held address": "/addresses/at/203.0.113.129/",
    "free address": "/addresses/at/203.0.113.200/",
    "edit address": "/addresses/{address}/edit/",
    "attach address": "/addresses/{address}/attach/",
    "release": "/allocations/{allocation}/release/",
    "machines": "/machines/",
    "machine": "/machines/{machine}/",
    "edit machine": "/machines/{machine}/edit/",
    "allocate machine": "/machines/allocate/?project={project}&partition=mini-lab&role=machine",
    "release machine": "/machines/{machine}/release/",
    "claims": "/claims/",
    "clusters": "/clusters/",
    "plan a cluster": "/clusters/new/",
    "cluster": "/clusters/{cluster}/",
    "cluster of one family": "/clusters/{single}/",
    "belongings of a cluster": "/clusters/{cluster}/belongings/",
    "documents of a cluster": "/clusters/{cluster}/documents/",
    "edit cluster": "/clusters/{cluster}/edit/",
    "addresses for a cluster": "/clusters/{cluster}/load-balancer-addresses/",
    "services for a cluster": "/clusters/{cluster}/services/",
    "release cluster": "/clusters/{cluster}/release/",
    "families of a cluster": "/clusters/{single}/families/",
    "handbook": "/handbook/",
    "longest chapter": "/handbook/rules/",
    "search": "/search/?q=10.0.&all=1",
    "partitions": "/partitions/",
    "partition": "/partitions/mini-lab/",
    "new partition": "/partitions/new/",
    "projects": "/projects/",
    "project": "/projects/{project}/",
    "vrfs": "/vrfs/",
    "vrf": "/vrfs/104009/",
    "webhooks": "/webhooks/",
    "new webhook": "/webhooks/new/",
    "webhook": "/webhooks/{webhook}/",
    "edit webhook": "/webhooks/{webhook}/edit/",
    "rotate a secret": "/webhooks/{webhook}/rotate/",
    "delete webhook": "/webhooks/{webhook}/delete/",
    "tokens": "/tokens/",
    "save a view": "/views/of/networks/?type=super",
    "rename a view": "/views/{view}/rename/",
    "delete a view": "/views/{view}/delete/",
    "members": "/projects/{project}/members/",
    "service account": "/projects/{project}/members/{robot}/tokens/",
    "account": "/account/",
    "change password": "/account/password/",
    "sign out everywhere": "/account/sign-out/",
}
NAMES = list(PAGES)


def pages(machine: Machine) -> dict[str, str]:
    """The page of each name in a cloud that has one of everything."""
    one = addresses.allocate(Network.objects.get(pk="internet"), project=machine.project, name="vpn")[0]
    networks.create(child(parent=networks.create(namespaced()), project=machine.project))
    home = machine.networks.get(parent="tenants")
    cluster = lifecycle.create(NewCluster(name="web", project=machine.project, network=home), reserve=True)
    wanted = NewCluster(name="old", project=machine.project, parent=home.parent, families=[IPV4], wanted_nodes=50)
    robot = members.create_service_account(machine.project, "terraform")
    tokens.issue(robot.user, name="pipeline", networks=cidrs("10.0.0.0/8"))
    webhook, _ = webhooks.create(targets.resolve("https://1.1.1.1/"), project=machine.project)
    webhooks.test(webhook)
    owner, _ = User.objects.get_or_create(username="operator")
    view = saved_views.create(owner, "networks", name="mine", query="type=super")
    held = {
        "view": view.pk,
        "webhook": webhook.pk,
        "cluster": cluster.pk,
        "single": lifecycle.create(wanted, reserve=True).pk,
        "robot": robot.user_id,
        "machine": machine.pk,
        "project": machine.project_id,
        "address": one.pk,
        "allocation": one.allocation,
        "now": f"{timezone.now():%Y-%m-%dT%H:%M:%S.%f}",
    }
    return {name: url.format(**held) for name, url in PAGES.items()}


@pytest.mark.parametrize("name", NAMES)
def test_page_answers_the_operator_within_size_and_statements(
    name: str, machine: Machine, web: Client, django_assert_max_num_queries: object
) -> None:
    url = pages(machine)[name]
    with django_assert_max_num_queries(MAX_STATEMENTS):
        answer = web.get(url)
    assert answer.status_code == 200
    assert len(answer.content) < MAX_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_page_sends_a_stranger_to_sign_in(name: str, machine: Machine, client: Client) -> None:
    answer = client.get(pages(machine)[name])
    assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("login"))


@pytest.mark.parametrize("name", NAMES)
def test_page_has_nothing_inline(name: str, machine: Machine, web: Client) -> None:
    answer = web.get(pages(machine)[name])
    html = answer.content.decode()
    assert (" style=" in html, "<style" in html, " onclick=" in html, "<script>" in html) == (False,) * 4
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "name",
    [
        "overview",
        "findings",
        "activity",
        "networks",
        "addresses",
        "machines",
        "claims",
        "clusters",
        "projects",
        "partitions",
        "vrfs",
    ],
)
def test_page_of_an_empty_installation_says_what_to_do_next(name: str, web: Client) -> None:
    assert 'class="empty"' in web.get(reverse(name)).content.decode()


def test_page_without_tokens_says_what_to_make_one_for(web: Client) -> None:
    assert "No tokens yet. Make one for each tool" in web.get(reverse("tokens")).content.decode()


def grow(machine: Machine, count: int) -> None:
    """So many more of everything that is listed; events come with them."""
    project, partition, internet = machine.project, machine.partition, Network.objects.get(pk="internet")
    tenants = Network.objects.get(pk="tenants")
    for number in range(count):
        owner = projects.create(name=f"project-{number}")
        addresses.allocate(internet, project=owner, name=f"host-{number}")
        nodes = networks.create(child(parent=tenants, project=owner, name=f"nodes-{number}"))
        home = machine.networks.exclude(pk="internet").get()
        machines.allocate(project=project, partition=partition, networks=[Attachment(network=home)])
        wanted = {"pods": families(f"172.16.{number * 4}.0/22"), "services": families(f"172.20.{number}.0/24")}
        single = {"families": [IPV4], "max_pods": 14, "node_mask": {IPV4: 28}, **wanted}
        lifecycle.create(NewCluster(name=f"c{number}", project=owner, network=nodes, **single))


@pytest.fixture
def cost(web: Client) -> Callable[[str], tuple[int, int]]:
    def cost_of(url: str) -> tuple[int, int]:
        """The statements and the bytes of a page."""
        with CaptureQueriesContext(connection) as captured:
            answer = web.get(url)
        assert answer.status_code == 200
        return len(captured), len(answer.content)

    return cost_of


def test_pages_cost_the_same_for_one_row_and_for_fifty(
    machine: Machine, cost: Callable[[str], tuple[int, int]]
) -> None:
    urls = pages(machine)
    grow(machine, 1)
    few = {name: cost(url)[0] for name, url in urls.items()}
    grow(machine, 49)
    many = {name: cost(url) for name, url in urls.items()}
    assert {name: statements for name, (statements, _) in many.items()} == few
    assert {name: statements for name, statements in few.items() if statements > MAX_STATEMENTS} == {}
    assert {name: size for name, (_, size) in many.items() if size >= MAX_BYTES} == {}


@pytest.fixture
def invented(db: None) -> None:
    seeding.seed(networks=60, prefixes=150, addresses=3_000, days=120)
    crowd = external(id="crowd", vrf=999_999, prefixes=cidrs("45.67.89.0/24", "2a00:db8:8000:51::/120"))
    every = list(Project.objects.order_by("name"))
    addresses.allocate(networks.create(crowd), project=every[0], count=254, name="metrics-7")


def test_no_page_of_the_invented_installation_is_long_not_even_of_a_crowded_map(invented: None, web: Client) -> None:
    pages = product(Network.objects.values_list("pk", flat=True), ("", "map/"))
    of_networks = [f"/networks/{key}/{page}" for key, page in pages]
    of_supers = [f"/networks/?open={key}" for key in Network.objects.supers().values_list("pk", flat=True)]
    lists = [url for url in PAGES.values() if url.count("/") == 2 and "{" not in url and "?" not in url]
    tables = [f"/admin/ipam/{one}/" for one in ("network", "prefix", "ipaddress", "machine", "project", "vrf", "event")]
    sizes = {url: len(web.get(url).content) for url in ["/", *lists, *of_supers, *of_networks, *tables]}
    assert sizes["/networks/crowd/map/"] > 90_000
    assert {url: size for url, size in sizes.items() if size >= MAX_BYTES} == {}


@pytest.mark.parametrize("density", ["compact", "roomy"])
def test_full_list_of_networks_with_one_opened_is_not_long(density: str, project: Project, web: Client) -> None:
    parent = networks.create(super_network(id="tenants-of-everywhere"))
    for number in range(20):
        networks.create(child(parent=parent, project=project, name=f"a child network of the project {number}"))
    for number in range(50):
        prefixes = cidrs(f"45.67.{number}.0/24", f"2a00:db8:8000:{number}::/64")
        named = f"Internet of the customers {number}"
        networks.create(external(id=f"internet-{number}", name=named, vrf=900_000 + number, prefixes=prefixes))
    answer = web.get(f"/networks/?open={parent.pk}&density={density}")
    assert 70_000 < len(answer.content) < MAX_BYTES
    assert "all 20 children of" in answer.content.decode()


def test_unknown_network_is_a_page_that_says_so(web: Client) -> None:
    answer = web.get("/networks/nowhere/")
    assert answer.status_code == 404
    assert "There is no network “nowhere”" in answer.content.decode()


def test_sign_in_leads_to_the_page_that_was_asked_for(client: Client, operator: User) -> None:
    answer = client.post(
        "/accounts/login/?next=/machines/", {"username": "operator", "password": "correct horse", "next": "/machines/"}
    )
    assert answer.url == "/machines/"


def test_sign_in_does_not_lead_away_from_the_site(client: Client, operator: User) -> None:
    answer = client.post(
        "/accounts/login/", {"username": "operator", "password": "correct horse", "next": "//evil.example/"}
    )
    assert answer.url == "/"


def test_super_network_with_several_prefixes_of_a_family_costs_no_more(
    web: Client, tenants: Network, project: Project, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    networks.add_prefix(tenants, *cidrs("10.99.0.0/16"))
    for _ in range(3):
        networks.create(child(parent=tenants, project=project))
    with django_assert_max_num_queries(MAX_STATEMENTS):
        page = web.get("/networks/tenants/").content.decode()
    assert "10.99.0.0/16" in page
