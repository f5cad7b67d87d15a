"""Turning a network dual-stack in the browser: preview, add, complete batch by batch."""

from django.test import Client

from ipam.domain.core import paging
from ipam.domain.networks import addresses, networks
from ipam.models import IPAddress, Network, Project
from tests.builders import IPV4, IPV6, child, cidrs, external, prefixes_of
from webui.views import families


def test_prefix_is_previewed_and_not_kept(web: Client, internet: Network) -> None:
    html = web.post("/networks/internet/prefixes/add/", {"prefix": "198.51.100.0/24", "preview": "1"}).content.decode()
    assert ("198.51.100.0/24" in html, len(prefixes_of(internet))) == (True, 2)


def test_prefix_with_host_bits_is_refused_with_the_corrected_form(web: Client, internet: Network) -> None:
    answer = web.post("/networks/internet/prefixes/add/", {"prefix": "198.51.100.1/24"})
    refused = "198.51.100.1/24 has host bits set; the prefix is 198.51.100.0/24."
    assert refused in answer.content.decode()
    assert refused in answer.context["form"].errors["prefix"]


def test_child_gains_ipv6_and_its_page_offers_to_complete(web: Client, tenants: Network, project: Project) -> None:
    only4 = networks.create(child(parent=tenants, project=project, address_family=[IPV4]))
    addresses.allocate(only4, project=project)
    answer = web.post(f"/networks/{only4.pk}/families/ipv6/", {"length": ""})
    assert answer.url == f"/networks/{only4.pk}/complete/ipv6/"
    assert prefixes_of(only4) == ["10.0.0.0/22", "2001:db8:0:10::/96"]
    assert "Some allocations have no IPv6 address" in web.get(f"/networks/{only4.pk}/").content.decode()


def test_as_many_halves_of_either_family_are_found_among_what_is_shown(
    web: Client, internet: Network, project: Project
) -> None:
    for family in (IPV4, IPV6):
        addresses.allocate(internet, project=project, families=[family])
    assert web.get("/networks/internet/").context["lacking"] == IPV6


def test_network_that_holds_fewer_of_a_family_lacks_it_whatever_is_shown(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project, count=paging.DEFAULT_LIMIT)
    addresses.allocate(internet, project=project, families=[IPV6])
    assert web.get("/networks/internet/").context["lacking"] == IPV4


def test_child_of_one_family_becomes_dual_stack_as_it_gains_the_other(
    web: Client, tenants: Network, project: Project
) -> None:
    only4 = networks.create(child(parent=tenants, project=project, stack="ipv4"))
    url = f"/networks/{only4.pk}/families/ipv6/"
    assert "It becomes dual-stack." in web.post(url, {"length": "", "preview": "1"}).content.decode()
    web.post(url, {"length": ""})
    only4.refresh_from_db()
    assert (only4.stack, len(prefixes_of(only4))) == ("dual", 2)


def test_completing_goes_on_until_nothing_lacks(web: Client, project: Project) -> None:
    lan = networks.create(external(id="lan", prefixes=cidrs("198.18.0.0/22"), destination_prefixes=()))
    addresses.allocate(lan, project=project, count=families.BATCH + 10)
    networks.add_prefix(lan, cidrs("2001:db8:18::/64")[0])
    first = web.post("/networks/lan/complete/ipv6/").content.decode()
    assert ("Stop" in first, IPAddress.objects.filter(family=IPV6).count()) == (True, families.BATCH)
    second = web.post("/networks/lan/complete/ipv6/").content.decode()
    assert ("Stop" in second, IPAddress.objects.filter(family=IPV6).count()) == (False, families.BATCH + 10)


def test_looking_at_the_progress_completes_nothing(web: Client, project: Project) -> None:
    lan = networks.create(external(id="lan", prefixes=cidrs("198.18.0.0/22"), destination_prefixes=()))
    addresses.allocate(lan, project=project)
    networks.add_prefix(lan, cidrs("2001:db8:18::/64")[0])
    web.get("/networks/lan/complete/ipv6/")
    assert IPAddress.objects.filter(family=IPV6).count() == 0
