"""What names do in a real browser: the palette by keyboard, pickers that keep several, cards that open and close."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from ipam.domain.networks import addresses, projects
from ipam.models import ApiToken, Machine, Network, Project
from tests.browser.conftest import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_palette_shows_what_was_opened_and_what_can_be_done_here_by_keyboard_alone(
    signed_in: Page, machine: Machine, complaints: list[str]
) -> None:
    page = signed_in
    for url in ("/networks/tenants/", f"/machines/{machine.pk}/", "/networks/internet/"):
        page.goto(url)
    page.keyboard.press("Control+k")
    hits = page.locator("#search-results .hit")
    expect(hits.nth(0)).to_have_text(re.compile("worker *machine"))
    expect(hits.nth(1)).to_have_text(re.compile("tenants *network"))
    expect(hits.nth(2)).to_contain_text("Allocate from internet")
    assert violations(Axe().run(page).response) == []
    page.keyboard.press("Escape")
    expect(hits).to_have_count(0)
    page.keyboard.press("Control+k")
    for _ in range(3):
        expect(hits.first).to_be_visible()
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/networks/internet/allocate/$"))
    assert complaints == []


def test_recent_things_are_those_of_one_person_and_that_are_there(
    signed_in: Page, internet: Network, complaints: list[str]
) -> None:
    page = signed_in
    page.goto("/networks/internet/")
    page.goto("/networks/gone/")
    stored = "localStorage.getItem('recent')"
    assert ("internet" in page.evaluate(stored), "gone" in page.evaluate(stored)) == (True, False)
    page.get_by_label(re.compile("^Account of")).click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert page.evaluate(stored) is None


def test_token_is_bound_to_projects_that_are_picked_one_after_the_other(
    signed_in: Page, project: Project, complaints: list[str]
) -> None:
    other = projects.create(name="alice", tenant="acme")
    projects.create(name="alice", tenant="globex")
    page = signed_in
    page.goto("/tokens/")
    page.get_by_label("Name").fill("ci")
    picker = page.get_by_label("Only for")
    picker.press_sequentially("acme")
    page.keyboard.press("Backspace")
    picker.fill("ali")
    expect(page.locator("[role=option]")).to_have_count(3)
    page.get_by_role("option", name="alice acme").click()
    picker.fill(str(project.pk))
    picker.press("Tab")
    expect(page.locator(".chip")).to_have_text(["alice · acme×", f"{project.pk}×"])
    assert violations(Axe().run(page).response) == []
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("Copy it now")).to_be_visible()
    assert (ApiToken.objects.get().projects, complaints) == ([str(other.pk), str(project.pk)], [])


def test_card_opens_stays_while_it_is_pointed_at_and_closes(
    signed_in: Page, internet: Network, project: Project, complaints: list[str]
) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    page = signed_in
    page.goto("/networks/")
    name, card = page.get_by_role("link", name="internet", exact=True), page.get_by_role("tooltip")
    name.hover()
    expect(card).to_contain_text("125 addresses left")
    assert violations(Axe().run(page).response) == []
    box = card.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 30, steps=3)
    page.wait_for_timeout(500)
    expect(card).to_be_visible()
    page.mouse.move(0, 0)
    expect(card).to_have_count(0)
    page.get_by_role("button", name="Filter").focus()
    while not name.evaluate("one => one === document.activeElement"):
        page.keyboard.press("Tab")
    expect(card).to_contain_text("external network")
    expect(name).to_have_attribute("aria-describedby", "card")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(name).to_be_focused()
    assert complaints == []


def test_finger_opens_no_card(
    chromium: Browser, signed_in: Page, live_server: LiveServer, internet: Network, project: Project
) -> None:
    context = chromium.new_context(base_url=live_server.url, has_touch=True, viewport={"width": 390, "height": 844})
    context.add_cookies(signed_in.context.cookies())  # type: ignore[arg-type]  # of the same browser
    page = context.new_page()
    page.goto("/networks/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="internet", exact=True).tap()
    page.wait_for_url("**/networks/internet/")
    assert [url for url in asked if "/cards/" in url] == []
    context.close()
