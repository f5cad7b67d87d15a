"""Signing in at an identity provider, against one that runs in the test: the whole code flow, over HTTP."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.people import accounts, members
from ipam.models import Event, Identity, Project
from tests.signin.provider import OTHER_KEY, Provider

Going = Callable[..., Any]


def who(client: Client) -> str:
    """Who is signed in, or nobody."""
    return str(client.get("/accounts/login/").wsgi_request.user.get_username())


def test_first_sign_in_makes_a_user_without_a_password_and_leads_to_the_page_asked_for(
    client: Client, sign_in: Going, provider: Provider
) -> None:
    answer = sign_in(client, "/machines/")
    made = User.objects.get()
    assert (answer.status_code, answer.url, who(client)) == (302, "/machines/", "alice")
    assert (made.has_usable_password(), made.is_staff, made.is_superuser) == (False, False, False)
    assert list(Identity.objects.values_list("issuer", "subject")) == [(provider.issuer, "248289761001")]


def test_who_is_made_is_remembered_as_the_provider_s_doing(client: Client, sign_in: Going) -> None:
    sign_in(client)
    event = Event.objects.get()
    assert (event.verb, event.kind, event.object_name) == ("create", "user", "alice")
    assert (event.actor, event.door) == ("identity provider", "dashboard")


def test_account_is_known_by_its_subject_whatever_it_is_called(
    client: Client, sign_in: Going, provider: Provider
) -> None:
    sign_in(client)
    provider.claims["preferred_username"] = "alice.married"
    sign_in(other := Client())
    assert (who(other), User.objects.count()) == ("alice", 1)


def test_other_account_with_a_known_name_is_not_let_in_as_its_user(
    client: Client, sign_in: Going, provider: Provider
) -> None:
    sign_in(Client())
    provider.claims["sub"] = "666"
    answer = sign_in(client)
    assert (answer.status_code, who(client), User.objects.count()) == (403, "", 1)


def test_name_and_address_of_a_local_user_do_not_lead_to_him(
    client: Client, sign_in: Going, provider: Provider, operator: User
) -> None:
    User.objects.update(email="root@example.org")
    provider.claims |= {"preferred_username": "operator", "email": "root@example.org", "email_verified": True}
    html = sign_in(client).content.decode()
    assert ("Ask an operator to link your account" in html, "subject 248289761001" in html) == (True, True)
    assert (who(client), User.objects.count()) == ("", 1)


def test_operator_links_an_account_to_a_user_that_there_is(
    client: Client, sign_in: Going, provider: Provider, operator: User
) -> None:
    accounts.link(operator, issuer=provider.issuer, subject="248289761001")
    sign_in(client)
    assert (who(client), User.objects.count()) == ("operator", 1)


@pytest.mark.parametrize("name", ["a b", "x" * 151, "", None])
def test_account_without_a_possible_name_is_called_by_its_subject_or_refused(
    name: Any, client: Client, sign_in: Going, provider: Provider
) -> None:
    provider.claims["preferred_username"] = name
    sign_in(client)
    assert who(client) == ("" if name else "248289761001")


# --- what is not believed -------------------------------------------------------------------------
def lie(**claims: Any) -> Callable[[Provider], None]:
    return lambda provider: provider.claims.update(claims)


def said(**words: Any) -> Callable[[Provider], None]:
    return lambda provider: [setattr(provider, name, value) for name, value in words.items()] and None


LIES: dict[str, tuple[Callable[[Provider], None], str]] = {
    "nonce of another sign-in": (lie(nonce="another"), "not meant for this sign-in"),
    "no nonce": (lie(nonce=None), "not meant for this sign-in"),
    "audience of another application": (lie(aud="grafana"), "not meant for this sign-in"),
    "no audience": (lie(aud=None), "not meant for this sign-in"),
    "issued to another application": (lie(aud=["twofold", "grafana"], azp="grafana"), "not meant for this sign-in"),
    "issuer of another provider": (lie(iss="https://evil.example"), "not meant for this sign-in"),
    "no issuer": (lie(iss=None), "not meant for this sign-in"),
    "no subject": (lie(sub=None), "not meant for this sign-in"),
    "no end": (lie(exp=None), "not meant for this sign-in"),
    "expired": (lie(exp=int(time.time()) - 60), "came too late"),
    "of tomorrow": (lie(iat=int(time.time()) + 86_400), "came too late"),
    "signed by another key": (said(key=OTHER_KEY), "not meant for this sign-in"),
    "signed by an unknown key": (said(kid="two"), "not meant for this sign-in"),
    "signed with our secret": (said(algorithm="HS256"), "not meant for this sign-in"),
    "not signed": (said(algorithm="none"), "not meant for this sign-in"),
    "groups that are none": (lie(groups=7), "not meant for this sign-in"),
    "no token": (said(answer=(200, "{}")), "not meant for this sign-in"),
    "no JSON": (said(answer=(200, "<html>")), "does not answer"),
    "an error": (said(answer=(500, "")), "does not answer"),
}


@pytest.mark.parametrize("name", LIES)
def test_what_cannot_be_believed_is_refused_by_a_page_that_says_so(
    name: str, client: Client, sign_in: Going, provider: Provider
) -> None:
    tell, why = LIES[name]
    tell(provider)
    answer = sign_in(client)
    assert (answer.status_code, why in answer.content.decode()) == (403, True)
    assert (who(client), User.objects.count()) == ("", 0)


def test_provider_that_is_down_is_said_to_be(client: Client, go: Going, provider: Provider) -> None:
    back = go(client)
    provider.close()
    answer = client.get(back)
    assert (answer.status_code, "Keycloak does not answer" in answer.content.decode()) == (403, True)


def test_answer_is_good_once(client: Client, go: Going) -> None:
    back = go(client)
    client.get(back)
    client.post("/accounts/logout/")
    assert (client.get(back).status_code, who(client)) == (403, "")


def test_answer_to_one_browser_signs_no_other_in(client: Client, go: Going) -> None:
    back = go(Client())
    assert (client.get(back).status_code, who(client)) == (403, "")
    go(client)  # now it has a state of its own
    assert (client.get(back).status_code, who(client)) == (403, "")


def test_nothing_at_all_is_no_answer(client: Client, provider: Provider) -> None:
    assert client.get("/accounts/provider/callback/").status_code == 403


def test_refusal_of_the_provider_is_a_page_without_its_words_and_signs_nobody_out(
    client: Client, provider: Provider, operator: User
) -> None:
    client.force_login(operator)
    answer = client.get("/accounts/provider/callback/?error=access_denied&error_description=call+555")
    assert (answer.status_code, "555" in answer.content.decode(), who(client)) == (403, False, "operator")


@pytest.mark.parametrize("next", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", ""])
def test_sign_in_does_not_lead_away_from_the_site(next: str, client: Client, sign_in: Going) -> None:
    assert sign_in(client, next).url == "/"


# --- who may not any more -------------------------------------------------------------------------
def test_user_who_was_switched_off_is_refused_and_keeps_no_session(client: Client, sign_in: Going) -> None:
    sign_in(client)
    User.objects.update(is_active=False)
    assert who(client) == ""
    answer = sign_in(client)
    assert (answer.status_code, who(client)) == (403, "")
    assert "The user “alice” may not sign in any more" in answer.content.decode()


def test_account_that_was_unlinked_does_not_lead_to_its_user(client: Client, sign_in: Going) -> None:
    sign_in(Client())
    accounts.unlink(Identity.objects.get())
    assert (sign_in(client).status_code, who(client)) == (403, "")


# --- roles by groups ------------------------------------------------------------------------------
def roles() -> set[tuple[str, str]]:
    bindings = User.objects.get(username="alice").role_bindings.all()
    return {(one.role, one.source) for one in bindings}


@pytest.mark.parametrize(
    ("groups", "given"),
    [
        (["network-operators", "readers"], {("operator", "group")}),
        (["team", "leads"], {("owner", "group")}),
        (["readers", "team", "cooks"], {("auditor", "group"), ("viewer", "group")}),
        ("team", {("viewer", "group")}),
        ([], set()),
        (None, set()),
    ],
)
def test_groups_give_roles_the_strongest_in_each_place(
    groups: Any, given: set[Any], client: Client, sign_in: Going, provider: Provider, group_file: None
) -> None:
    provider.claims["groups"] = groups
    sign_in(client)
    assert roles() == given


def test_role_goes_with_its_group_at_the_next_sign_in(
    client: Client, sign_in: Going, provider: Provider, group_file: None, project: Project
) -> None:
    provider.claims["groups"] = ["network-operators", "leads"]
    sign_in(client)
    assert client.get("/networks/new/").status_code == 200
    provider.claims["groups"] = ["team"]
    sign_in(client)
    assert (roles(), client.get("/networks/new/").status_code) == ({("viewer", "group")}, 403)


def test_role_that_was_given_here_stays_and_wins_in_its_place(
    client: Client, sign_in: Going, provider: Provider, group_file: None, project: Project
) -> None:
    sign_in(client)
    members.grant(User.objects.get(), "editor", project=project)
    provider.claims["groups"] = ["leads", "readers"]
    sign_in(client)
    assert roles() == {("editor", "local"), ("auditor", "group")}


def test_roles_of_groups_are_one_event_by_the_provider_and_none_when_they_stay(
    client: Client, sign_in: Going, provider: Provider, group_file: None
) -> None:
    provider.claims["groups"] = ["readers"]
    sign_in(client)
    event = Event.objects.filter(kind="user").first()
    assert (event.verb, event.actor, event.changes) == (
        "update",
        "identity provider",
        {"role on the platform": [None, "auditor"]},
    )
    before = Event.objects.count()
    sign_in(client)
    assert Event.objects.count() == before


# --- the page -------------------------------------------------------------------------------------
def test_page_offers_the_provider_and_keeps_where_one_wants_to_go(client: Client, provider: Provider) -> None:
    html = client.get("/accounts/login/?next=/machines/%3Fq%3Da").content.decode()
    assert 'href="/accounts/provider/?next=%2Fmachines%2F%3Fq%3Da">Sign in with Keycloak</a>' in html


def test_without_a_provider_there_is_none_to_go_to(client: Client, db: None) -> None:
    paths = ["/accounts/provider/", "/accounts/provider/callback/?code=a&state=b"]
    assert [client.get(path).status_code for path in paths] == [404, 404]
    assert "Sign in with" not in client.get("/accounts/login/").content.decode()


def test_local_passwords_can_be_switched_off(client: Client, provider: Provider, settings: Any, operator: User) -> None:
    settings.LOCAL_PASSWORDS = False
    settings.AUTHENTICATION_BACKENDS = [name for name in settings.AUTHENTICATION_BACKENDS if "ModelBackend" not in name]
    assert 'name="password"' not in client.get("/accounts/login/").content.decode()
    client.post("/accounts/login/", {"username": "operator", "password": "correct horse"})
    assert who(client) == ""
