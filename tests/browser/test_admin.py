"""The admin in a real browser: nothing of it needs a looser policy, and its choices are found by typing."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from ipam.domain.networks import addresses
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_pages_of_the_admin_keep_the_policy_and_break_no_script(
    signed_in: Page, operator: User, internet: Network, private: Network, complaints: list[str]
) -> None:
    (held,) = addresses.allocate(internet, project=private.project, families=[IPV4])
    page = signed_in
    for path in (
        "", "ipam/ipaddress/", f"ipam/ipaddress/{held.pk}/change/", f"ipam/ipaddress/{held.pk}/delete/",
        "ipam/ipaddress/add/", "ipam/network/", "ipam/network/internet/change/", "ipam/network/add/",
        "ipam/machine/add/", "ipam/event/", "ipam/prefix/add/", "ipam/apitoken/", "auth/user/", "auth/user/add/",
        f"auth/user/{operator.pk}/change/", f"auth/user/{operator.pk}/password/",
        "password_change/", f"ipam/ipaddress/{held.pk}/history/",
    ):  # fmt: skip
        page.goto(f"/admin/{path}")
        expect(page.locator("#content h1")).to_be_visible()
        assert complaints == [], path


def test_data_keeper_finds_a_project_by_typing_and_releases_what_it_holds(
    signed_in: Page, internet: Network, project: Project, complaints: list[str]
) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    page = signed_in
    page.goto("/admin/ipam/ipaddress/")
    by_project = page.locator("details[data-filter-title=project]")
    by_project.locator(".select2-selection").click()
    page.keyboard.type("ali")
    page.get_by_role("option", name="alice").click()
    by_project.get_by_role("button", name="Filter").click()
    page.locator("#action-toggle").check()
    page.get_by_label("Action:").select_option("delete_selected")
    page.get_by_role("button", name="Go", exact=False).first.click()
    expect(page.locator("#content")).to_contain_text("203.0.113.129")
    page.get_by_role("button", name="Release selected IP addresses").click()
    expect(page.locator(".messagelist")).to_contain_text("2 done")
    assert (IPAddress.objects.count(), complaints) == (0, [])


def test_data_keeper_adds_a_prefix_and_reads_why_another_is_refused(
    signed_in: Page, internet: Network, tenants: Network, complaints: list[str]
) -> None:
    page = signed_in
    page.goto("/admin/ipam/network/internet/change/")
    page.locator("#id_prefixes-2-cidr").fill("198.51.100.0/24")
    page.get_by_text("Add another Prefix").click()
    page.locator("#id_prefixes-3-cidr").fill("10.0.0.0/8")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errorlist").first).to_contain_text("10.0.0.0/8 overlaps 10.0.0.0/16 of network tenants")
    page.locator("#id_prefixes-3-cidr").fill("198.51.101.0/24")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("changed successfully")
    assert (internet.prefixes.count(), complaints) == (4, [])
