"""Who signs in as whom."""

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.people import accounts
from ipam.models import Identity
from tests.callers import as_user

HERE, ELSEWHERE = "https://id.example.org", "https://id.example.com"


def test_account_leads_to_the_same_user_each_time(db: None) -> None:
    first = accounts.enter(HERE, "1", name="alice")
    assert (accounts.enter(HERE, "1", name="bob"), User.objects.count()) == (first, 1)


def test_same_subject_of_another_provider_is_somebody_else(db: None) -> None:
    first = accounts.enter(HERE, "1", name="alice")
    assert accounts.enter(ELSEWHERE, "1", name="alice.example") != first


def test_subjects_differ_by_their_case(db: None) -> None:
    assert accounts.enter(HERE, "a", name="alice") != accounts.enter(HERE, "A", name="bob")


@pytest.mark.parametrize("name", ["operator", "", "a b", "a\0", "x" * 151])
def test_name_that_is_taken_or_none_makes_nobody(name: str, operator: User) -> None:
    with pytest.raises(errors.NotAuthenticated):
        accounts.enter(HERE, "1", name=name)
    assert (User.objects.count(), Identity.objects.count()) == (1, 0)


def test_user_who_was_switched_off_does_not_enter(db: None) -> None:
    accounts.enter(HERE, "1", name="alice")
    User.objects.update(is_active=False)
    with pytest.raises(errors.NotAuthenticated):
        accounts.enter(HERE, "1", name="alice")


def test_account_belongs_to_one_user(operator: User) -> None:
    accounts.enter(HERE, "1", name="alice")
    with pytest.raises(errors.AlreadyExists):
        accounts.link(operator, issuer=HERE, subject="1")


def test_account_is_unlinked_once(operator: User) -> None:
    identity = accounts.link(operator, issuer=HERE, subject="1")
    accounts.unlink(identity)
    with pytest.raises(errors.NotFound):
        accounts.unlink(identity)


def test_nobody_but_oneself_and_operators_ends_ones_sessions(operator: User) -> None:
    alice, before = User.objects.create_user("alice"), operator.get_session_auth_hash()
    with as_user(alice):
        with pytest.raises(errors.PermissionDenied):
            accounts.sign_out(operator, "correct horse")
        accounts.sign_out(alice, None)
    operator.refresh_from_db()
    assert operator.get_session_auth_hash() == before
