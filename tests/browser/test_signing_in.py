"""Signing in and one's account, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from playwright.sync_api import Page, expect

from ipam.models import Network
from tests.browser.conftest import violations
from tests.signin.provider import Provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def looks_right(page: Page) -> bool:
    """Whether axe finds nothing and nothing is wider than a phone."""
    page.set_viewport_size({"width": 390, "height": 844})
    fits = page.evaluate("document.documentElement.scrollWidth <= 390")
    return fits and violations(Axe().run(page).response) == []


def test_operator_signs_in_and_sees_the_overview(page: Page, operator: User, complaints: list[str]) -> None:
    page.goto("/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    expect(page.get_by_label("Account of operator")).to_be_visible()
    assert complaints == []


def test_provider_signs_one_in_and_leads_to_the_page_asked_for(
    page: Page, provider: Provider, complaints: list[str]
) -> None:
    page.goto("/machines/")
    assert looks_right(page)
    page.get_by_role("link", name="Sign in with Keycloak").click()
    page.wait_for_url("**/machines/")
    page.get_by_label("Account of alice").click()
    page.get_by_role("link", name="Account", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("alice")
    expect(page.get_by_role("link", name="Change password")).to_have_count(0)
    assert complaints == []


def test_refusal_of_the_provider_is_a_page_that_leads_back(page: Page, provider: Provider) -> None:
    page.goto("/accounts/provider/callback/?error=access_denied")
    assert looks_right(page)
    page.get_by_role("link", name="Back to signing in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_too_many_wrong_passwords_are_a_page_that_says_when(page: Page, operator: User) -> None:
    for _ in range(5):
        page.goto("/accounts/login/")
        page.get_by_label("Username").fill("operator")
        page.get_by_label("Password").fill("guess")
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many attempts")
    assert looks_right(page)


def test_other_browsers_are_signed_out_and_this_one_stays(signed_in: Page) -> None:
    page = signed_in
    page.get_by_label("Account of operator").click()
    page.get_by_role("link", name="Account", exact=True).click()
    page.get_by_role("link", name="Sign out everywhere").click()
    page.get_by_label("Your password").fill("correct horse")
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("status")).to_have_text("Signed you out everywhere else.")


def test_page_that_asks_for_news_after_the_session_ended_stays_as_it_is(signed_in: Page) -> None:
    page = signed_in
    Session.objects.all().delete()
    with page.expect_response("**/accounts/login/**"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(200)
    assert page.locator("[data-news]").inner_html() == ""


def test_picker_after_the_session_ended_offers_no_sign_in_page(signed_in: Page, internet: Network) -> None:
    page = signed_in
    page.goto("/networks/internet/allocate/")
    Session.objects.all().delete()
    with page.expect_response("**/accounts/login/**"):
        page.get_by_label("Project").press_sequentially("al")
    page.wait_for_timeout(200)
    expect(page.locator(".combo-list")).to_have_count(0)


def test_part_of_a_page_after_the_session_ended_says_so_and_shows_no_sign_in(signed_in: Page) -> None:
    page = signed_in
    Session.objects.all().delete()
    page.get_by_role("searchbox").fill("internet")
    expect(page.locator("#problem")).to_contain_text("signed out")
    expect(page.get_by_label("Password")).to_have_count(0)
