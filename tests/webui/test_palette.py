"""The search box does things: verbs by words in any order, where they are granted, to what the other words find."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.networks import addresses, networks, projects
from ipam.domain.people import members
from ipam.models import IPAddress, Machine, Network, Project
from ipam.models.roles import Role
from tests.builders import IPV4, child
from tests.webui.test_pages import MAX_STATEMENTS


def offered(web: Client, text: str = "", on: str = "/") -> list[tuple[str, str]]:
    """What the panel offers to do for a text, over a page: the words and where they lead."""
    html = web.get(
        "/search/", {"q": text}, headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{on}"}
    ).content.decode()
    done = html.partition('<div class="hit-kind">Do</div>')[2].partition('<div class="hit-kind">')[0]
    found = re.findall(r'<a class="hit" href="([^"]*)">\s*<span class="row">.*?</svg>([^<]*)</span>', done, re.DOTALL)
    return [(text.strip(), link) for link, text in found]


def opened(web: Client, text: str) -> str:
    answer = web.get("/search/", {"q": text})
    return answer.url if answer.status_code == 302 else ""


@pytest.mark.parametrize("text", ["allocate internet", "internet allocate", "take from internet", "alloc internet"])
def test_words_stand_in_any_order(text: str, web: Client, internet: Network) -> None:
    assert offered(web, text) == [("Allocate from internet", "/networks/internet/allocate/")]
    assert opened(web, text) == "/networks/internet/allocate/"


def test_enter_never_guesses_between_equals(web: Client, tenants: Network, project: Project) -> None:
    for _ in range(2):
        networks.create(child(parent=tenants, project=project, name="nodes"))
    assert len(offered(web, "map nodes")) == 2
    assert opened(web, "map nodes") == ""


def test_what_is_called_just_so_is_meant_and_not_what_is_like_it(
    web: Client, tenants: Network, project: Project
) -> None:
    networks.create(child(parent=tenants, project=project, name="nodes"))
    longer = networks.create(child(parent=tenants, project=project, name="nodes-2"))
    assert opened(web, "map nodes-2") == f"/networks/{longer.pk}/map/"


def test_free_address_is_allocated_and_free_block_carved_just_there(
    web: Client, internet: Network, tenants: Network
) -> None:
    asked = ("allocate 203.0.113.200", "carve 10.0.64.0/22")
    assert [opened(web, text) for text in asked] == [
        "/networks/internet/allocate/?ip=203.0.113.200",
        "/networks/tenants/carve/?prefixes=10.0.64.0/22",
    ]


def test_address_is_released_by_what_it_is(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4])
    assert opened(web, "release 203.0.113.129") == f"/allocations/{IPAddress.objects.get().allocation}/release/"


def test_members_of_a_project_are_found_by_its_tenant(web: Client, project: Project) -> None:
    other = projects.create(name="alice", tenant="acme")
    assert opened(web, "invite to alice acme") == f"/projects/{other.pk}/members/"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("new token", "/tokens/"),
        ("token new", "/tokens/"),
        ("plan cluster", "/clusters/new/"),
        ("findings", "/findings/"),
        ("complete", "/findings/complete/"),
        ("import", "/imports/"),
        ("new project", "/projects/new/"),
    ],
)
def test_general_verbs_and_pages(text: str, page: str, web: Client, db: None) -> None:
    assert opened(web, text) == page


def test_verb_without_a_thing_says_where_to_choose_one(web: Client, db: None) -> None:
    assert ("Carve out of …", "/networks/") in offered(web, "carve")


def test_panel_with_nothing_typed_offers_what_can_be_done_on_the_page(web: Client, internet: Network) -> None:
    first = offered(web, on="/networks/internet/map/?look=203.0.113.9")[:2]
    assert first == [
        ("Allocate from internet", "/networks/internet/allocate/"),
        ("Map of internet", "/networks/internet/map/"),
    ]
    assert offered(web, on="/nowhere/at/all/")[0][0] == "Allocate a machine"


def test_words_around_a_thing_are_no_part_of_its_name(web: Client, machine: Machine) -> None:
    Machine.objects.update(name="db-1")
    assert [opened(web, text) for text in ("machine db-1", "vrf 104009")] == [
        f"/machines/{machine.pk}/",
        "/vrfs/104009/",
    ]


def test_viewer_is_offered_no_verb_that_would_be_refused(web: Client, client: Client, machine: Machine) -> None:
    assert "Edit internet" in [words for words, _ in offered(web, on="/networks/internet/")]
    viewer = User.objects.create_user("viewer")
    members.grant(viewer, role=Role.VIEWER, project=machine.project)
    client.force_login(viewer)
    asked = ("allocate internet", "carve tenants", "edit", f"release {machine.pk}", f"edit {machine.project}", "new")
    granted = {text: [words for words, _ in offered(client, text)] for text in asked}
    assert {text: words for text, words in granted.items() if words} == {
        "edit": ["Edit …"] * 5,
        "new": ["New token"],
    }
    assert "Edit internet" not in [words for words, _ in offered(client, on="/networks/internet/")]


def test_panel_costs_few_statements(
    web: Client, machine: Machine, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for text in ("edit 203.0.113.200", "release 10.0.0.1", "move alice", "vrf 104009", "allocate nothing", ""):
        with django_assert_max_num_queries(MAX_STATEMENTS):
            offered(web, text, on=f"/machines/{machine.pk}/")
