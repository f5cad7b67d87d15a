"""The notice after an allocation, a release and a carving, and what its button does; also that of lists of events."""

import html
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ipam.domain.networks import addresses, networks
from ipam.domain.people import members
from ipam.models import Event, IPAddress, Network, Project
from tests.builders import IPV4, child


def body(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def allocate(web: Client, project: Project, **more: object) -> str:
    """The page after an allocation."""
    asked = {"project": str(project.pk), "families": "both", "count": 1, "type": "static", **more}
    return body(web.post("/networks/internet/allocate/", asked, follow=True))


def undo_of(verb: str) -> str:
    return f"/activity/{Event.objects.filter(verb=verb).latest('pk').pk}/undo/"


def test_allocation_is_told_with_copy_open_and_undo(web: Client, internet: Network, project: Project) -> None:
    page = allocate(web, project)
    one = IPAddress.objects.get(family=4)
    assert 'data-copy="203.0.113.129\n2001:db8:0:113::1"' in page
    assert (f'href="/addresses/{one.pk}/">Open' in page, f'action="{undo_of("allocate")}"' in page) == (True, True)
    assert "for 10 minutes" in page


def test_notice_is_told_once(web: Client, internet: Network, project: Project) -> None:
    allocate(web, project)
    assert 'class="toast"' not in body(web.get("/networks/internet/"))


def test_many_addresses_are_told_by_the_first_and_a_number(web: Client, internet: Network, project: Project) -> None:
    page = allocate(web, project, count=30)
    assert ("and 56 more" in page, "Copy all" in page, "Open" in page) == (True, False, False)


def test_notice_that_is_shown_late_offers_no_undo(web: Client, internet: Network, project: Project) -> None:
    asked = {"project": str(project.pk), "families": "both", "count": 1, "type": "static"}
    web.post("/networks/internet/allocate/", asked)
    with time_machine.travel(timezone.now() + timedelta(seconds=601)):
        page = body(web.get("/networks/internet/"))
    assert ('class="toast"' in page, "/undo/" in page) == (True, False)


def test_release_is_told_and_undone(web: Client, internet: Network, project: Project) -> None:
    held = addresses.allocate(internet, project=project, name="web")
    page = body(web.post(f"/allocations/{held[0].allocation}/release/", follow=True))
    assert f'action="{undo_of("release")}"' in page
    assert 'href="/addresses/at/203.0.113.129/">Open' in page
    page = body(web.post(undo_of("release"), follow=True))
    assert "Undone: 203.0.113.129 + 2001:db8:0:113::1 held again" in page
    assert {one.pk for one in IPAddress.objects.all()} == {one.pk for one in held}


def test_release_of_a_selection_is_told_and_undone(web: Client, internet: Network, project: Project) -> None:
    held = addresses.allocate(internet, project=project, count=3)
    chosen = {"allocation": [one.allocation for one in held], "action": "release", "confirmed": "1"}
    assert "and 2 more" in body(web.post("/addresses/act/", chosen, follow=True))
    web.post(undo_of("release"))
    assert IPAddress.objects.count() == 6


def test_carving_is_told_and_undone_to_the_page_of_its_parent(web: Client, tenants: Network, project: Project) -> None:
    asked = {"project": str(project.pk), "type": "child", "families": "both"}
    answer = web.post("/networks/tenants/carve/", asked, follow=True)
    made = Network.objects.get(parent="tenants")
    assert (f'href="/networks/{made.pk}/">Open' in body(answer), "10.0.0.0/22" in body(answer)) == (True, True)
    referer = f"http://testserver/networks/{made.pk}/"
    answer = web.post(undo_of("carve"), headers={"Referer": referer}, follow=True)
    assert answer.redirect_chain == [("/networks/tenants/", 302)]
    assert "deleted, its prefixes free again" in body(answer)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://testserver/activity/?q=x", "/activity/?q=x"),
        ("http://testserver/addresses/00000000-0000-0000-0000-000000000000/", "/networks/internet/"),
        ("https://evil.example/activity/", "/networks/internet/"),
        ("", "/networks/internet/"),
    ],
)
def test_undo_goes_on_where_one_was(web: Client, internet: Network, project: Project, before: str, after: str) -> None:
    addresses.allocate(internet, project=project)
    assert web.post(undo_of("allocate"), headers={"Referer": before}).url == after


def test_refused_undo_says_why(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    url = undo_of("allocate")
    web.post(url)
    assert "This was undone already" in body(web.post(url, follow=True))


def test_lists_offer_the_undo_while_there_is_time_and_say_what_became_of_it(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project)
    url = undo_of("allocate")
    assert f'action="{url}"' in body(web.get("/activity/"))
    with time_machine.travel(timezone.now() + timedelta(seconds=601)):
        assert "/undo/" not in body(web.get("/activity/"))
    web.post(url)
    page = body(web.get("/activity/"))
    assert ("undone since" in page, "undid an earlier one" in page, f'action="{url}"' in page) == (True, True, False)


@pytest.mark.parametrize(("role", "status"), [("editor", 302), ("viewer", 403), (None, 404)])
def test_button_is_for_those_who_may(
    client: Client, internet: Network, project: Project, role: str | None, status: int
) -> None:
    addresses.allocate(internet, project=project)
    somebody = User.objects.create_user("somebody")
    if role:
        members.grant(somebody, role, project=project)
    client.force_login(somebody)
    assert ("/undo/" in body(client.get("/activity/"))) == (role == "editor")
    assert client.post(undo_of("allocate")).status_code == status
    assert client.get(undo_of("allocate")).status_code == 405


def test_child_that_is_used_by_now_stays(web: Client, tenants: Network, project: Project) -> None:
    made = networks.create(child(parent=tenants, project=project))
    addresses.allocate(made, project=project, families=[IPV4])
    assert "Something has changed since" in body(web.post(undo_of("carve"), follow=True))
