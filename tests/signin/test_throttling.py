"""Wrong passwords: what they lock, for whom, for how long."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import F
from django.test import Client, RequestFactory

from tests.shared import shared_fixture
from tests.signin.provider import Provider
from webui.throttling import source

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def attempt(name: str, password: str, address: str = HERE, **headers: Any) -> Any:
    """The answer to a browser of its own."""
    sent = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address, headers=headers).post("/accounts/login/", sent)


def guess(name: str, times: int, address: str = HERE) -> list[int]:
    return [attempt(name, f"guess {number}", address).status_code for number in range(times)]


def later(**time: int) -> None:
    """So much time passes."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(**time))


@shared_fixture
def alice(operator: User) -> User:
    return User.objects.create_user("alice", password="battery staple")


def test_fifth_wrong_password_locks_and_the_right_one_opens_no_more(alice: User) -> None:
    assert guess("alice", 5) == [200, 200, 200, 200, 429]
    assert attempt("alice", "battery staple").status_code == 429


def test_four_wrong_passwords_are_forgiven(alice: User) -> None:
    guess("alice", 4)
    assert attempt("alice", "battery staple").status_code == 302
    assert guess("alice", 4) == [200] * 4


def test_lock_is_for_that_name_from_that_source_alone(alice: User) -> None:
    guess("alice", 5)
    assert attempt("operator", "correct horse").status_code == 302
    assert attempt("alice", "battery staple", ELSEWHERE).status_code == 302


def test_fifty_wrong_passwords_lock_their_source_for_every_name(alice: User) -> None:
    for number in range(49):
        attempt(f"user-{number}", "guess")
    assert attempt("alice", "battery staple").status_code == 302
    attempt("user-49", "guess")
    assert attempt("alice", "battery staple").status_code == 429
    assert attempt("alice", "battery staple", ELSEWHERE).status_code == 302


def test_knowing_one_password_does_not_let_one_guess_on_at_others(alice: User) -> None:
    guess("operator", 4)
    attempt("alice", "battery staple")
    assert guess("operator", 1) == [429]


def test_other_browser_is_no_other_source(alice: User) -> None:
    answers = [attempt("alice", "guess", **{"User-Agent": f"robot {number}"}).status_code for number in range(5)]
    assert answers[-1] == 429


def test_lock_ends_after_a_quarter_of_an_hour_whoever_tries_meanwhile(alice: User) -> None:
    guess("alice", 5)
    later(minutes=14)
    assert guess("alice", 3) == [429] * 3
    later(minutes=1)
    assert attempt("alice", "battery staple").status_code == 302


def test_page_of_the_lock_says_when_to_try_again(alice: User) -> None:
    guess("alice", 5)
    later(minutes=10)
    answer = attempt("alice", "battery staple")
    at = AccessAttempt.objects.get().attempt_time + timedelta(minutes=15)
    assert f"Try again at <strong>{at:%H:%M} UTC</strong>" in answer.content.decode()
    assert 290 <= int(answer.headers["Retry-After"]) <= 300


def test_page_does_not_tell_whether_there_is_such_a_user(alice: User) -> None:
    pages = []
    for name in ("alice", "nobody"):
        guess(name, 4)
        pages += [attempt(name, "guess").content.decode().partition("<main")[2] for _ in range(2)]
    assert set(pages) == {pages[0]}
    assert "Too many attempts" in pages[0]


def test_operator_lifts_the_lock(alice: User) -> None:
    guess("alice", 5)
    call_command("axes_reset_username", "alice", verbosity=0)
    assert attempt("alice", "battery staple").status_code == 302


def test_what_was_typed_is_not_kept_in_words(alice: User) -> None:
    attempt("my secret password", "guess")
    kept = AccessAttempt.objects.get()
    assert "secret" not in kept.post_data + kept.get_data


def test_asking_for_the_old_password_is_throttled_too(client: Client, alice: User) -> None:
    client.force_login(alice)
    urls = ["/account/password/", "/account/sign-out/"] * 3
    answers = [client.post(url, {"old_password": "guess", "password": "guess"}).status_code for url in urls]
    assert answers == [200, 200, 200, 200, 429, 429]


def test_identity_provider_is_asked_also_where_passwords_are_locked(
    provider: Provider, sign_in: Callable[..., Any], alice: User
) -> None:
    for number in range(50):
        attempt(f"user-{number}", "guess", "127.0.0.1")
    provider.claims["preferred_username"] = "bob"
    assert (attempt("alice", "battery staple", "127.0.0.1").status_code, sign_in(Client()).status_code) == (429, 302)


@pytest.mark.parametrize(
    ("remote", "forwarded", "behind_proxy", "counted"),
    [
        ("192.0.2.1", "198.51.100.9", False, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", True, "198.51.100.9"),
        ("2001:db8:1:2:3:4:5:6", "", False, "2001:db8:1:2::"),
        ("", "", False, None),
    ],
)
def test_source_is_the_client_of_the_proxy_and_a_whole_ipv6_network(
    remote: str, forwarded: str, behind_proxy: bool, counted: str, settings: Any
) -> None:
    settings.BEHIND_PROXY = behind_proxy
    assert source(RequestFactory().get("/", REMOTE_ADDR=remote, HTTP_X_FORWARDED_FOR=forwarded)) == counted


def test_attempts_are_no_page_of_the_admin(client: Client, operator: User) -> None:
    client.force_login(operator)
    assert client.get("/admin/axes/").status_code == 404
