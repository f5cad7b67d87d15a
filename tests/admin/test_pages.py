"""Every page of the admin: for whom it is, how many statements it costs, and that nothing in it is inline."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ipam.domain import addresses, machines, networks, owners, tokens, vrfs
from ipam.domain.machines import Attachment
from ipam.models import VRF, ApiToken, FreeBlock, IPAddress, Machine, MachineNetwork, Network, NumberRange, Prefix
from tests.admin.keeper import page
from tests.builders import child

MODELS = list(apps.get_app_config("ipam").get_models())
READ_ONLY = [FreeBlock, NumberRange, MachineNetwork]
NEVER_ADDED, NEVER_CHANGED = [*READ_ONLY, ApiToken], [*READ_ONLY, ApiToken, Prefix]
MOST_STATEMENTS = 8
PAGES = [(model, kind) for model in MODELS for kind in ("changelist", "add", "change", "delete", "history")]
Cloud = dict[type[models.Model], models.Model]


def name_of(value: Any) -> str:
    return value if isinstance(value, str) else value.__name__


def address_of(kind: str, model: type[models.Model], cloud: Cloud) -> str:
    return page(kind, model if kind in ("add", "changelist") else cloud[model])


def test_every_model_has_its_pages(cloud: Cloud) -> None:
    assert list(cloud) == sorted(MODELS, key=list(cloud).index)


@pytest.mark.parametrize(("model", "kind"), PAGES, ids=name_of)
def test_page_opens_for_a_superuser_within_its_statements(
    model: Any, kind: str, cloud: Cloud, web: Client, django_assert_max_num_queries: Any
) -> None:
    closed = (kind == "add" and model in NEVER_ADDED) or (kind == "delete" and model in READ_ONLY)
    with django_assert_max_num_queries(MOST_STATEMENTS):
        answer = web.get(address_of(kind, model, cloud))
    assert answer.status_code == (403 if closed else 200)


@pytest.mark.parametrize(("model", "kind"), PAGES, ids=name_of)
def test_page_has_nothing_inline(model: Any, kind: str, cloud: Cloud, web: Client) -> None:
    answer = web.get(address_of(kind, model, cloud))
    html = answer.content.decode()
    assert (" style=" in html, "<style" in html, " onclick=" in html, "<script>" in html) == (False,) * 4
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("model", "kind"), PAGES, ids=name_of)
def test_page_sends_a_stranger_to_sign_in(model: Any, kind: str, cloud: Cloud, client: Client) -> None:
    answer = client.get(address_of(kind, model, cloud))
    assert (answer.status_code, answer.url.split("?")[0]) == (302, "/admin/login/")


@pytest.mark.parametrize(("model", "kind"), PAGES, ids=name_of)
def test_page_is_closed_to_staff_without_permission(model: Any, kind: str, cloud: Cloud, client: Client) -> None:
    client.force_login(User.objects.create_user("bob", is_staff=True))
    assert client.get(address_of(kind, model, cloud)).status_code == 403


@pytest.mark.parametrize("model", MODELS, ids=name_of)
def test_who_may_only_look_finds_nothing_to_write_with(model: Any, cloud: Cloud, client: Client) -> None:
    bob = User.objects.create_user("bob", is_staff=True)
    bob.user_permissions.add(Permission.objects.get(codename=f"view_{model._meta.model_name}"))
    client.force_login(bob)
    statuses = {kind: client.get(address_of(kind, model, cloud)).status_code for kind in ("changelist", "change")}
    assert statuses == {"changelist": 200, "change": 200}
    html = (
        client.get(page("changelist", model)).content.decode()
        + client.get(page("change", cloud[model])).content.decode()
    )
    assert ('name="_save"' in html, 'name="action"' in html) == (False, False)
    assert [client.post(address_of(kind, model, cloud)).status_code for kind in ("add", "change", "delete")] == [
        403
    ] * 3


@pytest.mark.parametrize("model", NEVER_CHANGED, ids=name_of)
def test_what_the_domain_keeps_by_itself_is_not_changed(model: Any, cloud: Cloud, web: Client) -> None:
    assert web.post(page("change", cloud[model]), {}).status_code == 403


def test_carved_prefix_is_not_removed(private: Network, web: Client) -> None:
    assert web.post(page("delete", private.prefixes.all()[0]), {"post": "yes"}).status_code == 403


def test_digest_of_a_token_is_not_shown_and_not_guessed(token: ApiToken, web: Client) -> None:
    html = web.get(page("changelist", ApiToken)).content.decode() + web.get(page("change", token)).content.decode()
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
        networks.create(child(parent=private.parent, project=owners.create_project()))


def more_addresses(cloud: Any, number: int) -> None:
    addresses.allocate(Network.objects.get(type="child"), project=cloud[IPAddress].project, count=number)


MORE: dict[Any, Callable[[Any, int], object]] = {
    **dict.fromkeys([Network, Prefix, FreeBlock], more_networks),
    **dict.fromkeys([Machine, MachineNetwork], more_machines),
    IPAddress: more_addresses,
    VRF: lambda cloud, number: [vrfs.create(id=1000 + 2 * one) for one in range(number)],
    NumberRange: lambda cloud, number: [vrfs.create(id=1000 + 2 * one) for one in range(number)],
    ApiToken: lambda cloud, number: [tokens.issue(cloud[ApiToken].user) for _ in range(number)],
}


@pytest.mark.parametrize("model", MODELS, ids=name_of)
@pytest.mark.parametrize("query", ["", "?q=10.0.", "?q=a"])
def test_list_costs_the_same_for_thirty_rows_more(model: Any, query: str, cloud: Cloud, web: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert web.get(page("changelist", model) + query).status_code == 200
        return len(captured)

    before = cost()
    grow = MORE.get(model, lambda cloud, number: [owners.create_project(name="a") for _ in range(number)])
    grow(cloud, 30)
    assert cost() <= before + 1  # an empty list does without a look at its rows


def test_index_names_the_site_and_leads_back_to_the_dashboard(web: Client) -> None:
    html = web.get("/admin/").content.decode()
    assert ('<a href="/">' in html, "Django administration" in html) == (True, False)
