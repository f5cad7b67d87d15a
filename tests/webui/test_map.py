"""The picture: one square per block, as true as the free space that it is drawn from."""

import re

from django.test import Client

from ipam.domain import addresses, networks
from ipam.models import Network, Project
from tests.builders import child, ip


def squares(html: str) -> list[tuple[str, str]]:
    """(state, what it says) of each square, IPv4 first."""
    return re.findall(r'<rect class="(\w+)"[^>]*><title>([^<]*)</title>', html)


def test_map_of_a_super_leads_from_a_childs_squares_to_the_child(
    web: Client, tenants: Network, project: Project
) -> None:
    home = networks.create(child(parent=tenants, project=project, name="nodes"))
    html = web.get("/networks/tenants/map/").content.decode()
    assert squares(html)[:5] == [
        ("full", "10.0.0.0/24: nodes"),
        ("full", "10.0.1.0/24: nodes"),
        ("full", "10.0.2.0/24: nodes"),
        ("full", "10.0.3.0/24: nodes"),
        ("free", "10.0.4.0/24: free"),
    ]
    assert html.count(f'<a href="/networks/{home.pk}/" data-partner="{home.pk}"') == 4


def test_map_of_addresses_shows_reserved_free_and_who_holds_what(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, addresses=[ip("203.0.113.130")], name="vpn")
    drawn = squares(web.get("/networks/internet/map/").content.decode())
    assert (len(drawn), drawn[:3]) == (
        128 + 256,
        [
            ("reserved", "203.0.113.128/32: reserved"),
            ("free", "203.0.113.129/32: free"),
            ("full", "203.0.113.130/32: vpn, alice"),
        ],
    )


def test_zoom_of_one_family_keeps_the_zoom_of_the_other(web: Client, tenants: Network) -> None:
    html = web.get("/networks/tenants/map/?ipv6=2001:db8:0:10::/72").content.decode()
    assert 'href="?ipv4=10.0.0.0/24&amp;ipv6=2001:db8:0:10::/72"' in html


def test_zoom_to_nonsense_is_refused_in_words(web: Client, tenants: Network) -> None:
    answer = web.get("/networks/tenants/map/?ipv4=nonsense")
    assert (answer.status_code, "Zoom by clicking a square" in answer.content.decode()) == (400, True)
