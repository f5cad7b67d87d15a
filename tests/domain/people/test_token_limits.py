"""What a token is limited to: a time, places that it comes from, and a note of its last use."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from ipam import errors
from ipam.domain.people import tokens
from ipam.models import ApiToken
from tests.builders import cidrs, ip
from tests.shared import shared_fixture

HERE = ip("192.0.2.7")


@shared_fixture
def bob() -> User:
    return User.objects.create_user("bob")


def test_token_is_kept_as_a_hash_only(bob: User) -> None:
    text = tokens.issue(bob)
    assert text.encode() not in bytes(ApiToken.objects.get().digest)
    assert tokens.authenticate(text, HERE).user == bob


def test_expired_token_opens_nothing(bob: User) -> None:
    text = tokens.issue(bob, expires_at=timezone.now() + timedelta(days=1))
    assert tokens.authenticate(text, HERE)
    ApiToken.objects.update(expires_at=timezone.now())
    with pytest.raises(errors.NotAuthenticated, match="expired"):
        tokens.authenticate(text, HERE)


def test_token_expires_in_the_future(bob: User) -> None:
    with pytest.raises(errors.Invalid):
        tokens.issue(bob, expires_at=timezone.now())


@pytest.mark.parametrize(
    ("source", "may"),
    [("192.0.2.7", True), ("192.0.3.1", False), ("2001:db8::1", True), ("2001:db9::1", False)],
)
def test_token_comes_from_its_networks_of_both_families_only(source: str, may: bool, bob: User) -> None:
    text = tokens.issue(bob, networks=cidrs("192.0.2.0/24", "2001:db8::/32"))
    address = ip(source)
    if may:
        assert tokens.authenticate(text, address)
        return
    with pytest.raises(errors.NotAuthenticated, match="may not be used from"):
        tokens.authenticate(text, address)


def test_token_of_certain_networks_is_of_no_use_where_the_source_cannot_be_read(bob: User) -> None:
    text = tokens.issue(bob, networks=cidrs("192.0.2.0/24"))
    with pytest.raises(errors.NotAuthenticated, match="the one that this comes from cannot be read"):
        tokens.authenticate(text, None)


@pytest.mark.parametrize("gone", ["inactive", "deleted"])
def test_token_dies_with_its_user(gone: str, bob: User) -> None:
    text = tokens.issue(bob)
    if gone == "inactive":
        User.objects.update(is_active=False)
    else:
        bob.delete()
    with pytest.raises(errors.NotAuthenticated):
        tokens.authenticate(text, HERE)


def test_last_use_is_kept_to_the_minute(bob: User, django_assert_num_queries: Any) -> None:
    text = tokens.issue(bob)
    tokens.authenticate(text, HERE)
    first = ApiToken.objects.get().last_used_at
    with django_assert_num_queries(1):
        tokens.authenticate(text, HERE)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    tokens.authenticate(text, HERE)
    assert ApiToken.objects.get().last_used_at > first


@pytest.mark.django_db(transaction=True)
def test_use_of_a_token_waits_for_no_writer(bob: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has many writers")
    text = tokens.issue(bob)
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert tokens.authenticate(text, HERE).user == bob
    assert ApiToken.objects.get().last_used_at is None
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
