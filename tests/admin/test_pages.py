"""Every page of the admin: for whom it is, how many statements it costs, and that nothing in it is inline."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ipam.domain.files import kinds
from ipam.domain.networks import addresses, machines, networks, projects, vrfs
from ipam.domain.networks.machine_rules import Attachment
from ipam.domain.people import accounts, members, tokens
from ipam.models import (
    VRF,
    AddressRange,
    Alert,
    AlertRule,
    ApiToken,
    Claim,
    Cluster,
    Event,
    Identity,
    IPAddress,
    Machine,
    Mirror,
    Network,
    Partition,
    Prefix,
    Project,
    Quota,
    RoleBinding,
    ServiceAccount,
)
from tests.admin.keeper import Keeper, complaints, page
from tests.builders import child

EDITED = [
    VRF,
    AlertRule,
    ApiToken,
    Cluster,
    Identity,
    IPAddress,
    Machine,
    Network,
    Partition,
    Prefix,
    Project,
    AddressRange,
    Quota,
    RoleBinding,
]
READ_ONLY = [Alert, Event, Claim, Mirror, ServiceAccount]
MODELS = [*EDITED, *READ_ONLY]
NEVER_ADDED, NEVER_CHANGED = [*READ_ONLY, AlertRule, ApiToken], [*READ_ONLY, ApiToken, RoleBinding, Identity, Prefix]
MAX_STATEMENTS = 8
KINDS = ["changelist", "add", "change", "delete", "history"]
Cloud = dict[type[models.Model], models.Model]


def name_of(value: Any) -> str:
    return value if isinstance(value, str) else value.__name__


def address_of(kind: str, model: type[models.Model], cloud: Cloud) -> str:
    return page(kind, model if kind in ("add", "changelist") else cloud[model])


def status_by_model(kind: str, cloud: Cloud, client: Client) -> dict[Any, int]:
    return {model: client.get(address_of(kind, model, cloud)).status_code for model in MODELS}


def test_pages_are_of_what_people_edit_and_of_three_kinds_that_they_look_at() -> None:
    assert {model for model in admin.site._registry if model._meta.app_label == "ipam"} == {*MODELS}


@pytest.mark.parametrize("kind", KINDS)
def test_page_of_every_model_opens_for_a_superuser_unless_there_is_nothing_to_write(
    kind: str, cloud: Cloud, web: Client
) -> None:
    closed = {"add": NEVER_ADDED, "delete": READ_ONLY}.get(kind, [])
    assert status_by_model(kind, cloud, web) == {model: 403 if model in closed else 200 for model in MODELS}


@pytest.mark.parametrize("kind", KINDS)
def test_page_of_every_model_sends_a_stranger_to_sign_in(kind: str, cloud: Cloud, client: Client) -> None:
    answers = [client.get(address_of(kind, model, cloud)) for model in MODELS]
    assert {client.get(answer.url).url.split("?")[0] for answer in answers} == {"/accounts/login/"}


@pytest.mark.parametrize("kind", KINDS)
def test_page_of_every_model_is_closed_to_whoever_has_no_role_of_the_platform(
    kind: str, cloud: Cloud, client: Client
) -> None:
    bob = User.objects.create_user("bob", is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    members.grant(bob, "owner", project=Project.objects.get())
    client.force_login(bob)
    answers = [client.get(address_of(kind, model, cloud)) for model in MODELS]
    assert {client.get(answer.url).status_code for answer in answers} == {403}


@pytest.mark.parametrize("kind", KINDS)
def test_operator_who_is_no_superuser_finds_the_same_pages(kind: str, cloud: Cloud, web: Client) -> None:
    other, known = Client(), status_by_model(kind, cloud, web)
    bob = User.objects.create_user("bob")
    members.grant(bob, "operator")
    other.force_login(bob)
    assert status_by_model(kind, cloud, other) == known


@pytest.mark.parametrize("kind", KINDS)
def test_page_has_nothing_inline(kind: str, cloud: Cloud, web: Client) -> None:
    for model in MODELS:
        answer = web.get(address_of(kind, model, cloud))
        html = answer.content.decode()
        assert (" style=" in html, "<style" in html, " onclick=" in html, "<script>" in html) == (False,) * 4
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


def test_who_may_only_look_finds_nothing_to_write_with(cloud: Cloud, client: Client) -> None:
    bob = User.objects.create_user("bob")
    members.grant(bob, "auditor")
    client.force_login(bob)
    for model in MODELS:
        shown = [client.get(address_of(kind, model, cloud)) for kind in ("changelist", "change")]
        html = "".join(answer.content.decode() for answer in shown)
        written = [client.post(address_of(kind, model, cloud)).status_code for kind in ("add", "change", "delete")]
        assert ([answer.status_code for answer in shown], written) == ([200, 200], [403, 403, 403])
        assert ('name="_save"' in html, 'name="action"' in html) == (False, False)


@pytest.mark.parametrize("model", NEVER_CHANGED, ids=name_of)
def test_what_the_domain_keeps_by_itself_is_not_changed(model: Any, cloud: Cloud, web: Client) -> None:
    assert web.post(page("change", cloud[model]), {}).status_code == 403


def test_carved_prefix_is_not_removed(private: Network, web: Client) -> None:
    assert web.post(page("delete", private.prefixes.all()[0]), {"post": "yes"}).status_code == 403


def test_digest_of_a_token_is_not_shown_and_not_guessed(token: ApiToken, web: Client) -> None:
    urls = [page("changelist", ApiToken), page("change", token)]
    html = "".join(web.get(url).content.decode() for url in urls)
    assert ("digest" in html, bytes(token.digest).hex() in html) == (False, False)
    assert web.get(page("changelist", ApiToken) + "?digest__gt=a").status_code == 400


def more_machines(cloud: Any, number: int) -> None:
    private = Network.objects.get(type="child")
    for one in range(number):
        machines.allocate(
            name=f"m{one}",
            project=private.project,
            partition=private.partition,
            networks=[Attachment(network=private)],
        )


def more_networks(cloud: Any, number: int) -> None:
    private = Network.objects.get(type="child")
    for _ in range(number):
        networks.create(child(parent=private.parent, project=projects.create()))


def more_addresses(cloud: Any, number: int) -> None:
    addresses.allocate(Network.objects.get(type="child"), project=cloud[IPAddress].project, count=number)


def more_projects(cloud: Any, number: int) -> None:
    for _ in range(number):
        projects.create(name="a")


def robots(cloud: Any, number: int) -> None:
    for one in range(number):
        members.create_service_account(cloud[Project], f"a{one}")


def identities(cloud: Any, number: int) -> None:
    for one in range(number):
        accounts.enter("https://id.example.org", f"a{one}", name=f"a{one}")


MORE: dict[Any, Callable[[Any, int], object]] = {
    **dict.fromkeys([Network, Prefix], more_networks),
    Machine: more_machines,
    IPAddress: more_addresses,
    RoleBinding: lambda cloud, number: robots(cloud, number),
    ServiceAccount: lambda cloud, number: robots(cloud, number),
    Identity: lambda cloud, number: identities(cloud, number),
    VRF: lambda cloud, number: [vrfs.create(id=1000 + 2 * one) for one in range(number)],
    ApiToken: lambda cloud, number: [tokens.issue(cloud[ApiToken].user) for _ in range(number)],
}


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_pages_cost_the_same_few_statements_for_thirty_rows_more(model: Any, cloud: Cloud, web: Client) -> None:
    urls = [page("changelist", model) + query for query in ("", "?q=10.0.", "?q=a")] + [page("change", cloud[model])]

    def costs() -> list[int]:
        return [cost(web, url) for url in urls]

    costs()  # what Django caches once per process, such as content types, is no matter of rows
    before = costs()
    MORE.get(model, more_projects)(cloud, 30)
    after = costs()
    assert max(after) <= MAX_STATEMENTS
    # A list that was empty did without a look at its rows.
    assert [more for more in map(int.__sub__, after, before) if more not in (0, 1)] == []


def cost(web: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert web.get(url).status_code == 200
    return len(captured)


def test_index_names_the_site_and_leads_back_to_the_dashboard(web: Client) -> None:
    html = web.get("/admin/").content.decode()
    assert ('<a href="/">' in html, "Django administration" in html) == (True, False)


def test_list_counts_no_further_than_anybody_leafs(
    web: Client, internet: Network, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipam.admin.lists.MAX_COUNTED", 3)
    html = web.get(page("changelist", IPAddress)).content.decode()
    assert "more than 3 IP addresses; search or filter to see the others" in " ".join(html.split())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("address_family=ipv4", ["10.0.0.1", "203.0.113.129"]),
        ("address_family=ipv6&network=internet", ["2001:db8:0:113::1"]),
        ("type__exact=static", []),
        ("state=machine&address_family=ipv4", ["10.0.0.1", "203.0.113.129"]),
        ("state=free-standing", []),
        ("partition=mini-lab&network=internet", ["203.0.113.129", "2001:db8:0:113::1"]),
        ("machine=worker-1&q=10.", ["10.0.0.1"]),
    ],
)
def test_addresses_are_filtered(query: str, found: list[str], machine: Machine, web: Client) -> None:
    answer = web.get(f"{page('changelist', IPAddress)}?{query}")
    assert list(map(str, answer.context["cl"].result_list)) == found


@pytest.mark.parametrize("query", ["address_family=ipv5", "state=gone", "project=nobody", "nonsense=1"])
def test_filter_that_means_nothing_is_not_ignored(query: str, vpn: IPAddress, web: Client) -> None:
    answer = web.get(f"{page('changelist', IPAddress)}?{query}")
    assert (answer.status_code, answer.url) == (302, page("changelist", IPAddress) + "?e=1")


def test_chosen_filter_shows_what_was_chosen_and_keeps_the_others(vpn: IPAddress, web: Client) -> None:
    html = web.get(page("changelist", IPAddress) + "?network=internet&type__exact=static&q=vpn").content.decode()
    assert '<option value="internet" selected>internet</option>' in html
    assert html.count('<input type="hidden" name="network" value="internet">') == 4  # search, and three other filters


def test_autocomplete_finds_by_what_a_list_is_searched_by(internet: Network, tenants: Network, web: Client) -> None:
    asked = {"app_label": "ipam", "model_name": "ipaddress", "field_name": "network", "term": "203.0.113.200"}
    assert web.get("/admin/autocomplete/", asked).json()["results"] == [{"id": "internet", "text": "internet"}]
    assert web.get("/admin/autocomplete/", {**asked, "term": "\0"}).json()["results"] == []


@pytest.mark.parametrize("name", sorted(kinds.KINDS.keys() - {"history"}))  # of which the admin has no list
def test_list_of_what_tables_hold_leads_to_its_import_and_export(name: str, web: Client) -> None:
    kind = kinds.KINDS[name]
    html = web.get(page("changelist", kind.rows().model)).content.decode()
    assert (f'href="/imports/?kind={name}"' in html, f'href="/exports/{name}.csv"' in html) == (True, True)
    assert web.get(f"/imports/?kind={name}").context["form"]["kind"].value() == name


@pytest.mark.parametrize("value", ["a%00b", "x" * 3000, "%F0%9F%98%80", "%EF%BC%91", "%27%3B--", "9" * 40, "-1"])
@pytest.mark.parametrize(
    "url",
    [
        "ipaddress/?type__exact={}",
        "ipaddress/?network={}",
        "ipaddress/?project={}",
        "ipaddress/?q={}",
        "ipaddress/?o={}",
        "ipaddress/add/?network={}",
        "ipaddress/add/?project={}",
        "machine/add/?networks={}",
        "network/?vrf={}",
        "network/?id__gt={}",
        "network/{}/change/",
        "network/{}/delete/",
        "network/{}/history/",
        "vrf/{}/change/",
    ],
)
def test_hostile_text_in_an_address_is_answered_in_words(url: str, value: str, vpn: IPAddress, web: Client) -> None:
    answer = web.get("/admin/ipam/" + url.replace("{}", value))
    assert answer.status_code in (200, 302, 400)


@pytest.mark.parametrize("key", ["a\0b", "x", "１", "+7", "9" * 40])
@pytest.mark.parametrize("model", [VRF, Project, Network])
def test_row_with_an_id_that_no_row_can_have_is_refused(key: str, model: Any, vrf: VRF, web: Client) -> None:
    chosen = {"action": "delete_selected", "_selected_action": key, "index": "0"}
    edited = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": key, "form-0-name": "a", "_save": "Save"}
    for sent in (chosen, chosen | {"confirmed": "yes"}, edited):
        assert web.post(page("changelist", model), sent).status_code in (200, 302, 400)
    assert VRF.objects.get(pk=vrf.pk).generation == 1


@pytest.mark.parametrize("key", ["a\0b", "x", "9" * 40, "１"])
def test_choice_with_an_id_of_nothing_is_refused_beside_its_field(key: str, keeper: Keeper, internet: Network) -> None:
    for model, field in ((IPAddress, "network"), (IPAddress, "project"), (Machine, "networks"), (RoleBinding, "user")):
        assert [said for said in complaints(keeper.add(model, **{field: key})) if said.startswith(f"{field}: Select a")]


def test_page_of_a_child_offers_nothing_that_its_type_does_not_take(private: Network, web: Client) -> None:
    answer = web.get(page("change", private))
    (inline,) = answer.context["inline_admin_formsets"]
    assert (inline.formset.max_num, inline.formset.total_form_count()) == (0, 2)
    assert not {"additional_announcable_cidrs", "force"} & {*answer.context["adminform"].form.fields}
