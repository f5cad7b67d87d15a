"""Hover cards: what a name says of its thing while it is pointed at, with the rights of its page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.networks import addresses, projects
from ipam.domain.people import members
from ipam.models import Machine, Network, Project
from ipam.models.roles import Role
from tests.webui.test_pages import MAX_STATEMENTS, pages


def card(web: Client, page: str) -> str:
    """What the card of a page says, in words."""
    answer = web.get(f"/cards{page}")
    assert (answer.status_code, b"<html" in answer.content) == (200, False)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).strip()


def test_network_says_what_is_left_of_both_families(web: Client, internet: Network) -> None:
    said = card(web, "/networks/internet/")
    assert said.startswith("internet external network 4 203.0.113.128/25 126 addresses left")
    assert "6 2001:db8:0:113::/64" in said


def test_address_says_its_pair_and_who_has_it(web: Client, internet: Network, project: Project) -> None:
    four, six = addresses.allocate(internet, project=project, name="vpn")
    said = "vpn ephemeral pair 4 203.0.113.129 6 2001:db8:0:113::1 Network internet Project alice"
    assert {card(web, f"/addresses/{four.pk}/"), card(web, f"/addresses/at/{six}/")} == {said}


def test_what_nobody_holds_says_so(web: Client, internet: Network, tenants: Network) -> None:
    assert card(web, "/addresses/at/203.0.113.200/").startswith("203.0.113.200 free")
    assert card(web, "/prefixes/at/10.0.128.0/24/").startswith("10.0.128.0/24 free")
    assert card(web, "/prefixes/at/203.0.113.128/25/").startswith("internet external network")


def test_machine_and_project_say_what_they_have(web: Client, machine: Machine) -> None:
    assert f"Project alice Partition mini-lab ASN {machine.asn}" in card(web, f"/machines/{machine.pk}/")
    assert "IPv4 2 addresses" in card(web, f"/projects/{machine.project_id}/")


@pytest.mark.parametrize("name", ["external network", "super network", "address", "machine", "cluster", "project"])
def test_card_costs_few_statements(
    name: str, web: Client, machine: Machine, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    url = pages(machine)[name]
    with django_assert_max_num_queries(MAX_STATEMENTS):
        card(web, url)


def test_card_of_what_is_foreign_is_absent(client: Client, machine: Machine, internet: Network) -> None:
    one = addresses.allocate(internet, project=machine.project)[0]
    stranger = User.objects.create_user("mallory")
    members.grant(stranger, role=Role.OWNER, project=projects.create(name="other"))
    client.force_login(stranger)
    foreign = [f"/machines/{machine.pk}/", f"/addresses/{one.pk}/", f"/projects/{machine.project_id}/"]
    assert {client.get(f"/cards{page}").status_code for page in foreign} == {404}
    assert "alice" not in card(client, f"/addresses/at/{one}/")
