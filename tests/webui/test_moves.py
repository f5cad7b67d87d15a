"""Networks and allocations move by the forms of the dashboard."""

from django.contrib.messages import get_messages
from django.test import Client

from ipam.domain.networks import addresses, networks, projects
from ipam.models import Event, IPAddress, Network, Project
from tests.builders import IPV4, child, cidrs, external, ip


def _two(project: Project) -> tuple[Network, Network]:
    old = networks.create(external(id="old", vrf=9, prefixes=cidrs("10.1.0.0/24"), destination_prefixes=()))
    new = networks.create(
        external(id="newer", name="Newer", vrf=10, prefixes=cidrs("10.2.0.0/24"), destination_prefixes=())
    )
    return old, new


def test_network_goes_to_the_project_and_vrf_that_its_form_names(
    web: Client, tenants: Network, project: Project
) -> None:
    crew = projects.create(name="crew")
    home = networks.create(child(parent=tenants, project=project, name="home"))
    url = f"/networks/{home.pk}/move/"
    page = web.get(url).content.decode()
    assert ("alice" in page, "partition" in page.split("<form")[-1]) == (True, False)
    assert web.post(url, {"project": "crew", "vrf": "4040"}).status_code == 302
    home.refresh_from_db()
    assert (home.project, home.vrf_id) == (crew, 4040)


def test_what_is_in_the_way_stands_in_the_form(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project, name="home"))
    url = f"/networks/{tenants.pk}/move/"
    place = {"vrf": "4040", "partition": tenants.partition_id}
    assert "home follow" in web.post(url, place).content.decode()
    assert web.post(url, {**place, "with_children": "on"}).status_code == 302
    assert set(Network.objects.values_list("vrf", flat=True)) == {4040}


def test_nothing_changed_moves_nothing(web: Client, tenants: Network) -> None:
    answer = web.post(f"/networks/{tenants.pk}/move/", {"vrf": tenants.vrf_id or "", "partition": "mini-lab"})
    assert "Say where it goes" in answer.content.decode()


def test_allocation_moves_from_its_page(web: Client, project: Project) -> None:
    old, _ = _two(project)
    (held,) = addresses.allocate(old, project=project, addresses=[ip("10.1.0.77")])
    url = f"/allocations/{held.allocation}/move/"
    assert "Name one of network" in web.post(url, {}).content.decode()
    answer = web.post(url, {"network": "Newer"})
    assert [str(one) for one in get_messages(answer.wsgi_request)] == ["10.1.0.77 moved to 10.2.0.77"]
    assert "There is no network “nowhere”." in web.post(url, {"network": "nowhere"}).content.decode()


def test_many_allocations_move_together_or_not_at_all(web: Client, project: Project) -> None:
    old, new = _two(project)
    addresses.allocate(old, project=project, families=[IPV4], count=200)
    chosen = {"action": "move", "allocation": list(IPAddress.objects.values_list("allocation", flat=True))}
    assert "Move 200 allocations" in web.post("/addresses/act/", chosen).content.decode()
    addresses.allocate(new, project=project, addresses=[ip("10.2.0.200")])
    refused = web.post("/addresses/act/", {**chosen, "network": "newer", "confirmed": "1"})
    assert "10.2.0.200 is held by" in refused.content.decode()
    assert IPAddress.objects.filter(network=old).count() == 200
    addresses.release(IPAddress.objects.get(address=ip("10.2.0.200")))
    assert web.post("/addresses/act/", {**chosen, "network": "newer", "confirmed": "1"}).status_code == 302
    assert IPAddress.objects.filter(network=new).count() == 200
    assert Event.objects.filter(verb="move", part_of=None).count() == 1
