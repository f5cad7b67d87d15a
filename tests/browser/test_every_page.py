"""Every page in a real browser: open to everybody in both themes, as wide as its window, with names instead of ids."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from ipam.models import Machine
from tests.browser.conftest import violations
from tests.webui.test_names import named_pages

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_HEIGHT = 900
_WIDTHS = 1440, 1024, 390
_CONTRAST = "axe.run({runOnly: ['color-contrast'], resultTypes: ['violations']})"
# Text that is seen, and what fields hold; without Facts, and what is there to be copied.
_IDS = """() => {
  const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
  const isRead = (one) => one.checkVisibility() && !one.closest('[aria-labelledby=facts], pre, code, .copyable');
  const read = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) read.push([walker.currentNode.parentElement, walker.currentNode.data]);
  for (const field of document.querySelectorAll('textarea, input:not([type=checkbox], [type=radio])'))
    read.push([field, field.value]);
  return read.filter(([one, text]) => id.test(text) && isRead(one)).map(([, text]) => text.trim());
}"""
_CUT = """() => [...document.querySelectorAll('.table-scroll')].some(
  (one) => one.scrollWidth > one.clientWidth && (innerWidth < 500 || getComputedStyle(one).overflowX === 'clip'))"""


def test_page_shuts_nobody_out_and_shows_all_of_itself(
    signed_in: Page, machine: Machine, complaints: list[str]
) -> None:
    found = {name: wrong_with(signed_in, url, complaints) for name, url in named_pages(machine).items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def wrong_with(page: Page, url: str, complaints: list[str]) -> list[str]:
    """What axe finds, at all; what is wider than its window, or hidden in a table; ids; complaints of the browser."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": _WIDTHS[0], "height": _HEIGHT})
    page.goto(url)
    expect(page.locator(".htmx-request")).to_have_count(0)  # parts that come by themselves are there
    wrong = violations(Axe().run(page).response) + page.evaluate(_IDS)
    page.emulate_media(color_scheme="dark")
    wrong += violations(page.evaluate(_CONTRAST))  # nothing else differs
    for width in _WIDTHS:
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        wide = page.evaluate("document.documentElement.scrollWidth")
        wrong += [f"{wide} wide where there are {width}"] * (wide > width)
        wrong += [f"a table is cut off at {width}"] * page.evaluate(_CUT)
    said, complaints[:] = list(complaints), []
    return wrong + said
