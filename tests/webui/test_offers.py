"""A page offers what may be done, and nothing that would be refused: of what another system owns nothing is taken."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.addressing import Family
from ipam.domain.networks import addresses, networks
from ipam.models import Network, Partition, Project, RoleBinding
from ipam.models.roles import Role
from tests.builders import cidrs, external

TAKES = re.compile(r'href="([^"]*/(?:allocate|carve|clusters/new)/[^"]*)"')
FREE = {
    "internet": "/addresses/at/203.0.113.130/",
    "tenants": "/prefixes/at/10.0.8.0/22/",
    "private": "/addresses/at/10.0.0.9/",
}


def offers(web: Client, network: Network, free: str) -> list[str]:
    """Which of the pages about a network, its map and what is free in it have links to taking something."""
    pages = [f"/networks/{network.pk}/", f"/networks/{network.pk}/map/", free]
    return [page for page in pages if TAKES.search(_main(web, page))]


def _main(web: Client, page: str) -> str:
    answer = web.get(page)
    assert answer.status_code == 200
    html = answer.content.decode()
    return html[html.index("<main") :]


def commands(web: Client, text: str) -> list[str]:
    """What the search box offers to do with networks."""
    html = web.get("/search/", {"q": text}, headers={"HX-Request": "true"}).content.decode()
    return re.findall(r'href="/networks/[^/"]+/(\w+)/"', html)


@pytest.fixture(params=FREE)
def given(request: pytest.FixtureRequest) -> tuple[Network, str]:
    """A network, and the page of something that is free in it."""
    return request.getfixturevalue(request.param), FREE[request.param]


def test_what_is_free_is_offered(web: Client, given: tuple[Network, str]) -> None:
    network, free = given
    assert len(offers(web, network, free)) == 3


def test_of_a_network_of_another_system_nothing_is_offered(web: Client, given: tuple[Network, str]) -> None:
    network, free = given
    Network.objects.filter(pk=network.pk).update(managed_by="metal-stack")
    assert offers(web, network, free) == []


def test_of_a_network_of_a_project_nothing_is_offered_to_who_only_sees_it(
    client: Client, private: Network, internet: Network, project: Project, stranger: Project
) -> None:
    user = User.objects.create_user("bob")
    RoleBinding.objects.create(user=user, project=project, role=Role.VIEWER)
    RoleBinding.objects.create(user=user, project=stranger, role=Role.EDITOR)
    client.force_login(user)
    assert offers(client, private, FREE["private"]) == []
    assert len(offers(client, internet, FREE["internet"])) == 3


def test_new_machine_is_offered_no_network_of_another_system(
    web: Client, private: Network, internet: Network, project: Project, partition: Partition
) -> None:
    page = f"/machines/allocate/?project={project.pk}&partition={partition.pk}&role=machine"
    assert [name in _main(web, page) for name in (str(private), str(internet))] == [True, True]
    Network.objects.filter(pk=internet.pk).update(managed_by="metal-stack")
    assert [f'value="{one.pk}"' in _main(web, page) for one in (private, internet)] == [True, False]


def test_node_network_is_offered_out_of_no_network_of_another_system(web: Client, tenants: Network) -> None:
    assert "tenants" in web.get("/choices/super-networks/").content.decode()
    Network.objects.update(managed_by="metal-stack")
    assert "tenants" not in web.get("/choices/super-networks/").content.decode()


def test_search_box_offers_verbs_with_the_networks_that_words_find(
    web: Client, internet: Network, tenants: Network
) -> None:
    found = [commands(web, text) for text in ("allocate inter", "carve tenants", "map tenants", "edit internet")]
    assert found == [["allocate"], ["carve"], ["map"], ["edit"]]


def test_search_box_offers_no_verb_that_would_be_refused(web: Client, internet: Network, tenants: Network) -> None:
    Network.objects.update(managed_by="metal-stack")
    assert [commands(web, text) for text in ("allocate internet", "carve tenants", "edit internet")] == [[], [], []]
    assert commands(web, "map internet") == ["map"]


def test_search_box_offers_those_who_only_look_no_verb_that_changes(
    client: Client, internet: Network, tenants: Network, project: Project
) -> None:
    user = User.objects.create_user("bob")
    RoleBinding.objects.create(user=user, project=project, role=Role.VIEWER)
    client.force_login(user)
    assert [commands(client, text) for text in ("allocate internet", "carve tenants", "edit internet")] == [[], [], []]


def test_lists_and_findings_offer_those_who_only_look_no_act_that_would_be_refused(
    client: Client, web: Client, private: Network, project: Project
) -> None:
    addresses.allocate(private, project=project, families=[Family.IPV4])
    acts = re.compile(r'href="/imports/|name="allocation"|>\s*Complete\b')
    pages = ["/addresses/", "/projects/", "/pairs/", "/findings/", "/findings/kinds/"]
    assert [bool(acts.search(_main(web, page))) for page in pages] == [True] * 5
    user = User.objects.create_user("bob")
    RoleBinding.objects.create(user=user, project=project, role=Role.VIEWER)
    client.force_login(user)
    assert [page for page in pages if acts.search(_main(client, page))] == []
    assert "network has halves of pairs" in _main(client, "/findings/")


def test_search_box_offers_what_is_called_just_so_first(web: Client, partition: Partition) -> None:
    for number, key in enumerate(["a-web", "web", "web-2"]):
        networks.create(
            external(id=key, vrf=100 + number, prefixes=cidrs(f"198.51.100.{16 * number}/28"), destination_prefixes=[])
        )
    html = web.get("/search/", {"q": "map web"}, headers={"HX-Request": "true"}).content.decode()
    assert re.findall(r'href="/networks/([^/"]+)/map/"', html) == ["web", "a-web", "web-2"]


def test_what_no_database_can_hold_is_refused_by_the_search_box(web: Client, internet: Network) -> None:
    assert web.get("/search/", {"q": "allocate \0"}).status_code == 400
