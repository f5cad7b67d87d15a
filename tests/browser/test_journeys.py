"""What an operator does, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from ipam.domain import addresses, networks
from ipam.models import IPAddress, Network, Project
from tests.browser.conftest import serious
from tests.builders import IPV4, child

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_operator_sees_a_pair_before_taking_it_then_releases_it(
    signed_in: Page, internet: Network, project: Project, complaints: list[str]
) -> None:
    page = signed_in
    page.goto("/networks/internet/")
    page.get_by_role("link", name="Allocate a pair").first.click()
    page.get_by_label("Project").fill("alice")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("203.0.113.129")
    expect(preview).to_contain_text("2001:db8:0:113::1")
    assert IPAddress.objects.count() == 0
    page.get_by_role("button", name="Allocate").click()
    expect(page.get_by_role("status")).to_contain_text("Allocated 203.0.113.129, 2001:db8:0:113::1")
    page.get_by_role("link", name="Release 203.0.113.129 and 2001:db8:0:113::1").click()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("status")).to_contain_text("Released")
    assert (IPAddress.objects.count(), complaints) == (0, [])


def test_preview_follows_the_choice_of_family(signed_in: Page, internet: Network, project: Project) -> None:
    page = signed_in
    page.goto("/networks/internet/allocate/")
    page.get_by_label("Project").fill("alice")
    expect(page.locator("#preview")).to_contain_text("203.0.113.129")
    page.get_by_text("IPv6 only").click()
    expect(page.locator("#preview")).not_to_contain_text("203.0.113.129")
    expect(page.locator("#preview")).to_contain_text("2001:db8:0:113::1")


def test_search_as_you_type_finds_an_address_by_keyboard_alone(
    signed_in: Page, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, name="vpn", families=[IPV4])
    page = signed_in
    page.keyboard.press("/")
    page.keyboard.type("203.0.113.129")
    expect(page.locator("#search-results")).to_contain_text("vpn")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/addresses/*-*/")


def test_tree_opens_children_and_keeps_its_state_in_the_url(
    signed_in: Page, tenants: Network, project: Project
) -> None:
    networks.create(child(parent=tenants, project=project, name="nodes"))
    page = signed_in
    page.goto("/networks/")
    page.get_by_text("show 1 child").click()
    expect(page.get_by_role("link", name="nodes")).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name="nodes")).to_be_visible()


def test_everything_works_without_scripts(
    chromium: Browser, live_server: LiveServer, internet: Network, project: Project, operator: object
) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/networks/internet/allocate/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Project").fill("alice")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("203.0.113.129")
    page.get_by_role("button", name="Allocate").click()
    expect(page.get_by_role("status")).to_contain_text("Allocated")
    context.close()
    assert IPAddress.objects.count() == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/networks/?open=tenants",
        "/networks/internet/",
        "/networks/tenants/",
        "/networks/internet/allocate/",
        "/networks/tenants/carve/",
        "/machines/",
        "/machines/allocate/",
        "/search/?q=10.0&all=1",
    ],
)
def test_page_has_no_serious_finding_no_error_and_no_sideways_scroll(
    path: str, theme: str, signed_in: Page, internet: Network, tenants: Network, project: Project, complaints: list[str]
) -> None:
    networks.create(child(parent=tenants, project=project, name="nodes"))
    addresses.allocate(internet, project=project, name="vpn")
    page = signed_in
    page.emulate_media(color_scheme=theme)
    page.goto(path)
    assert serious(Axe().run(page)) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []
