"""People read names: an id stands in Facts alone, to be copied."""

import re
from html.parser import HTMLParser

from django.test import Client

from ipam.domain.networks import addresses, networks, projects
from ipam.models import Event, Machine, Network, Partition, Project, Tenure
from tests.webui.test_pages import pages

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_EMPTY = {"area", "br", "hr", "img", "input", "link", "meta"}
_SHOWN = ("value", "placeholder", "title", "aria-label")


class Read(HTMLParser):
    """What people read of a page: its text, what fields hold and say; without Facts, and what is there to be copied."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inside: list[bool] = []  # whether each open element is left out
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_left_out = (
            given.get("aria-labelledby") == "facts" or tag in ("pre", "code") or "copyable" in str(given.get("class"))
        )
        if tag not in _EMPTY:
            self.inside.append(is_left_out)
        is_read = given.get("type") not in ("hidden", "checkbox", "radio") and tag not in ("option", "button")
        if is_read and not any(self.inside):
            self.texts += [given[name] or "" for name in _SHOWN if name in given]

    def handle_endtag(self, tag: str) -> None:
        if tag not in _EMPTY and self.inside:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.inside):
            self.texts.append(data)


def named_pages(machine: Machine) -> dict[str, str]:
    """The pages of a cloud in which everything has a name."""
    urls = pages(machine)
    for number, nameless in enumerate(Network.objects.filter(name="")):
        networks.update(nameless, name=f"network-{number}")
    Event.objects.filter(kind="network", object_name="").delete()  # from before they had names
    Tenure.objects.filter(name="").update(name="named")  # a map of a moment calls what is held as it was called then
    return urls


def test_no_page_shows_an_id_outside_of_its_facts(web: Client, machine: Machine) -> None:
    urls = named_pages(machine)
    read = {name: Read(web.get(url).content.decode()).texts for name, url in urls.items()}
    shown = {name: found for name, texts in read.items() if (found := [text for text in texts if _UUID.search(text)])}
    assert shown == {}


def test_refusal_calls_a_network_by_its_name(web: Client, private: Network, project: Project) -> None:
    networks.update(private, name="nodes")
    html = web.post(f"/networks/{private.pk}/families/ipv6/", {"length": ""}).content.decode()
    assert "nodes already has IPv6." in html


def test_filter_that_a_link_sets_by_an_id_shows_the_name(web: Client, project: Project) -> None:
    html = web.get(f"/machines/?project={project.pk}").content.decode()
    assert 'value="alice"' in html


def test_picker_offers_names_and_tells_equal_ones_apart_by_their_tenant(web: Client, project: Project) -> None:
    other = projects.create(name="alice", tenant="acme")
    html = web.get("/choices/projects/?q=ali").content.decode()
    assert 'data-value="alice · acme"' in html
    projects.delete(other)
    assert 'data-value="alice"' in web.get("/choices/projects/?q=ali").content.decode()


def test_filter_finds_what_is_told_apart(web: Client, machine: Machine) -> None:
    Project.objects.filter(pk=machine.project_id).update(tenant="globex")
    projects.create(name="alice", tenant="acme")
    found = web.get("/machines/", {"project": "alice · globex"}).content.decode()
    assert (f"/machines/{machine.pk}/" in found, 'value="alice · globex"' in found) == (True, True)


def test_filter_that_a_link_sets_shows_the_name_of_a_partition(web: Client, machine: Machine) -> None:
    Partition.objects.update(name="Frankfurt")
    html = web.get(f"/machines/?partition={machine.partition_id}").content.decode()
    assert 'value="Frankfurt"' in html


def test_list_that_a_link_narrows_says_by_what_it_is_called(web: Client, machine: Machine) -> None:
    Machine.objects.update(name="db-1")
    html = web.get(f"/addresses/?machine={machine.pk}").content.decode()
    assert f'<input type="checkbox" name="machine" value="{machine.pk}" checked>machine db-1' in html


def test_list_that_is_narrowed_by_what_is_not_there_is_empty(web: Client, machine: Machine) -> None:
    html = web.get("/addresses/?machine=gone&cluster=nonsense").content.decode()
    assert ("checked>machine gone" in html, "checked>cluster nonsense" in html) == (True, True)


def test_whoever_acted_is_named_where_tenures_are_shown(web: Client, internet: Network, project: Project) -> None:
    one = addresses.allocate(internet, project=project)[0]
    Tenure.objects.update(actor=f"ci@{project.pk}")
    assert str(project.pk) not in main_of(web.get(f"/addresses/at/{one}/").content.decode()).split("<h2")[1]


def test_partition_is_called_by_its_name(web: Client, machine: Machine) -> None:
    Partition.objects.update(name="Frankfurt")
    pages = ["/machines/", f"/machines/{machine.pk}/"]
    assert [page for page in pages if "Frankfurt" not in main_of(web.get(page).content.decode())] == []


def main_of(html: str) -> str:
    return html[html.index("<main") :]
