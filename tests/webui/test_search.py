"""Enter in the search box opens what is meant beyond doubt, and never guesses between equals."""

import pytest
from django.test import Client

from ipam.domain.networks import addresses, machines, networks, partitions, projects
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Network, Partition, Project
from tests.builders import IPV4, child, namespaced


def opened(web: Client, text: str) -> str:
    """Where Enter leads; empty for the page of all hits."""
    answer = web.get("/search/", {"q": text})
    return answer.url if answer.status_code == 302 else ""


def test_only_thing_that_is_called_so_is_opened(
    web: Client, internet: Network, private: Network, project: Project, partition: Partition
) -> None:
    machines.allocate(id="m1", name="vpn", project=project, partition=partition, networks=[Attachment(network=private)])
    addresses.allocate(internet, project=project, name="vpn-gateway")
    assert opened(web, "vpn") == "/machines/m1/"


def test_two_things_that_are_called_so_are_shown(web: Client, db: None) -> None:
    for _ in range(2):
        projects.create(name="alice")
    assert opened(web, "alice") == ""


def test_several_things_that_are_merely_like_it_are_shown(web: Client, db: None) -> None:
    for name in ("east-1", "east-2"):
        partitions.create(id=name)
    assert opened(web, "east") == ""
    assert opened(web, "st-2") == "/partitions/east-2/"


@pytest.mark.parametrize("text", ["203.0.113.129", "::ffff:203.0.113.129", "https://203.0.113.129:8443/"])
def test_address_opens_its_page(text: str, web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, families=[IPV4])
    assert opened(web, text) == f"/addresses/{IPAddress.objects.get().pk}/"


def test_address_that_nobody_holds_opens_the_closest_prefix(web: Client, private: Network) -> None:
    assert opened(web, "10.0.0.9") == f"/networks/{private.pk}/map/?ipv4=10.0.0.0/24&look=10.0.0.9"


def test_address_in_two_namespaces_is_shown_twice(web: Client, project: Project, stranger: Project) -> None:
    parent = networks.create(namespaced())
    for owner in (project, stranger):
        addresses.allocate(networks.create(child(parent=parent, project=owner)), project=owner)
    assert opened(web, "100.64.0.1") == ""
    assert opened(web, "100.64.0.9") == ""


def test_nothing_found_is_a_page(web: Client, db: None) -> None:
    assert opened(web, "nothing") == ""


def test_prefixes_tell_of_their_network_by_its_name(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, name="nodes"))
    html = web.get("/search/", {"q": "10.0.0.0/22", "all": "1"}).content.decode()
    assert '<span class="soft small">nodes</span>' in html


def test_kinds_with_something_that_is_called_so_come_first(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project, name="alice-1", families=[IPV4])
    html = web.get("/search/", {"q": "alice", "all": "1"}).content.decode()
    assert html.index('hit-kind">Projects') < html.index('hit-kind">Addresses')


def test_address_in_nothing_that_one_sees_is_told(web: Client, internet: Network) -> None:
    assert "No prefix that you see holds 8.8.8.8." in web.get("/search/", {"q": "8.8.8.8"}).content.decode()


def test_network_says_its_first_prefix_of_each_family(web: Client, internet: Network) -> None:
    html = web.get("/search/", {"q": "internet", "all": "1"}).content.decode()
    assert ("203.0.113.128/25</span>" in html, "2001:db8:0:113::/64</span>" in html) == (True, True)
