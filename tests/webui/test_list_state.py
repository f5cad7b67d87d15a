"""How lists are shown: saved views, columns, density; all of it in the URL, with and without scripts."""

import html
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.networks import addresses, networks
from ipam.domain.people import saved_views
from ipam.models import Network, Project, SavedView
from ipam.models.saved_views import ListPage
from tests.builders import child


def heads(page: str) -> list[str]:
    """The texts of the heads that a table shows."""
    found = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', page, re.DOTALL)
    return [" ".join(re.sub("<[^>]*>", "", head).split()) for head in found]


def chips(page: str) -> list[tuple[str, str]]:
    """Where the chips of saved views lead, and their names."""
    return [
        (html.unescape(target), name)
        for target, name in re.findall(r'<a class="chip"\s+href="([^"]*)"[^>]*>([^<]*)</a>', page)
    ]


def save(web: Client, page: str, name: str, query: str) -> str:
    """Save a view; where that leads."""
    return str(web.post(f"/views/of/{page}/", {"name": name, "query": query}).headers.get("Location", ""))


# --- saved views ----------------------------------------------------------------------------------
@pytest.mark.parametrize("page", ListPage)
def test_every_list_saves_its_state_and_offers_it(page: str, web: Client, db: None) -> None:
    assert save(web, page, "mine", "q=a") == f"/{page}/?q=a"
    body = web.get(f"/{page}/?q=a").content.decode()
    assert (chips(body), 'aria-current="true">mine</a>' in body) == ([(f"/{page}/?q=a", "mine")], True)


def test_view_keeps_filters_order_columns_and_density_and_no_place(web: Client, db: None) -> None:
    query = "cursor=abc&open=tenants&type=super&vrf=&sort=-left-ipv4&columns=left,due&density=roomy"
    assert save(web, "networks", "all of it", query) == (
        "/networks/?columns=left%2Cdue&density=roomy&sort=-left-ipv4&type=super"
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("next=https://evil.example/", "There is no parameter “next” here"),
        ("type=nonsense", "Select a valid choice"),
        ("contains=nonsense", "nonsense"),
        ("type=super&q=" + "x" * 1000, "at most 1,000 characters"),
    ],
)
def test_query_that_the_list_does_not_know_is_refused_in_words(query: str, said: str, web: Client, db: None) -> None:
    answer = web.post("/views/of/networks/", {"name": "odd", "query": query})
    assert (answer.status_code, said in html.unescape(answer.content.decode())) == (200, True)
    assert not SavedView.objects.exists()


def test_name_that_is_taken_is_said_at_the_name(web: Client, db: None) -> None:
    save(web, "networks", "mine", "")
    answer = web.post("/views/of/networks/", {"name": "mine", "query": "type=super"})
    assert list(answer.context["form"].errors) == ["name"]


def test_view_is_renamed_and_deleted(web: Client, operator: User, db: None) -> None:
    view = saved_views.create(operator, "machines", name="old", query="role=firewall")
    assert web.post(f"/views/{view.pk}/rename/", {"name": "new"}).url == "/machines/?role=firewall"
    assert "Delete “new”?" in web.get(f"/views/{view.pk}/delete/").content.decode()
    assert (web.post(f"/views/{view.pk}/delete/").url, SavedView.objects.exists()) == ("/machines/", False)


def test_view_of_somebody_else_is_no_page(web: Client, db: None) -> None:
    view = saved_views.create(User.objects.create_user("bob"), "machines", name="his", query="")
    answers = [web.post(f"/views/{view.pk}/{verb}/", {"name": "x"}).status_code for verb in ("rename", "delete")]
    assert (answers, chips(web.get("/machines/").content.decode())) == ([404, 404], [])


