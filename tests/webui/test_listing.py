"""Tables: sorted and paged by their URL, with the filters kept."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from ipam.domain.networks import addresses, machines, networks, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.builders import IPV4, child, ip
from tests.shared import shared_fixture


def link(body: str, rel: str) -> str:
    """The query of the pager's link to the next or previous page."""
    found = re.search(rf'<a href="(\?[^"]*)" rel="{rel}"', body)
    assert found is not None
    return html.unescape(found[1])


def heads(body: str) -> list[str]:
    """Where the sortable column heads lead."""
    return [html.unescape(target) for target in re.findall(r'<a class="sort" href="(\?[^"]*)"', body)]


@shared_fixture
def three(internet: Network, project: Project) -> None:
    """Addresses .129 “cherry”, .130 “apple”, .131 “banana”, allocated one day apart, the last one first."""
    for days, (host, name) in enumerate([(129, "cherry"), (130, "apple"), (131, "banana")]):
        (one,) = addresses.allocate(internet, project=project, addresses=[ip(f"203.0.113.{host}")], name=name)
        IPAddress.objects.filter(pk=one.pk).update(created_at=timezone.now() - timedelta(days=days))


CHERRY, APPLE, BANANA = "203.0.113.129", "203.0.113.130", "203.0.113.131"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("address", [CHERRY, APPLE, BANANA]),
        ("-address", [BANANA, APPLE, CHERRY]),
        ("name", [APPLE, BANANA, CHERRY]),
        ("-name", [CHERRY, BANANA, APPLE]),
        ("created", [BANANA, APPLE, CHERRY]),
        ("-created", [CHERRY, APPLE, BANANA]),
    ],
)
def test_addresses_are_sorted_by_each_column_both_ways(
    sort: str, expected: list[str], web: Client, three: None
) -> None:
    rows = web.get(f"/addresses/?sort={sort}").context["rows"]
    assert [str(row.address) for row in rows] == expected


@pytest.mark.parametrize("sort", ["nonsense", "-nonsense", "-", "pk", "project__name", ""])
def test_unknown_order_is_the_default(sort: str, web: Client, three: None) -> None:
    answer = web.get("/addresses/", {"sort": sort})
    assert [str(row.address) for row in answer.context["rows"]] == [CHERRY, APPLE, BANANA]
    assert answer.context["listing"].sort == "address"


def test_head_of_a_column_sorts_and_then_reverses_and_keeps_the_filters(web: Client, three: None) -> None:
    body = web.get("/addresses/?type=ephemeral&sort=name").content.decode()
    assert heads(body) == [
        "?type=ephemeral&sort=address",
        "?type=ephemeral&sort=-name",
        "?type=ephemeral&sort=created",
    ]


def test_head_of_a_column_begins_at_the_first_page(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], count=60)
    second = link(web.get("/addresses/").content.decode(), "next")
    assert [target for target in heads(web.get(f"/addresses/{second}").content.decode()) if "cursor" in target] == []


def test_sorted_column_is_told_to_screen_readers(web: Client, three: None) -> None:
    body = web.get("/addresses/?sort=-name").content.decode()
    assert re.findall(r'aria-sort="(\w+)"', body) == ["descending"]


@pytest.mark.parametrize("sort", ["address", "-address", "name", "-name", "created", "-created"])
def test_pages_keep_order_and_filters_and_show_each_row_once(
    sort: str, web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], count=70, name="same")
    addresses.allocate(internet, project=project, families=[IPV4], count=20, name="other", type="static")
    first = web.get(f"/addresses/?type=ephemeral&sort={sort}")
    onwards = link(first.content.decode(), "next")
    assert f"type=ephemeral&sort={sort}&cursor=" in onwards
    second = web.get(f"/addresses/{onwards}")
    shown = [str(row.address) for answer in (first, second) for row in answer.context["rows"]]
    assert (len(shown), len(set(shown))) == (70, 70)
    back = web.get(f"/addresses/{link(second.content.decode(), 'prev')}")
    assert [row.address for row in back.context["rows"]] == [row.address for row in first.context["rows"]]


def test_filter_form_keeps_the_order(web: Client, three: None) -> None:
    assert '<input type="hidden" name="sort" value="-name">' in web.get("/addresses/?sort=-name").content.decode()


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["db", "web"]),
        ("-name", ["web", "db"]),
        ("asn", ["web", "db"]),
        ("-asn", ["db", "web"]),
        ("created", ["web", "db"]),
        ("-created", ["db", "web"]),
    ],
)
def test_machines_are_sorted_by_each_column_both_ways(
    sort: str, expected: list[str], web: Client, private: Network, project: Project, partition: Partition
) -> None:
    for name in ("web", "db"):
        machines.allocate(project=project, partition=partition, name=name, networks=[Attachment(network=private)])
    Machine.objects.filter(name="web").update(created_at=timezone.now() - timedelta(days=1))
    rows = web.get(f"/machines/?sort={sort}").context["rows"]
    assert [row["machine"].name for row in rows] == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("id", ["internet", "tenants"]),
        ("-id", ["tenants", "internet"]),
        ("name", ["tenants", "internet"]),
        ("-name", ["internet", "tenants"]),
        ("type", ["internet", "tenants"]),
        ("-type", ["tenants", "internet"]),
    ],
)
def test_networks_are_sorted_both_ways(
    sort: str, expected: list[str], web: Client, internet: Network, tenants: Network
) -> None:
    networks.update(internet, name="Zone of the world")
    networks.update(tenants, name="All tenants")
    rows = web.get(f"/networks/?sort={sort}").context["rows"]
    assert [row.network.pk for row in rows] == expected


@pytest.mark.parametrize(("sort", "expected"), [("name", ["a", "b"]), ("-name", ["b", "a"])])
def test_projects_are_sorted_both_ways(sort: str, expected: list[str], web: Client, db: None) -> None:
    for name in ("b", "a"):
        projects.create(name=name)
    rows = web.get(f"/projects/?sort={sort}").context["rows"]
    assert [one.name for one in rows] == expected


def test_children_of_an_opened_network_stay_open_when_sorted(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, name="nodes"))
    body = web.get("/networks/?open=tenants").content.decode()
    assert heads(body)[0] == "?open=tenants&sort=name"


@pytest.mark.parametrize(("filters", "counted"), [({"type": "child"}, [2, 2]), ({"q": "ten"}, [1, 1]), ({}, [1, 1])])
def test_totals_count_a_child_where_its_super_network_is_not_listed(
    filters: dict[str, str], counted: list[int], web: Client, tenants: Network, project: Project
) -> None:
    for name in ("tenant-a", "b"):
        networks.create(child(parent=tenants, project=project, name=name))
    totals = web.get("/networks/", filters).context["totals"]
    assert ([one.networks for one in totals], all(one.total for one in totals)) == (counted, True)
