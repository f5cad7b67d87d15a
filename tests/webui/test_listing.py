"""Tables: sorted and paged by their URL, with the filters kept."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ipam.domain.insight import surveying
from ipam.domain.networks import addresses, machines, networks, prefixes, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import members
from ipam.domain.space import fullness
from ipam.models import IPAddress, Machine, Network, Partition, Prefix, Project
from tests.builders import IPV4, child, cidrs, external, ip
from tests.shared import shared_fixture
from tests.webui.test_pages import MAX_STATEMENTS


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


def only(*prefixes: str) -> dict[str, Any]:
    """For a network with these prefixes and no way out."""
    return {"prefixes": cidrs(*prefixes), "destination_prefixes": []}


@shared_fixture
def unlike(internet: Network, project: Project) -> None:
    """Of IPv4 “a” is empty and “b” small and full; “c” has IPv6 alone, of which “a” has none."""
    nets = {"a": ("198.51.100.0/28",), "b": ("192.0.2.0/30",), "c": ("2001:db8:9::/64",)}
    for number, (name, texts) in enumerate(nets.items(), 1):
        networks.create(external(id=name * 2, name=name, vrf=number, **only(*texts)))
    addresses.allocate(Network.objects.get(pk="bb"), project=project, count=2)
    networks.delete(internet)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("taken-ipv4", ["a", "b", "c"]),
        ("-taken-ipv4", ["b", "a", "c"]),
        ("left-ipv4", ["b", "a", "c"]),
        ("-left-ipv4", ["a", "b", "c"]),
        ("left-ipv6", ["c", "a", "b"]),
        ("-left-ipv6", ["c", "b", "a"]),
        ("soonest-ipv4", ["b", "a", "c"]),
        ("-soonest-ipv4", ["b", "c", "a"]),
    ],
)
@pytest.mark.parametrize("small", [200, 0])
def test_networks_are_sorted_by_each_family_and_those_without_it_come_last(
    sort: str, expected: list[str], small: int, web: Client, unlike: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    surveying.run()
    monkeypatch.setattr(fullness, "SMALL_NETWORKS", small)
    rows = web.get(f"/networks/?sort={sort}").context["rows"]
    assert [row.network.name for row in rows] == expected


def test_each_half_of_the_compact_list_of_networks_has_heads_that_sort(web: Client, internet: Network) -> None:
    body = web.get("/networks/?sort=left-ipv4").content.decode()
    assert [target.partition("=")[2] for target in heads(body)] == [
        *("name", "-fullness", "soonest", "name"),
        *("-taken-ipv4", "-left-ipv4", "soonest-ipv4", "-taken-ipv6", "left-ipv6", "soonest-ipv6"),
    ]
    assert re.findall(r'aria-sort="(\w+)"', body) == ["ascending"]


def test_pages_in_the_order_of_what_is_left_show_each_network_once(web: Client, db: None) -> None:
    for number in range(60):
        networks.create(external(id=f"net-{number}", vrf=number + 1, **only(f"10.0.{number}.0/24")))
    first = web.get("/networks/?sort=left-ipv4")
    second = web.get(f"/networks/{link(first.content.decode(), 'next')}")
    shown = [row.network.pk for answer in (first, second) for row in answer.context["rows"]]
    assert (len(shown), len(set(shown))) == (60, 60)


def test_totals_of_more_networks_than_a_page_shows_are_those_of_the_last_survey(
    web: Client, internet: Network, project: Project
) -> None:
    for number in range(60):
        networks.create(external(id=f"net-{number}", vrf=number + 1, **only(f"10.0.{number}.0/24")))
    addresses.allocate(Network.objects.get(pk="net-7"), project=project, count=5)
    assert web.get("/networks/").context["totals"] == []
    surveying.run()
    totals = web.get("/networks/?q=net").context["totals"]
    assert [(one.networks, one.used, one.total) for one in totals] == [(61, 5, 60 * 254 + 126), (1, 0, 2**64 - 1)]


@pytest.mark.parametrize("small", [0, 200])
def test_list_of_networks_costs_a_member_no_more_than_any_page(
    small: int, tenants: Network, project: Project, client: Client, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for number in range(60):
        networks.create(external(id=f"net-{number}", vrf=number + 1, **only(f"10.99.{number}.0/24")))
    prefixes.update(Prefix.objects.get(network="net-1"), gateway=ip("10.99.1.1"))
    member = User.objects.create_user("member")
    members.grant(member, "viewer", project=project)
    networks.create(child(parent=tenants, project=project))
    surveying.run()
    client.force_login(member)
    with patch.object(fullness, "SMALL_NETWORKS", small):
        for query in (
            "sort=tree",
            "open=tenants",
            "sort=-taken-ipv4",
            "sort=left-ipv6&open=tenants",
            "q=net&sort=fullness",
        ):
            with django_assert_max_num_queries(MAX_STATEMENTS):
                assert client.get(f"/networks/?{query}").status_code == 200
