"""Allocate and undo, release and undo: with scripts in place, without them as plain forms."""

import os
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from ipam.models import IPAddress, Network, Project
from tests.browser.conftest import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def browser_page(
    request: pytest.FixtureRequest, chromium: Browser, live_server: LiveServer, client: Client, operator: User
) -> Iterator[Page]:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=request.param)
    client.force_login(operator)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    yield context.new_page()
    context.close()


def allocate(page: Page) -> None:
    page.goto("/networks/internet/allocate/")
    page.get_by_label("Project").fill("alice")
    page.get_by_role("button", name="Allocate").click()
    expect(page.locator(".toast")).to_contain_text("Allocated")


def shoot(page: Page, name: str) -> None:
    """A picture of each width and theme, where somebody wants to look at them."""
    if not (folder := os.environ.get("SHOTS")):
        return
    for width in (1440, 390):
        for theme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.screenshot(path=f"{folder}/{name}-{width}-{theme}.png")


def test_allocation_is_undone_where_one_is(browser_page: Page, internet: Network, project: Project) -> None:
    page = browser_page
    allocate(page)
    shoot(page, "allocated")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Undone: 203.0.113.129 + 2001:db8:0:113::1 released")
    expect(page.locator(".toast-lanes")).to_have_count(0)
    assert (IPAddress.objects.count(), page.url.endswith("/networks/internet/")) == (0, True)
    shoot(page, "undone")


def test_release_is_undone_and_the_same_pair_is_in_the_list(
    browser_page: Page, internet: Network, project: Project
) -> None:
    page = browser_page
    allocate(page)
    before = set(IPAddress.objects.values_list("pk", flat=True))
    page.get_by_role("link", name="Release 203.0.113.129 and 2001:db8:0:113::1").click()
    page.get_by_role("button", name="Release").click()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("held again")
    expect(page.get_by_role("link", name="Release 203.0.113.129 and 2001:db8:0:113::1")).to_be_visible()
    assert set(IPAddress.objects.values_list("pk", flat=True)) == before


def test_activity_undoes_and_stays(browser_page: Page, internet: Network, project: Project) -> None:
    page = browser_page
    allocate(page)
    page.goto("/activity/")
    shoot(page, "activity")
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("undone since")).to_be_visible()
    assert (IPAddress.objects.count(), page.url.endswith("/activity/")) == (0, True)
    shoot(page, "activity-undone")


def test_notice_copies_both_and_closes(signed_in: Page, internet: Network, project: Project) -> None:
    page = signed_in
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    allocate(page)
    page.get_by_role("button", name="Copy both").click()
    assert page.evaluate("navigator.clipboard.readText()") == "203.0.113.129\n2001:db8:0:113::1"
    assert violations(Axe().run(page).response) == []
    shoot(page, "copied")
    page.get_by_role("button", name="Close this notice").click()
    expect(page.locator(".toast-lanes")).to_have_count(0)