# --- columns and density --------------------------------------------------------------------------
def test_columns_are_those_of_the_url(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    assert heads(web.get("/addresses/?columns=project,type").content.decode())[1:] == ["Address", "Type", "Project"]


def test_no_column_may_be_chosen_at_all(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    assert heads(web.get("/addresses/?columns=none").content.decode())[1:] == ["Address"]


def test_columns_that_are_chosen_are_kept_and_stand_in_the_url(
    web: Client, internet: Network, project: Project
) -> None:
    addresses.allocate(internet, project=project)
    chosen = web.get("/addresses/?type=ephemeral&columns=none&columns=name&columns=type&keep=1")
    assert chosen.url == "/addresses/?columns=name%2Ctype&type=ephemeral"
    assert heads(web.get("/addresses/").content.decode())[1:] == ["Address", "Name", "Type"]


def test_link_with_columns_changes_nobodys_choice(web: Client, internet: Network, project: Project) -> None:
    addresses.allocate(internet, project=project)
    web.get("/addresses/?columns=name&keep=1")
    web.get("/addresses/?columns=type")
    assert heads(web.get("/addresses/").content.decode())[1:] == ["Address", "Name"]


def test_row_of_a_network_has_the_cells_of_the_columns_that_are_chosen(
    web: Client, tenants: Network, project: Project
) -> None:
    networks.create(child(parent=tenants, project=project, stack="ipv4"))
    rows = web.get("/networks/?type=child&columns=left,due").content.decode().partition("</thead>")[2]
    assert re.findall(r'<td class="(\S*?)[ "]', rows) == ["c-bullet", "c-cidr", "c-left", "c-due"] * 2
    assert ("10.0.0.0/22" in rows, "no IPv6</td>" in rows) == (True, True)


@pytest.mark.parametrize("odd", ["columns=nonsense", "density=nonsense", "columns=%00", "columns=<b>"])
def test_odd_looks_show_the_list(odd: str, web: Client, internet: Network) -> None:
    assert "internet" in web.get(f"/networks/?{odd}").content.decode()


def test_density_is_kept_for_children_too(web: Client, tenants: Network, project: Project) -> None:
    networks.create(child(parent=tenants, project=project))
    web.get("/networks/?density=roomy&keep=1")
    pages = [
        web.get(url).content.decode() for url in ("/networks/", "/networks/tenants/", "/networks/?density=compact")
    ]
    assert ["is-roomy" in page for page in pages] == [True, True, False]


def test_network_list_shows_the_columns_that_are_chosen(web: Client, internet: Network) -> None:
    page = web.get("/networks/?columns=left").content.decode()
    assert (heads(page).count("Left"), "Taken" in heads(page), "c-due" in page) == (3, False, False)


def test_machines_are_shown_by_the_columns_that_are_chosen(web: Client, machine: object) -> None:
    assert heads(web.get("/machines/?columns=ipv6,asn").content.decode()) == ["Machine", "IPv6", "ASN"]


def test_filter_form_keeps_the_columns(web: Client, internet: Network) -> None:
    assert '<input type="hidden" name="columns" value="left">' in web.get("/networks/?columns=left").content.decode()


def test_order_is_offered_in_words_where_a_table_has_no_heads(web: Client, internet: Network) -> None:
    page = web.get("/networks/?sort=-left-ipv6&type=external").content.decode()
    assert '<option value="-left-ipv6">as it is</option>' in page
    kept = web.get("/networks/?type=external&sort=left-ipv4&columns=none&columns=left&density=compact&keep=1")
    assert kept.url == "/networks/?columns=left&density=compact&sort=left-ipv4&type=external"
    assert '<option value="left-ipv4" selected>least IPv4 left</option>' in web.get(kept.url).content.decode()


@pytest.mark.parametrize("page", ["networks", "addresses", "machines"])
def test_what_a_list_looks_like_is_in_no_ones_way_when_it_is_exported(page: str, web: Client, machine: object) -> None:
    body = web.get(f"/{page}/?columns=none&density=roomy&sort=name").content.decode()
    links = [html.unescape(one) for one in re.findall(r'href="(/exports/[^"]*)"', body)]
    assert {web.get(one).status_code for one in links} == {200}
