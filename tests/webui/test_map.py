"""The picture: one square per block, as true as the free space that it is drawn from."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from netaddr import IPNetwork

from ipam.domain.networks import addresses, networks, projects
from ipam.domain.networks.network_fields import NewNetwork
from ipam.models import Network, Project, Series
from tests.builders import IPV4, IPV6, child, ip, namespaced
from webui import map_picture
from webui.map_holders import Holder

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def squares(html: str) -> list[tuple[str, str]]:
    """(state, what it says) of each square that does not zoom, in the order in which they are drawn."""
    pattern = r'<(?:rect class="(\w+)" x="\d+" y="\d+"|a href="\.\.[^"]+")><title>([^<]*)</title>'
    return [(state or "free", says) for state, says in re.findall(pattern, html)]


def shapes(html: str) -> list[tuple[str, ...]]:
    """(x, y, width, height, what it says) of each holder; what fills one square does not say so."""
    pattern = r'<a href="/[^"]*"><title>([^<]*)</title><rect x="(\d+)" y="(\d+)"(?: width="(\d+)" height="(\d+)")?/>'
    return [(x, y, width or "1", height or "1", says) for says, x, y, width, height in re.findall(pattern, html)]


def test_child_is_one_rectangle_over_its_squares_that_leads_to_it(
    web: Client, tenants: Network, project: Project
) -> None:
    home = networks.create(child(parent=tenants, project=project, name="nodes"))
    html = web.get("/networks/tenants/map/").content.decode()
    assert shapes(html) == [
        ("0", "0", "4", "1", "10.0.0.0/22: nodes, alice"),
        ("0", "0", "1", "1", "2001:db8:0:10::/96: nodes, alice"),
    ]
    assert squares(html)[0] == ("free", "10.0.4.0/24: free")
    assert html.count(f'<a href="/networks/{home.pk}/"><title>10.0.0.0/22') == 1


def test_child_of_more_than_a_row_is_as_many_rows_high(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, name="large", length={IPV4: 18}))
    assert shapes(web.get("/networks/tenants/map/").content.decode())[0][:4] == ("0", "0", "16", "4")


def test_map_of_addresses_shows_reserved_free_and_who_holds_what(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.130")], name="vpn")
    html = web.get("/networks/internet/map/").content.decode()
    drawn = squares(html)
    assert (len(drawn), drawn[:2]) == (
        128 + 256 - 1,
        [("reserved", "203.0.113.128/32: reserved"), ("free", "203.0.113.129/32: free")],
    )
    assert shapes(html) == [("2", "0", "1", "1", "203.0.113.130/32: vpn, alice")]


def test_pair_has_one_page_in_both_families_by_which_partners_light_each_other(
    web: Client, internet: Network, project: Project
) -> None:
    pair = addresses.allocate(internet, project=project)
    url = "/networks/internet/map/?ipv6=2001:db8:0:113::/120"
    html = web.get(url).content.decode()
    assert html.count(f'<a href="/addresses/{pair[0].pk}/"') == 2  # in the pictures
    assert html.count(f'href="/addresses/{pair[0].pk}/"') == 3  # and once in the table, for both


def test_zoom_of_one_family_keeps_the_zoom_of_the_other(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, length={IPV4: 26, IPV6: 96}))
    html = web.get("/networks/tenants/map/?ipv6=2001:db8:0:10::/72").content.decode()
    assert 'href="?ipv4=10.0.0.0/24&amp;ipv6=2001:db8:0:10::/72"' in html


def test_ipv6_opens_at_what_is_taken(web: Client, tenants: Network, project: Project) -> None:
    for _ in range(3):
        networks.create(child(parent=tenants, project=project))
    html = web.get("/networks/tenants/map/").content.decode()
    assert 'aria-label="2001:db8:0:10::/88 in 256 squares of /96; 3 of them hold something"' in html
    assert 'href="?ipv6=2001:db8:0:10::/64"' in html  # the way out
    whole = web.get("/networks/tenants/map/?ipv6=2001:db8:0:10::/64").content.decode()
    assert 'href="?ipv6=2001:db8:0:10::/88"' in whole  # and in again


def test_pair_is_joined_and_what_was_looked_for_is_ringed(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    html = web.get("/networks/internet/map/?look=203.0.113.129").content.decode()
    assert html.count('class="lit"') == 2
    assert '<path d="M0 0.5C5 0.5 5 0.5 10 0.5"' in html
    assert 'cx="1.5" cy="0.5"' in html
    assert web.get("/networks/internet/map/?look=nonsense").status_code == 400


def test_ipv6_opens_at_the_other_half_of_the_first_pair(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("2001:db8:0:113::7")])
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.130"), ip("2001:db8:0:113::5:1")])
    html = web.get("/networks/internet/map/").content.decode()
    assert 'aria-label="2001:db8:0:113::5:0/120 in 256 squares of /128' in html
    assert html.count('class="lit"') == 2


def test_both_pictures_open_at_what_was_looked_for_and_its_partner(
    web: Client, internet: Network, project: Project
) -> None:
    networks.add_prefix(internet, IPNetwork("198.51.100.0/28"))
    addresses.allocate(internet, project=project)
    wanted = [ip("198.51.100.3"), ip("2001:db8:0:113::5:1")]
    addresses.allocate(internet, project=project, addresses=wanted, name="vpn")
    for look in wanted:
        html = web.get("/networks/internet/map/", {"look": str(look)}).content.decode()
        assert re.findall(r'aria-label="(\S+) in ', html) == ["198.51.100.0/28", "2001:db8:0:113::5:0/120"]
        assert ">vpn</a> holds" in " ".join(html.split())


def test_free_address_that_was_looked_for_has_the_halves_of_its_neighbours_beside_it(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.130"), ip("2001:db8:0:113::5:1")])
    html = web.get("/networks/internet/map/?look=203.0.113.200").content.decode()
    assert 'aria-label="2001:db8:0:113::5:0/120 in' in html


def test_map_is_coloured_by_type_or_by_a_label_of_those_in_sight(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, type="static", labels={"tier": "edge"})
    for _ in range(2):
        addresses.allocate(internet, project=project)
    colours = {colour: web.get("/networks/internet/map/", {"colour": colour}) for colour in ("type", "label:tier")}
    told = {
        by: [(one.number, one.name, one.counts) for one in answer.context["legend"]] for by, answer in colours.items()
    }
    assert told == {
        "type": [(1, "ephemeral", [2, 2]), (2, "static", [1, 1])],
        "label:tier": [(1, "edge", [1, 1]), (0, "no tier", [2, 2])],
    }
    html = colours["label:tier"].content.decode()
    assert (html.count('<g class="p1">'), html.count('<g class="p0">')) == (2, 2)
    assert re.findall(r'href="\?colour=([^"]+)"', html) == ["project", "type", "label%3Atier"]
    assert web.get("/networks/internet/map/?colour=label").status_code == 400


def test_link_to_share_says_all_of_what_is_shown(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    page = "/networks/internet/map/?look=203.0.113.129&colour=type&at=2026-10-01"
    assert web.get(page).context["share"] == (
        "http://testserver/networks/internet/map/?ipv4=203.0.113.128/25&ipv6=2001:db8:0:113::/120"
        "&at=2026-10-01&look=203.0.113.129&colour=type"
    )


def test_family_that_is_missing_stands_at_its_place_with_the_way_to_it(web: Client, project: Project) -> None:
    networks.create(NewNetwork(id="old", type="external", vrf=4711, prefixes=[IPNetwork("198.51.100.0/28")]))
    html = web.get("/networks/old/map/").content.decode()
    assert '<section class="map-side family-ipv6" aria-label="IPv6">' in html
    assert 'href="/networks/old/prefixes/add/">Add IPv6</a>' in html


def test_equal_names_of_projects_show_their_tenants(web: Client, internet: Network, project: Project) -> None:
    twins = [projects.create(name="web", tenant=tenant) for tenant in ("acme", "globex")]
    for owner in (*twins, project):
        addresses.allocate(internet, project=owner)
    legend = web.get("/networks/internet/map/").context["legend"]
    assert sorted(one.name for one in legend) == ["alice", "web · acme", "web · globex"]


def test_free_lengths_in_a_row_are_told_as_one() -> None:
    assert map_picture.runs({30: 1, 28: 2, 31: 1, 32: 1}) == [(28, 28, 2), (30, 32, 1)]


def test_label_is_cut_before_it_spills() -> None:
    wide = Holder(IPNetwork("10.0.0.0/22"), "MMMMMMMMMMMM", "", "", "", None, "child")
    narrow = replace(wide, label="illicit-lift")
    assert [map_picture.Shape(0, 0, 4, 1, one).name for one in (wide, narrow)] == ["MMMMMMMM…", "illicit-lift"]
    assert map_picture.Shape(0, 0, 1, 1, narrow).name == ""


def test_line_of_the_last_days_leads_to_the_changes_before_and_after(web: Client, internet: Network) -> None:
    with time_machine.travel(NOON, tick=False):
        today = NOON.date()
        Series.objects.create(
            network_id=internet.pk,
            family=4,
            since=internet.created_at,
            at=NOON,
            used=3,
            total=126,
            days_until=today,
            used_by_day=[1, 1, 2, 2, 3],
        )
        moments = web.get("/networks/internet/map/").context["moments"]
        assert (moments.changes, moments.later) == ({4: [date(2026, 9, 28), date(2026, 9, 30)]}, None)
        then = web.get("/networks/internet/map/?at=2026-09-30")
        assert (then.context["moments"].earlier, then.context["moments"].here) == (date(2026, 9, 28), 89)
        assert 'href="?at=2026-09-28"' in then.content.decode()


def test_project_has_one_colour_in_both_pictures_and_in_the_table(
    web: Client, internet: Network, project: Project, stranger: Project
) -> None:
    for owner in (project, project, stranger):
        addresses.allocate(internet, project=owner)
    html = web.get("/networks/internet/map/").content.decode()
    assert [html.count(f'<g class="p{number}">') for number in (1, 2, 3)] == [2, 2, 0]
    assert [html.count(f'class="swatch p{number}"') for number in (1, 2)] == [1 + 2, 1 + 1]


def test_free_square_of_a_super_leads_to_carving_there_with_a_partner_of_the_other_family(
    web: Client, tenants: Network, project: Project
) -> None:
    networks.create(child(parent=tenants, project=project))
    html = web.get("/networks/tenants/map/").content.decode()
    assert '<a href="../carve/?prefixes=10.0.4.0/24"><title>10.0.4.0/24: free</title>' in html
    form = web.get("/networks/tenants/carve/?prefixes=10.0.4.0/24").context["form"]
    assert form.initial["prefixes"] == "10.0.4.0/24 2001:db8:0:10:0:1::/96"


def test_free_square_of_addresses_leads_to_allocating_it_now_and_not_then(web: Client, internet: Network) -> None:
    link = '<a href="../allocate/?ip=203.0.113.129">'
    urls = ["/networks/internet/map/", "/networks/internet/map/?mini=1", "/networks/internet/map/?at=2026-10-01T12:00Z"]
    assert [link in web.get(url).content.decode() for url in urls] == [True, False, False]


def test_map_of_a_namespaced_super_is_of_one_project(web: Client, project: Project, stranger: Project) -> None:
    clusters = networks.create(namespaced())
    for owner in (project, stranger):
        networks.create(child(parent=clusters, project=owner, name=f"nodes of {owner.name}"))
    html = web.get(f"/networks/clusters/map/?namespace={stranger.pk}").content.decode()
    assert [shape[4] for shape in shapes(html)[:1]] == ["100.64.0.0/26: nodes of mallory, mallory"]
    assert "nodes of alice" not in html


def test_zoom_to_nonsense_is_refused_in_words(web: Client, tenants: Network) -> None:
    answer = web.get("/networks/tenants/map/?ipv4=nonsense")
    assert (answer.status_code, "Zoom by clicking a square" in answer.content.decode()) == (400, True)


# --- as of a moment -------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def as_of(web: Client, network: str, at: str, **zoom: str) -> str:
    return web.get(f"/networks/{network}/map/", {"at": at, **zoom}).content.decode()


def test_map_of_a_moment_shows_the_children_of_then(
    web: Client, clock: time_machine.Traveller, tenants: Network, project: Project
) -> None:
    home = networks.create(child(parent=tenants, project=project, name="nodes"))
    clock.shift(3600)
    networks.delete(home)
    then, later = (as_of(web, "tenants", f"2026-10-01 {time}") for time in ("12:30", "13:00"))
    assert shapes(then) == [("0", "0", "4", "1", "10.0.0.0/22: nodes, alice")]
    assert '<a href="/prefixes/at/10.0.0.0/22/"><title>' in then
    assert (shapes(later), squares(later)[0]) == ([], ("free", "10.0.0.0/24: free"))


def test_map_of_a_moment_shows_addresses_by_the_names_of_then(
    web: Client, clock: time_machine.Traveller, internet: Network, project: Project
) -> None:
    (held,) = addresses.allocate(internet, project=project, addresses=[ip("203.0.113.130")], name="vpn")
    clock.shift(3600)
    addresses.update(held, name="gate")
    clock.shift(3600)
    addresses.release(held)
    named = [shapes(as_of(web, "internet", f"2026-10-01 {time}")) for time in ("12:30", "13:30", "14:00")]
    assert [[one[4] for one in shown] for shown in named] == [
        ["203.0.113.130/32: vpn, alice"],
        ["203.0.113.130/32: gate, alice"],
        [],
    ]


def test_pair_of_then_is_joined(
    web: Client, clock: time_machine.Traveller, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, name="vpn")
    clock.shift(3600)
    html = as_of(web, "internet", "2026-10-01 12:30")
    assert html.count('class="lit"') == 2
    assert html.count('href="/addresses/at/203.0.113.129/?at=2026-10-01T12:30Z"') == 3  # in the table once, for both


def test_zoom_into_what_a_child_held_then_is_full(
    web: Client, clock: time_machine.Traveller, tenants: Network, project: Project
) -> None:
    networks.delete(networks.create(child(parent=tenants, project=project)))
    clock.shift(3600)
    networks.create(child(parent=tenants, project=project, name="nodes"))
    assert shapes(as_of(web, "tenants", "2026-10-01 13:00", ipv4="10.0.1.0/24"))[0][:4] == ("0", "0", "16", "16")


def test_links_of_a_map_keep_its_moment(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, length={IPV4: 26, IPV6: 96}))
    html = as_of(web, "tenants", timezone.now().isoformat(), ipv6="2001:db8:0:10::/72")
    assert re.search(r'href="\?ipv4=10\.0\.0\.0/24&amp;ipv6=2001:db8:0:10::/72&amp;at=[\w:.%-]+"', html)
    assert '<input type="hidden" name="ipv6" value="2001:db8:0:10::/72">' in html


@pytest.mark.parametrize("at", ["soon", "2999-01-01"])
def test_moment_that_cannot_be_asked_about_is_refused(web: Client, tenants: Network, at: str) -> None:
    assert web.get("/networks/tenants/map/", {"at": at}).status_code == 400


def test_two_projects_of_one_name_have_two_colours(web: Client, tenants: Network, project: Project) -> None:
    for owner in (project, projects.create(name=project.name)):
        networks.create(child(parent=tenants, project=owner, name="nodes"))
    for query in ({}, {"at": timezone.now().isoformat()}):
        legend = web.get("/networks/tenants/map/", query).context["legend"]
        assert [(one.number, one.name) for one in legend] == [(1, project.name), (2, project.name)]
