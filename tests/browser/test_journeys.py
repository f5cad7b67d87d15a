"""What an operator does, in a real browser."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from ipam.domain.networks import addresses, networks
from ipam.models import Cluster, IPAddress, Network, Project
from tests.browser.conftest import violations
from tests.builders import IPV4, child, cidrs, external
from webui.views import families

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


def test_what_is_wrong_is_said_once_at_its_field_as_one_types_and_when_it_is_sent(
    signed_in: Page, internet: Network, project: Project, complaints: list[str]
) -> None:
    page = signed_in
    page.goto("/networks/internet/allocate/")
    page.get_by_label("Project").fill("alice")
    field = page.get_by_label("Certain addresses")
    field.fill("192.0.2.1")
    said = page.get_by_text("192.0.2.1 lies in no prefix")
    beside = page.locator(".field").filter(has=field).get_by_text("192.0.2.1 lies in no prefix")
    expect(beside).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    with page.expect_response(lambda answer: "preview=1" in (answer.request.post_data or "")):
        page.get_by_role("button", name="Allocate").click()
    expect(beside).to_be_visible()
    expect(said).to_have_count(1)
    field.fill("203.0.113.140")
    expect(page.locator("#preview")).to_contain_text("203.0.113.140")
    expect(said).to_have_count(0)
    expect(field).to_have_attribute("aria-invalid", "false")
    assert complaints == []


def test_form_waits_for_the_preview_that_still_holds_its_addresses(
    signed_in: Page, internet: Network, project: Project
) -> None:
    page = signed_in
    page.goto("/networks/internet/allocate/")
    page.get_by_label("Project").fill("alice")
    expect(page.locator("#preview")).to_contain_text("203.0.113.129")
    held: list[Route] = []
    sent: list[str] = []

    def hold_previews(route: Route) -> None:
        request = route.request
        sent.append("preview" if "preview=1" in (request.post_data or "") else "form")
        if sent[-1] == "preview":
            held.append(route)
        else:
            route.continue_()

    page.route("**/allocate/", hold_previews)
    page.get_by_role("textbox", name="Name optional").fill("mail")
    page.get_by_role("button", name="Allocate").click()
    page.wait_for_timeout(500)  # longer than a further preview would wait for more to be typed
    assert sent == ["preview"]
    held[0].continue_()
    expect(page.get_by_role("status")).to_contain_text("Allocated 203.0.113.129, 2001:db8:0:113::1")
    assert sent == ["preview", "form"]


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
    page.get_by_role("link", name="Show the children of tenants").click()
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


def test_address_is_found_a_pair_allocated_seen_on_the_map_and_released(
    signed_in: Page, internet: Network, project: Project, complaints: list[str]
) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    page = signed_in
    page.get_by_role("searchbox").first.fill("203.0.113.129")
    page.locator("#search-results").get_by_role("link", name="203.0.113.129 vpn").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("203.0.113.129 · 2001:db8:0:113::1")
    page.get_by_role("link", name="internet").first.click()
    page.get_by_role("link", name="Allocate a pair").first.click()
    page.get_by_label("Project").fill("alice")
    page.get_by_role("textbox", name="Name optional").fill("mail")
    page.get_by_role("button", name="Allocate").click()
    expect(page.get_by_role("status")).to_contain_text("Allocated 203.0.113.130, 2001:db8:0:113::2")
    page.get_by_role("link", name="Map", exact=True).click()
    holders = page.get_by_role("table", name="Holders in sight").locator("tbody tr")
    expect(holders).to_have_text(
        [
            re.compile(r"vpn\s+203.0.113.129/32\s+2001:db8:0:113::1/128"),
            re.compile(r"mail\s+203.0.113.130/32\s+2001:db8:0:113::2/128"),
        ]
    )
    expect(page.locator(".joint path")).to_have_count(1)
    page.get_by_role("link", name="mail").last.click()
    page.get_by_role("link", name="Release").click()
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_role("status")).to_contain_text("Released 203.0.113.130, 2001:db8:0:113::2")
    page.get_by_role("link", name="Map", exact=True).click()
    expect(holders).to_have_count(1)
    assert complaints == []


@pytest.fixture
def lan(internet: Network, project: Project, monkeypatch: pytest.MonkeyPatch) -> Network:
    """An IPv4-only network with twelve allocations, completed five at a time."""
    monkeypatch.setattr(families, "BATCH", 5)
    made = networks.create(external(id="lan", vrf=7, prefixes=cidrs("198.18.0.0/24"), destination_prefixes=()))
    addresses.allocate(made, project=project, count=12, name="host")
    return made


def test_ipv6_is_added_and_completed_with_a_stop_between(signed_in: Page, lan: Network, complaints: list[str]) -> None:
    page = signed_in
    page.goto("/networks/lan/")
    page.get_by_role("link", name="Add IPv6").click()
    page.get_by_label("Prefix").fill("2001:db8:18::/64")
    expect(page.locator("#preview")).to_contain_text("2001:db8:18::/64")
    page.get_by_role("button", name="Add a prefix").click()
    page.get_by_role("link", name="Complete them").click()
    page.goto(page.url)

    posts: list[Route] = []

    def answer_only_the_first(route: Route) -> None:
        posts.append(route)
        if len(posts) == 1:
            route.continue_()

    page.route("**/complete/ipv6/", lambda r: answer_only_the_first(r) if r.request.method == "POST" else r.continue_())
    page.get_by_role("button", name="Complete 12 allocations").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "5")
    page.get_by_role("link", name="Stop").click()
    expect(page.get_by_role("button", name="Complete 7 allocations")).to_be_visible()
    assert IPAddress.objects.filter(family=6, network=lan).count() == 5
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Complete 7 allocations").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "12")
    expect(page.get_by_role("link", name="Back to lan")).to_be_visible()
    assert IPAddress.objects.filter(family=6, network=lan).count() == 12
    assert complaints == []


def reach(page: Page, name: str, *, most: int = 60) -> None:
    """Press Tab until what is focused has this name, text or label."""
    said = "(one) => [one.getAttribute('aria-label'), one.labels?.[0]?.innerText, one.innerText].join('|')"
    for _ in range(most):
        page.keyboard.press("Tab")
        if name in page.evaluate(f"({said})(document.activeElement)").split("|"):
            return
    raise AssertionError(f"the keyboard does not reach “{name}”")


def test_keyboard_alone_allocates_a_pair(signed_in: Page, internet: Network, project: Project) -> None:
    page = signed_in
    page.goto("/networks/internet/")
    reach(page, "Allocate a pair")
    page.keyboard.press("Enter")
    page.wait_for_url("**/allocate/")
    reach(page, "Project")
    page.keyboard.type("alice")
    expect(page.locator("#preview")).to_contain_text("2001:db8:0:113::1")
    reach(page, "Allocate")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Allocated 203.0.113.129, 2001:db8:0:113::1")
    assert IPAddress.objects.count() == 2


def test_keyboard_alone_reads_what_a_word_of_the_field_means(signed_in: Page, internet: Network) -> None:
    page = signed_in
    page.goto("/networks/internet/")
    expect(page.locator("#term-external")).to_be_hidden()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.term')"):
            break
    expect(page.locator("#term-external")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#term-external")).to_be_hidden()
    assert violations(Axe().run(page).response) == []


def test_all_rows_of_a_page_are_sorted_ticked_and_labelled_at_once(
    signed_in: Page, internet: Network, project: Project, complaints: list[str]
) -> None:
    for name in ("banana", "apple"):
        addresses.allocate(internet, project=project, families=[IPV4], name=name)
    page = signed_in
    page.goto("/addresses/?address_family=ipv4")
    first = page.locator("tbody tr").first
    page.get_by_role("link", name=re.compile("^Name")).click()
    expect(first).to_contain_text("apple")
    page.get_by_role("link", name=re.compile("^Name")).click()
    expect(first).to_contain_text("banana")
    page.get_by_role("checkbox", name="Select all rows of this page").check()
    page.get_by_role("textbox", name="Label").last.fill("env=prod")
    page.get_by_role("button", name="Label", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Labelled 2 allocations")
    expect(page).to_have_url(re.compile(r"address_family=ipv4&sort=-name$"))
    assert list(IPAddress.objects.values_list("labels", flat=True)) == [{"env": "prod"}] * 2
    assert complaints == []


def test_once_a_page_is_ticked_all_that_match_may_be(signed_in: Page, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4], count=60, name="vpn")
    page = signed_in
    page.goto("/addresses/?q=vpn")
    box = page.get_by_role("checkbox", name="tick all 60 allocations that match")
    expect(box).to_be_hidden()
    page.locator("tbody input").first.check()
    expect(page.locator("[data-ticked]")).to_have_text("1 ticked")
    page.get_by_role("checkbox", name="Select all rows of this page").check()
    expect(page.locator("[data-ticked]")).to_have_text("50 ticked")
    box.check()
    expect(page.locator("[data-ticked]")).to_have_text("all 60 that match")
    page.get_by_role("button", name="Release").click()
    page.get_by_role("button", name="Release 60 allocations").click()
    expect(page.get_by_role("status")).to_contain_text("Released")
    assert IPAddress.objects.count() == 0


def test_partner_lights_up_on_the_map_under_the_mouse_and_under_the_keyboard(
    signed_in: Page, internet: Network, project: Project
) -> None:
    pair = addresses.allocate(internet, project=project, name="vpn")
    addresses.allocate(internet, project=project, name="mail")
    page = signed_in
    page.goto("/networks/internet/map/?ipv6=2001:db8:0:113::/120")
    lit = page.locator(".is-partner")
    page_of = f"/addresses/{pair[0].pk}/"
    own = page.locator(f'svg [href="{page_of}"]')
    expect(lit).to_have_count(0)
    own.first.hover()
    expect(lit).to_have_count(3)  # in both pictures and in the table
    expect(page.locator(f'.is-partner:is([href="{page_of}"], :has([href="{page_of}"]))')).to_have_count(3)
    page.mouse.move(0, 0)
    expect(lit).to_have_count(0)
    own.last.focus()
    expect(page.locator(f'.is-partner:is([href="{page_of}"], :has([href="{page_of}"]))')).to_have_count(3)


def test_page_that_fits_does_not_scroll(signed_in: Page) -> None:
    signed_in.goto("/account/")
    assert signed_in.evaluate("document.documentElement.scrollHeight") == 900


def test_operator_plans_a_cluster_for_500_nodes_and_takes_its_documents(
    signed_in: Page, tenants: Network, project: Project, complaints: list[str]
) -> None:
    page = signed_in
    page.get_by_role("link", name="Clusters").click()
    page.get_by_role("link", name="Plan a cluster").first.click()
    page.get_by_label("Name", exact=True).fill("web")
    page.get_by_label("Project", exact=True).fill("alice")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Room for 1,020 nodes; the IPv4 node network runs out first")
    page.get_by_label("Nodes optional").fill("500")
    expect(preview).to_contain_text("Room for 511 nodes; IPv4 pods run out first")
    expect(preview).to_contain_text("2001:db8:0:10::/96")
    page.get_by_text("Ranges and masks").click()
    page.get_by_label("IPv4 services").fill("10.248.0.0/29")
    expect(page.get_by_text("has 8 addresses; the API server takes the 1st and DNS the 10th")).to_be_visible()
    page.get_by_label("IPv4 services").fill("10.248.0.0/18")
    expect(preview).to_contain_text("10.248.0.10")
    page.keyboard.press("Tab")  # leaving a field asks for the preview once more
    page.wait_for_load_state("networkidle")
    assert Cluster.objects.count() == 0
    page.get_by_role("button", name="Reserve").click()
    expect(page.get_by_role("status")).to_contain_text("Reserved cluster web")
    expect(page.locator("#documents pre")).to_contain_text("ipFamilies: - IPv4 - IPv6")
    page.get_by_role("link", name="Announce its pods in tenants").click()
    page.get_by_role("button", name="Add announcable CIDRs").click()
    expect(page.get_by_text("The leaf switches drop")).to_have_count(0)
    page.get_by_role("link", name="kubeadm", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download kubeadm", exact=True).click()
    assert download.value.suggested_filename == "web-kubeadm.yaml"
    assert complaints == []


def test_operator_plans_a_cluster_by_keyboard(signed_in: Page, tenants: Network, project: Project) -> None:
    page = signed_in
    page.keyboard.press("Control+k")
    page.keyboard.type("plan cluster")
    expect(page.locator("#search-results a")).to_have_text([re.compile(r"Plan a cluster\s*$")])
    page.keyboard.press("Enter")
    page.wait_for_url("**/clusters/new/")
    page.locator("#search").focus()
    expect(page.locator("#search-results a").first).to_be_visible()
    page.get_by_label("Name", exact=True).focus()  # what was searched for does not cover the form
    expect(page.locator("#search-results a")).to_have_count(0)
    page.keyboard.type("web")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Project", exact=True)).to_be_focused()
    page.keyboard.type("ali")
    expect(page.locator(".combo-list")).to_contain_text("alice")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("Room for")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="web", exact=True)).to_be_visible()
    page.get_by_role("link", name="kubeadm", exact=True).press("Enter")
    expect(page.locator("#documents pre")).to_contain_text("ClusterConfiguration")
    expect(page.get_by_role("link", name="kubeadm", exact=True)).to_be_focused()
