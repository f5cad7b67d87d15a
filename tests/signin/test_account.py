"""One's own account: roles, password, sessions."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ipam.domain.people import members, tokens
from ipam.models import ApiToken, Event, Project
from tests.shared import shared_fixture


@shared_fixture
def alice(operator: User) -> User:
    return User.objects.create_user("alice", password="battery staple")


@pytest.fixture
def browsers(alice: User) -> list[Client]:
    """Two in which Alice is signed in."""
    found = [Client(), Client()]
    for browser in found:
        browser.force_login(alice)
    return found


def signed_in(browser: Client) -> bool:
    return bool(browser.get("/account/").status_code == 200)


def test_account_names_the_roles_that_one_has(client: Client, alice: User, project: Project) -> None:
    members.grant(alice, "auditor")
    members.grant(alice, "editor", project=project)
    client.force_login(alice)
    html = client.get("/account/").content.decode()
    shown = html[html.index("<tbody>") : html.index("</tbody>")]
    assert [word in shown for word in ("The whole platform", "auditor", "alice", "editor")] == [True] * 4


def test_who_has_no_role_is_told_whom_to_ask(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert "No roles yet" in client.get("/account/").content.decode()


def test_superuser_is_an_operator(client: Client, operator: User) -> None:
    client.force_login(operator)
    assert "as a superuser" in client.get("/account/").content.decode()


# --- password -------------------------------------------------------------------------------------
def change(browser: Client, old: str, new: str) -> int:
    sent = {"old_password": old, "new_password1": new, "new_password2": new}
    return int(browser.post("/account/password/", sent).status_code)


def test_new_password_ends_every_other_session(browsers: list[Client], alice: User) -> None:
    assert change(browsers[0], "battery staple", "a quite new one") == 302
    alice.refresh_from_db()
    assert ([signed_in(one) for one in browsers], alice.check_password("a quite new one")) == ([True, False], True)


@pytest.mark.parametrize(("old", "new"), [("wrong", "a quite new one"), ("battery staple", "12345678")])
def test_wrong_old_or_weak_new_password_changes_nothing(old: str, new: str, browsers: list[Client]) -> None:
    assert change(browsers[0], old, new) == 200
    assert [signed_in(one) for one in browsers] == [True, True]


def test_who_signs_in_elsewhere_has_no_password_to_change(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user("alice"))
    assert "You have no password here" in client.get("/account/password/").content.decode()


def test_admin_leads_to_the_same_page(client: Client, operator: User) -> None:
    client.force_login(operator)
    assert client.get("/admin/password_change/").url == "/account/password/"


# --- sessions -------------------------------------------------------------------------------------
def test_signing_out_everywhere_ends_every_other_session_and_keeps_password_and_tokens(
    browsers: list[Client], alice: User
) -> None:
    tokens.issue(alice)
    browsers[0].post("/account/sign-out/", {"password": "battery staple"})
    alice.refresh_from_db()
    assert ([signed_in(one) for one in browsers], alice.check_password("battery staple")) == ([True, False], True)
    assert ApiToken.objects.count() == 1


def test_wrong_password_signs_nobody_out(browsers: list[Client]) -> None:
    for sent in ({"password": "wrong"}, {}):
        assert browsers[0].post("/account/sign-out/", sent).status_code == 200
    assert [signed_in(one) for one in browsers] == [True, True]


def test_tokens_are_revoked_when_asked_for_and_nobody_elses(browsers: list[Client], alice: User) -> None:
    tokens.issue(alice)
    tokens.issue(User.objects.get(username="operator"))
    browsers[0].post("/account/sign-out/", {"password": "battery staple", "revoke_tokens": "on"})
    event = Event.objects.first()
    assert [token.user.username for token in ApiToken.objects.all()] == ["operator"]
    assert (event.verb, event.object_name, event.actor, event.changes) == (
        "sign-out",
        "alice",
        "alice",
        {"tokens": [1, 0]},
    )


def test_who_has_no_password_signs_out_everywhere_without(db: None) -> None:
    alice, browsers = User.objects.create_user("alice"), [Client(), Client()]
    for browser in browsers:
        browser.force_login(alice)
    browsers[0].post("/account/sign-out/", {})
    assert [signed_in(one) for one in browsers] == [True, False]


def test_user_who_is_switched_off_loses_his_sessions_at_once(browsers: list[Client]) -> None:
    User.objects.filter(username="alice").update(is_active=False)
    assert [signed_in(one) for one in browsers] == [False, False]


def test_session_has_another_key_after_signing_in(client: Client, alice: User) -> None:
    session = client.session
    session["before"] = True
    session.save()
    client.post("/accounts/login/", {"username": "alice", "password": "battery staple"})
    assert (signed_in(client), client.session.session_key == session.session_key) == (True, False)
