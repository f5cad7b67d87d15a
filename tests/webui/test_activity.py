"""The activity page: who did what, when, through which door."""

import pytest
from django.test import Client

from ipam.domain.core import history
from ipam.domain.networks import addresses, networks, partitions, projects
from ipam.models import Network, Project
from ipam.models.events import Door, Verb
from tests.builders import IPV4
from tests.callers import as_user, operator_called
from tests.shared import shared_fixture


@shared_fixture
def busy() -> None:
    """Alice makes a project in the dashboard, a partition over the API; bob renames the project in the admin."""
    with as_user(operator_called("alice"), door=Door.DASHBOARD):
        blue = projects.create(name="blue")
    with as_user(operator_called("alice"), door=Door.API):
        partitions.create(id="fra")
    with as_user(operator_called("bob"), door=Door.ADMIN):
        projects.update(blue, name="green")


def seen(web: Client, query: str = "") -> list[str]:
    return [f"{event.actor} {event.verb} {event.kind}" for event in web.get(f"/activity/{query}").context["page"].rows]


def test_newest_is_first(web: Client, busy: None) -> None:
    assert seen(web) == ["bob update project", "alice create partition", "alice create project"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?actor=alice", ["alice create partition", "alice create project"]),
        ("?actor=%20bob%20", ["bob update project"]),
        ("?actor=nobody", []),
        ("?door=api", ["alice create partition"]),
        ("?verb=update", ["bob update project"]),
        ("?kind=project", ["bob update project", "alice create project"]),
        ("?kind=project&actor=alice", ["alice create project"]),
        ("?object=fra", ["alice create partition"]),
        ("?door=window", []),
        ("?actor=&door=&verb=", ["bob update project", "alice create partition", "alice create project"]),
    ],
)
def test_filters_narrow(query: str, expected: list[str], web: Client, busy: None) -> None:
    assert seen(web, query) == expected


def test_events_of_a_project_are_found_by_its_id(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    assert [one.split(" ", 1)[1] for one in seen(web, f"?project={project.pk}")] == [
        "allocate address",
        "create project",
    ]


def test_events_of_a_network_are_found_by_its_id(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    networks.update(internet, name="Internet")
    assert [one.split(" ", 1)[1] for one in seen(web, "?network=internet")] == [
        "update network",
        "allocate address",
        "create network",
    ]


@pytest.mark.parametrize("project_id", ["nonsense", "123"])
def test_malformed_project_id_finds_nothing(project_id: str, web: Client, busy: None) -> None:
    assert seen(web, f"?project={project_id}") == []


@pytest.mark.parametrize("name", ["actor", "door", "verb", "kind", "network", "object"])
def test_filter_that_no_database_could_hold_finds_nothing(name: str, web: Client, busy: None) -> None:
    assert seen(web, f"?{name}=a%00b") == []


def test_what_changed_is_shown_before_and_after(web: Client, busy: None) -> None:
    html = web.get("/activity/?actor=bob").content.decode()
    assert "name: <del>blue</del> → green" in html


def test_pages_keep_the_filters(web: Client, internet: Network, project: Project) -> None:
    for _ in range(60):
        addresses.allocate(internet, project=project, families=[IPV4])
    first = web.get("/activity/?verb=allocate")
    assert "?verb=allocate&amp;cursor=" in first.content.decode()
    rest = web.get("/activity/", {"verb": "allocate", "cursor": first.context["page"].next})
    assert (len(first.context["page"].rows), len(rest.context["page"].rows)) == (50, 10)


def test_malformed_cursor_is_refused_in_words(web: Client, busy: None) -> None:
    assert web.get("/activity/?cursor=nonsense").status_code == 400


def test_htmx_gets_the_table_alone(web: Client, busy: None) -> None:
    html = web.get("/activity/?actor=bob", HTTP_HX_REQUEST="true").content.decode()
    assert ("<html" in html, "update" in html) == (False, True)


def test_empty_installation_says_what_will_be_here(web: Client, db: None) -> None:
    html = web.get("/activity/").content.decode()
    assert "Nothing happened yet" in html


def test_filter_that_finds_nothing_leads_back_to_everything(web: Client, busy: None) -> None:
    html = web.get("/activity/?actor=nobody").content.decode()
    assert ("Nothing happened that matches" in html, '<a href="/activity/">Show everything</a>' in html) == (True, True)


def test_what_was_done_to_many_at_once_says_how_many_of_what(web: Client, db: None) -> None:
    with as_user(operator_called("alice")):
        history.record_filled(Verb.SEED, count=31_400)
    html = web.get("/activity/").content.decode()
    assert ("<strong>seed 31,400 records</strong>" in html, html.count("31,400")) == (True, 1)
