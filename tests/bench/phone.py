"""What a phone waits for, and what jumps meanwhile: the main pages as production serves them, over a slow line.

Largest contentful paint (LCP) and cumulative layout shift (CLS) are Chromium's own figures, of a browser that has
been nowhere yet. A shift counts whenever it happens, also while parts arrive late and after something was typed.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from ipam.demo import seeding
from ipam.models import IPAddress
from tests.bench import pages
from tests.bench.table import Row, at_most
from tests.bench.timing import Ratio
from tests.faults.servers import collected, serving

_ROUNDS = 3
_MAX_LCP, _MAX_CLS = 2.5, 0.02  # seconds; a share of the window, 0.1 by the usual measure
_PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True, "has_touch": True}
_LINE = {"latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8, "offline": False}
_SLOWER = 4  # times, of the CPU
_SETTLED = 1000  # milliseconds after the last answer
_PATHS = [
    "/",
    "/networks/",
    "/networks/{external}/",
    "/networks/{external}/allocate/",
    "/networks/{super}/map/",
    "/addresses/",
    "/addresses/{address}/",
    "/machines/",
    "/findings/",
    "/activity/",
]
_TYPED = {  # what is typed into which field, and its answer comes into the page
    "/networks/": ("q", "a"),
    "/addresses/": ("q", "10.0."),
    "/machines/": ("q", "db"),
    "/activity/": ("q", "a"),
    "/networks/{external}/allocate/": ("name", "mail"),
}
_OBSERVE = """
window.seen = {paint: 0, shift: 0};
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.seen.paint = entry.startTime / 1000;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.seen.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


def rows() -> Iterator[Row]:
    seeding.seed(networks=400, prefixes=1_200, addresses=10_000, days=120)
    session = pages.browser().cookies[settings.SESSION_COOKIE_NAME].value
    ids = pages.ids() | {"address": str(IPAddress.objects.filter(network__type="external").order_by("address")[0].pk)}
    with collected() as static, serving(SECRET_KEY=settings.SECRET_KEY, **static) as server, _chromium() as chromium:
        visit = partial(_visit, chromium, f"http://127.0.0.1:{server.port}", session)
        visit("/")  # the server's first requests are slower than all that follow
        for path in _PATHS:
            seen = [visit(path.format(**ids)) for _ in range(_ROUNDS)]
            yield Row(f"LCP of {path}", Ratio.of([paint for paint, _ in seen], unit="s"), at_most(_MAX_LCP))
            yield Row(f"CLS of {path}", Ratio.of([shift for _, shift in seen]), at_most(_MAX_CLS))
        for path, (field, text) in _TYPED.items():
            shifts = [visit(path.format(**ids), field, text)[1] for _ in range(_ROUNDS)]
            yield Row(f"CLS of {path} with what is typed into “{field}”", Ratio.of(shifts), at_most(_MAX_CLS))


@contextmanager
def _chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


def _visit(browser: Browser, url: str, session: str, path: str, field: str = "", text: str = "") -> tuple[float, float]:
    """Seconds until the largest part was painted, and what shifted until all was there."""
    context = browser.new_context(base_url=url, **_PHONE)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    page = context.new_page()
    _slow_down(page)
    page.add_init_script(_OBSERVE)
    page.goto(path)
    if "login" in page.url:
        raise RuntimeError(f"{path} asks to sign in")
    _settle(page)
    if field:
        page.locator(f"main [name={field}]").first.press_sequentially(text)
        _settle(page)
    seen = page.evaluate("window.seen")
    context.close()
    return seen["paint"], seen["shift"]


def _slow_down(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", _LINE)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})


def _settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(_SETTLED)
