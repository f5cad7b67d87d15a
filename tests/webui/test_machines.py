"""Machines in the dashboard: the pair that each is known by first, in the list and on its page."""

from django.test import Client

from ipam.domain.networks import address_holders, addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.shared import shared_fixture


@shared_fixture
def node(private: Network, internet: Network, project: Project, partition: Partition) -> Machine:
    joined = [Attachment(network=internet), Attachment(network=private)]
    return machines.allocate(project=project, partition=partition, networks=joined, name="node")


def test_list_shows_the_pair_of_the_first_network_and_how_many_more(web: Client, node: Machine) -> None:
    html = web.get("/machines/").content.decode()
    for first, other in (("203.0.113.129", "10.0.0.1"), ("2001:db8:0:113::1", "2001:db8:0:10::1")):
        assert '<b class="address" title="' in html
        assert f">{first}</b>" in html
        assert f'title="{other}">+1</span>' in html


def test_page_has_a_row_for_each_pair_the_primary_network_first(web: Client, node: Machine, internet: Network) -> None:
    rows = web.get(f"/machines/{node.pk}/").context["networks"]
    assert [(one["network"].pk == "internet", list(map(str, pair))) for one in rows for pair in one["pairs"]] == [
        (True, ["203.0.113.129", "2001:db8:0:113::1"]),
        (False, ["10.0.0.1", "2001:db8:0:10::1"]),
    ]


def test_page_has_the_dns_lines_of_all_addresses(web: Client, node: Machine) -> None:
    html = web.get(f"/machines/{node.pk}/").content.decode()
    assert ("node.internal. IN A 10.0.0.1" in html, "node.internal. IN AAAA 2001:db8:0:113::1" in html) == (True, True)


def test_page_tells_of_addresses_that_the_machine_had(web: Client, node: Machine, internet: Network) -> None:
    url = f"/machines/{node.pk}/"
    assert "Addresses that it had" not in web.get(url).content.decode()
    held = addresses.allocate(internet, project=node.project, machine=node, type="static")
    address_holders.take_off(held, node)
    answer = web.get(url)
    assert {str(one) for one in answer.context["former"]} == {str(one) for one in held}
    assert "Addresses that it had" in answer.content.decode()
    assert IPAddress.objects.filter(machine=node).count() == 4


def test_release_is_in_the_quiet_menu_and_names_what_goes(web: Client, node: Machine) -> None:
    assert f'class="is-danger" href="/machines/{node.pk}/release/"' in web.get(f"/machines/{node.pk}/").content.decode()
    assert "203.0.113.129" in web.get(f"/machines/{node.pk}/release/").content.decode()
