"""A prefix on the page of its network: its gateway, whether its ends are given; and claims, to look at."""

from django.test import Client

from ipam.domain.networks import addresses, claims
from ipam.models import Network, Prefix, Project
from tests.builders import IPV6


def test_gateway_is_set_shown_and_taken_away(web: Client, internet: Network, project: Project) -> None:
    prefix = internet.prefixes.get(family=4)
    url = f"/prefixes/{prefix.pk}/edit/"
    assert url in web.get("/networks/internet/").content.decode()
    assert "does not lie in" in web.post(url, {"gateway": "10.9.9.9"}).content.decode()
    assert web.post(url, {"gateway": "203.0.113.129"}).url == "/networks/internet/"
    assert "gateway" in web.get("/networks/internet/").content.decode()
    assert 'value="203.0.113.129"' in web.get(url).content.decode()
    (first, _) = addresses.allocate(internet, project=project)
    assert str(first) == "203.0.113.130"
    web.post(url, {"gateway": "", "gives_ends": "on"})
    prefix.refresh_from_db()
    assert (prefix.gateway, prefix.reserve_ends) == (None, False)
    assert "its ends are given too" in web.get("/networks/internet/").content.decode()


def test_end_that_is_held_cannot_be_reserved_again(web: Client, internet: Network, project: Project) -> None:
    prefix = internet.prefixes.get(family=4)
    web.post(f"/prefixes/{prefix.pk}/edit/", {"gives_ends": "on"})
    addresses.allocate(internet, project=project, addresses=[prefix.cidr[0]])
    html = web.post(f"/prefixes/{prefix.pk}/edit/", {}).content.decode()
    prefix.refresh_from_db()
    assert (str(prefix.cidr[0]) in html, prefix.reserve_ends) == (True, False)


def test_prefix_is_added_with_its_gateway(web: Client, internet: Network) -> None:
    fields = {"prefix": "198.51.100.0/24", "gateway": "198.51.100.1", "gives_ends": "on"}
    assert web.post("/networks/internet/prefixes/add/", fields).url == "/networks/internet/"
    made = Prefix.objects.get(network=internet, length=24)
    assert (str(made.gateway), made.reserve_ends) == ("198.51.100.1", False)


def test_super_network_has_no_gateways(web: Client, tenants: Network) -> None:
    assert "gateway" not in web.get("/networks/tenants/prefixes/add/").content.decode()
    assert '/edit/" aria-label="Gateway' not in web.get("/networks/tenants/").content.decode()


def test_claims_are_listed_with_what_they_hold(
    web: Client, internet: Network, tenants: Network, project: Project
) -> None:
    claims.claim(internet, project=project, name="prod/vip")
    claims.claim(internet, project=project, name="prod/six", families=[IPV6])
    claims.claim(tenants, project=project, name="racks/a")
    html = web.get("/claims/").content.decode()
    assert all(text in html for text in ("prod/vip", "203.0.113.129", "2001:db8:0:113::1", "prod/six", "racks/a"))
    assert "racks/a" not in web.get("/claims/?pool=internet").content.decode()
    assert "prod/vip" in web.get(f"/claims/?owner={project.pk}").content.decode()
    assert "No claim matches" in web.get("/claims/?pool=nowhere").content.decode()
