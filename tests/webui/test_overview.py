"""The overview of a small installation, and of a large one."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.insight import coverage, survey, surveying
from ipam.domain.networks import addresses, networks, quota_limits
from ipam.domain.people import members
from ipam.models import Network, Project
from tests.builders import IPV4, cidrs, external


def text_of(web: Client) -> str:
    return " ".join(web.get("/").content.decode().split())


def test_small_installation_is_shown_whole(web: Client, private: Network) -> None:
    page = text_of(web)
    assert "· 2 networks" in page
    assert ('hx-get="/pairs/"' in page, "Fullness by partition" in page) == (True, True)
    assert "findings as of" not in page


def test_large_installation_says_what_it_counts_and_of_when_it_is(
    web: Client, private: Network, internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.allocate(private, project=project)
    surveying.run()
    monkeypatch.setattr(survey, "SMALL_NETWORKS", 0)
    monkeypatch.setattr(survey, "MAX_OF_PARTITION", 1)
    page = text_of(web)
    assert "· 3 networks · forecasts and findings as of <time" in page
    assert ">3 networks</a>" in page  # of the partition


def test_what_is_full_is_the_title_and_the_first_row_wherever_it_is_asked(
    web: Client, internet: Network, project: Project
) -> None:
    full = networks.create(external(id="full", vrf=7, prefixes=cidrs("192.0.2.0/30"), destination_prefixes=()))
    addresses.allocate(full, project=project, count=2)
    surveying.run()
    for path in ("/", "/soonest/"):
        answer = web.get(path)
        assert (answer.context["title"], answer.context["rows"][0].key) == ("One network is full", "full"), path
    assert "IPv4 is full." in web.get("/networks/full/history/").content.decode()


def test_a_member_sees_their_projects_and_nothing_of_the_platform(
    client: Client, internet: Network, project: Project, stranger: Project
) -> None:
    full = networks.create(external(id="full", vrf=7, prefixes=cidrs("192.0.2.0/30"), destination_prefixes=()))
    addresses.allocate(full, project=stranger, count=2)
    addresses.allocate(internet, project=project, count=3)
    addresses.allocate(internet, project=project, families=[IPV4])
    quota_limits.create(project=project, address_family=IPV4, resource="addresses", limit=9)
    surveying.run()
    alice = User.objects.create_user("alice")
    client.force_login(alice)
    assert "No projects yet" in text_of(client)
    members.grant(alice, "editor", project=project)
    answer = client.get("/")
    (mine,) = answer.context["projects"]
    assert (mine["project"], mine["pairs"], [count for _, count in mine["held"]]) == (project, 3, ["4", "3"])
    assert [one.left_text for one in mine["quotas"]] == ["4 of 9"]
    assert (answer.context["rows"], "Fullness by partition" in text_of(client)) == ([], False)


def test_what_is_alike_is_one_row(web: Client, internet: Network, project: Project) -> None:
    for number in range(5):
        addresses.allocate(internet, project=project, name=f"vpn-{number}")
    page = re.sub("<[^>]+>", "", text_of(web))
    assert "Allocate 5 addresses" in page
    assert "and 2 more" in page


def test_pairs_of_many_addresses_are_counted_on_request(
    web: Client, internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.allocate(internet, project=project)
    monkeypatch.setattr(coverage, "AT_ONCE", 1)
    part = web.get("/pairs/", headers={"HX-Request": "true"}).content.decode()
    assert ("Count the pairs" in part, "100 % are pairs" in part) == (True, False)
    assert "100 % are pairs" in web.get("/pairs/").content.decode()
