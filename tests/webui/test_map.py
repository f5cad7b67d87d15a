"""The picture: one square per block, as true as the free space that it is drawn from."""

import re

from django.test import Client

from ipam.domain.networks import addresses, networks
from ipam.models import Network, Project
from tests.builders import IPV4, IPV6, child, ip, namespaced


def squares(html: str) -> list[tuple[str, str]]:
    """(state, what it says) of each square and holder, in the order in which they are drawn."""
    return re.findall(r'<rect class="(\w+)"[^>]*><title>([^<]*)</title>', html)


def shapes(html: str) -> list[tuple[str, ...]]:
    """(x, y, width, height, what it says) of each holder."""
    pattern = r'<rect class="held" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"><title>([^<]*)</title>'
    return re.findall(pattern, html)


def test_child_is_one_rectangle_over_its_squares_that_leads_to_it(
    web: Client, tenants: Network, project: Project
) -> None:
    home = networks.create(child(parent=tenants, project=project, name="nodes"))
    html = web.get("/networks/tenants/map/").content.decode()
    assert shapes(html) == [("0", "0", "4", "1", "10.0.0.0/22: nodes, alice")]
    assert squares(html)[0] == ("free", "10.0.4.0/24: free")
    assert html.count(f'<a href="/networks/{home.pk}/" data-partner="{home.pk}"') == 1


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
        128 + 256,
        [("reserved", "203.0.113.128/32: reserved"), ("free", "203.0.113.129/32: free")],
    )
    assert shapes(html) == [("2", "0", "1", "1", "203.0.113.130/32: vpn, alice")]


def test_pair_has_one_key_in_both_families_so_that_partners_light_each_other(
    web: Client, internet: Network, project: Project
) -> None:
    pair = addresses.allocate(internet, project=project)
    url = "/networks/internet/map/?ipv6=2001:db8:0:113::/120"
    assert web.get(url).content.decode().count(f'<a href="/addresses/{pair[0].pk}/"') == 2  # in picture and table
    assert web.get(url).content.decode().count(f'data-partner="{pair[0].allocation}"') == 4


def test_zoom_of_one_family_keeps_the_zoom_of_the_other(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, length={IPV4: 26, IPV6: 96}))
    html = web.get("/networks/tenants/map/?ipv6=2001:db8:0:10::/72").content.decode()
    assert 'href="?ipv4=10.0.0.0/24&amp;ipv6=2001:db8:0:10::/72"' in html


def test_large_prefix_offers_one_zoom_to_all_that_is_taken(web: Client, tenants: Network, project: Project) -> None:
    for _ in range(3):
        networks.create(child(parent=tenants, project=project))
    html = web.get("/networks/tenants/map/").content.decode()
    assert 'href="?ipv6=2001:db8:0:10::/88"' in html


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
