"""Every page: for whom it is, how many statements it costs, and that an empty installation has one too."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from ipam.domain import addresses, machines, networks
from ipam.domain.machines import Attachment
from ipam.models import Machine, Network, Partition, Project
from tests.builders import child

MOST_STATEMENTS = 12
MOST_BYTES = 100_000


@pytest.fixture
def machine(internet: Network, tenants: Network, project: Project, partition: Partition) -> Machine:
    private = networks.create(child(parent=tenants, project=project, name="nodes"))
    return machines.allocate(
        project=project,
        partition=partition,
        name="worker",
        networks=[Attachment(network=private), Attachment(network=internet)],
    )


def pages(machine: Machine) -> dict[str, str]:
    allocation = addresses.allocate(Network.objects.get(pk="internet"), project=machine.project)[0].allocation
    return {
        "overview": reverse("overview"),
        "networks": reverse("networks"),
        "networks, opened": reverse("networks") + "?open=tenants",
        "external network": reverse("network", args=["internet"]),
        "super network": reverse("network", args=["tenants"]),
        "allocate": reverse("allocate", args=["internet"]),
        "carve": reverse("carve", args=["tenants"]),
        "delete": reverse("delete-network", args=["internet"]),
        "release": reverse("release", args=[allocation]),
        "machines": reverse("machines"),
        "machine": reverse("machine", args=[machine.pk]),
        "allocate machine": reverse("allocate-machine")
        + f"?project={machine.project_id}&partition=mini-lab&role=machine",
        "release machine": reverse("release-machine", args=[machine.pk]),
        "search": reverse("search") + "?q=10.0.&all=1",
        "addresses": reverse("addresses"),
        "map": reverse("map", args=["tenants"]),
        "add prefix": reverse("add-prefix", args=["tenants"]),
        "edit network": reverse("edit-network", args=["tenants"]),
        "new network": reverse("create-network"),
        "complete": reverse("complete", args=["internet", "ipv6"]),
        "projects": reverse("projects"),
        "project": reverse("registry-detail", args=["projects", machine.project_id]),
        "vrfs": reverse("vrfs"),
        "partition": reverse("registry-detail", args=["partitions", "mini-lab"]),
        "new partition": reverse("registry-create", args=["partitions"]),
    }


NAMES = [
    "overview", "networks", "networks, opened", "external network", "super network", "allocate", "carve", "delete",
    "release", "machines", "machine", "allocate machine", "release machine", "search", "addresses", "map",
    "add prefix", "edit network", "new network", "complete", "projects", "project", "vrfs", "partition",
    "new partition",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_page_answers_the_operator_within_size_and_statements(
    name: str, machine: Machine, web: Client, django_assert_max_num_queries: object
) -> None:
    url = pages(machine)[name]
    with django_assert_max_num_queries(MOST_STATEMENTS):
        answer = web.get(url)
    assert answer.status_code == 200
    assert len(answer.content) < MOST_BYTES


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


@pytest.mark.parametrize("name", ["overview", "networks", "addresses", "machines", "projects", "vrfs", "search"])
def test_page_of_an_empty_installation_says_what_to_do_next(name: str, web: Client) -> None:
    assert web.get(reverse(name)).status_code == 200


def statements(web: Client, url: str, capture: object) -> int:
    with capture() as captured:
        assert web.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("url", ["/networks/", "/networks/tenants/", "/networks/?open=tenants"])
def test_network_pages_cost_the_same_for_one_child_and_for_thirty(
    url: str,
    tenants: Network,
    project: Project,
    web: Client,
    django_assert_num_queries: object,
    django_capture_on_commit_callbacks: object,
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    networks.create(child(parent=tenants, project=project))
    one = statements(web, url, lambda: CaptureQueriesContext(connection))
    for _ in range(29):
        networks.create(child(parent=tenants, project=project))
    assert statements(web, url, lambda: CaptureQueriesContext(connection)) == one


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
