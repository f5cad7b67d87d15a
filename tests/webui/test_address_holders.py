"""The page of an address shows which machines have it, and lets them have it or not."""

from django.test import Client

from ipam.domain.networks import address_holders, addresses, machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.models import IPAddress, Machine, Network, Partition, Project
from tests.shared import shared_fixture


@shared_fixture
def nodes(private: Network, internet: Network, project: Project, partition: Partition) -> list[Machine]:
    joined = [Attachment(network=private), Attachment(network=internet, auto=False)]
    return [
        machines.allocate(id=f"n-{key}", name=f"node {key}", project=project, partition=partition, networks=joined)
        for key in ("one", "two")
    ]


@shared_fixture
def pair(internet: Network, project: Project) -> list[IPAddress]:
    return addresses.allocate(internet, project=project, type="static", name="front")


@shared_fixture
def vip(internet: Network, project: Project) -> list[IPAddress]:
    return addresses.allocate(internet, project=project, type="static", shared="vip", name="vip")


def page(web: Client, held: list[IPAddress], verb: str = "") -> str:
    return web.get(f"/addresses/{held[0].pk}/{verb}").content.decode()


def attach(web: Client, held: list[IPAddress], machine: str) -> str:
    return web.post(f"/addresses/{held[0].pk}/attach/", {"machine": machine}, follow=True).content.decode()


def test_pair_is_attached_and_taken_off(web: Client, nodes: list[Machine], pair: list[IPAddress]) -> None:
    assert "Attached 203.0.113.129 and 2001:db8:0:113::1 to node one" in attach(web, pair, "n-one")
    assert set(IPAddress.objects.filter(name="front").values_list("machine", flat=True)) == {"n-one"}
    assert "Hand over" in page(web, pair)
    answer = web.post(f"/addresses/{pair[0].pk}/take-off/", {"machine": "n-one"}, follow=True)
    assert "Took 203.0.113.129 and 2001:db8:0:113::1 off node one" in answer.content.decode()
    assert set(IPAddress.objects.filter(name="front").values_list("machine", flat=True)) == {None}


def test_page_names_all_machines_of_a_shared_address(web: Client, nodes: list[Machine], vip: list[IPAddress]) -> None:
    attach(web, vip, "n-two")
    html = attach(web, vip, "n-one")
    assert html.index('<a href="/machines/n-two/">node two</a>') < html.index('<a href="/machines/n-one/">node one</a>')
    assert ('<span class="badge">VIP</span>' in html, ">2 machines</a>" in html) == (True, True)
    web.post(f"/addresses/{vip[0].pk}/take-off/", {"machine": "n-two"})
    assert [one.machine_ids for one in IPAddress.objects.filter(shared="vip")] == [["n-one"]] * 2


def test_machines_of_the_project_in_the_network_are_offered(
    web: Client, nodes: list[Machine], pair: list[IPAddress], private: Network, project: Project, partition: Partition
) -> None:
    machines.allocate(id="inside", project=project, partition=partition, networks=[Attachment(network=private)])
    assert 'data-choices="machines" autocomplete="off" data-network="internet"' in page(web, pair, "attach/")
    offered = web.get("/choices/machines/?network=internet").content.decode()
    assert ("node one" in offered, "node two" in offered, "inside" in offered) == (True, True, False)
    assert "There is no machine “inside”." in attach(web, pair, "inside")
    attach(web, pair, "n-one")
    assert "There is no machine “n-one”." in attach(web, pair, "n-one")


def test_machine_is_attached_by_its_name(web: Client, nodes: list[Machine], pair: list[IPAddress]) -> None:
    assert "to node two" in attach(web, pair, "node two")


def test_project_without_machines_there_is_told(web: Client, pair: list[IPAddress]) -> None:
    assert "Its project has no other machine in its network." in page(web, pair, "attach/")


def test_refusal_stands_in_the_form(web: Client, nodes: list[Machine], internet: Network, project: Project) -> None:
    held = addresses.allocate(internet, project=project)
    assert "is ephemeral: it comes and goes with its machine." in attach(web, held, "n-one")


def test_shared_address_is_taken_in_the_form(web: Client, internet: Network, project: Project) -> None:
    asked = {"project": "alice", "families": "both", "count": 1, "type": "static", "shared": "anycast", "allocate": 1}
    web.post("/networks/internet/allocate/", asked)
    assert set(IPAddress.objects.values_list("shared", flat=True)) == {"anycast"}
    answer = web.post("/networks/internet/allocate/", {**asked, "type": "ephemeral"})
    assert "A shared address stays when a machine of it goes" in answer.content.decode()


def test_lists_show_what_is_shared_and_by_how_many(web: Client, nodes: list[Machine], vip: list[IPAddress]) -> None:
    address_holders.set_machines(vip, nodes)
    for url in ("/addresses/", "/networks/internet/"):
        html = web.get(url).content.decode()
        assert ('<span class="badge">VIP</span>' in html, "and 1 more" in html) == (True, True)


def test_machine_shows_what_it_shares(web: Client, nodes: list[Machine], vip: list[IPAddress]) -> None:
    address_holders.set_machines(vip, nodes)
    for key in ("n-one", "n-two"):
        assert 'data-copy="203.0.113.129"' in web.get(f"/machines/{key}/").content.decode()
        assert "203.0.113.129" in web.get(f"/machines/{key}/release/").content.decode()
    assert web.get("/machines/").content.decode().count('title="203.0.113.129"') == 2
