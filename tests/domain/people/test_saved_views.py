"""Views of lists: each person's own."""

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.people import saved_views
from ipam.models import SavedView
from tests.callers import as_user


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")


def test_views_are_of_one_person_and_one_list_by_name(alice: User, bob: User) -> None:
    for owner, page, name in ((alice, "networks", "b"), (alice, "networks", "a"), (alice, "vrfs", "c")):
        saved_views.create(owner, page, name=name, query="")
    saved_views.create(bob, "networks", name="a", query="")
    assert [str(one) for one in saved_views.of_page(alice, "networks")] == ["a", "b"]


def test_name_is_taken_once_per_person_and_list(alice: User) -> None:
    saved_views.create(alice, "networks", name="full", query="")
    saved_views.create(alice, "machines", name="full", query="")
    with pytest.raises(errors.AlreadyExists, match="Choose another name") as refusal:
        saved_views.create(alice, "networks", name="full", query="type=super")
    assert refusal.value.field == "name"


def test_view_keeps_its_own_name_when_it_is_renamed_to_it(alice: User) -> None:
    view = saved_views.create(alice, "networks", name="full", query="type=super")
    assert (saved_views.rename(alice, view.pk, name="full").query, SavedView.objects.count()) == ("type=super", 1)


def test_people_have_no_views_without_end(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    saved_views.create(alice, "networks", name="one", query="")
    with pytest.raises(errors.Invalid, match="You have 1 views, the most there can be"):
        saved_views.create(alice, "vrfs", name="two", query="")


def test_long_query_is_refused(alice: User) -> None:
    with pytest.raises(errors.Invalid, match="at most 1,000 characters"):
        saved_views.create(alice, "networks", name="long", query="q=" + "x" * 999)


def test_view_of_somebody_else_is_not_there(alice: User, bob: User) -> None:
    view = saved_views.create(alice, "networks", name="mine", query="")
    with as_user(bob):
        for do in (lambda: saved_views.rename(bob, view.pk, name="his"), lambda: saved_views.delete(bob, view.pk)):
            with pytest.raises(errors.NotFound):
                do()
    assert str(SavedView.objects.get()) == "mine"


def test_nobody_saves_views_for_others(alice: User, bob: User) -> None:
    with as_user(bob), pytest.raises(errors.PermissionDenied):
        saved_views.create(alice, "networks", name="his", query="")


def test_views_go_with_their_owner(alice: User) -> None:
    saved_views.create(alice, "networks", name="mine", query="")
    alice.delete()
    assert not SavedView.objects.exists()
