"""Roles that groups give, beside those that were given here."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.people import members
from ipam.models import Event, Project
from ipam.models.roles import Role
from tests.callers import as_user
from tests.shared import shared_fixture

Roles = dict[str, tuple[str, str]]


@shared_fixture
def alice() -> User:
    return User.objects.create_user("alice")


def held(user: User) -> Roles:
    return {str(one.project or "platform"): (one.role, one.source) for one in user.role_bindings.all()}


def test_groups_give_change_and_withdraw(alice: User, project: Project, stranger: Project) -> None:
    members.set_group_roles(alice, {None: Role.AUDITOR, project.pk: Role.VIEWER})
    assert held(alice) == {"platform": ("auditor", "group"), "alice": ("viewer", "group")}
    members.set_group_roles(alice, {project.pk: Role.OWNER, stranger.pk: Role.EDITOR})
    assert held(alice) == {"alice": ("owner", "group"), "mallory": ("editor", "group")}
    members.set_group_roles(alice, {})
    assert held(alice) == {}


@pytest.mark.parametrize("wanted", [Role.OWNER, Role.VIEWER, None])
def test_role_that_was_given_here_is_none_of_their_business(wanted: Role | None, alice: User, project: Project) -> None:
    members.grant(alice, "editor", project=project)
    members.set_group_roles(alice, {project.pk: wanted} if wanted else {})
    assert held(alice) == {"alice": ("editor", "local")}


def test_role_that_is_given_by_hand_is_no_longer_a_group_s(alice: User, project: Project) -> None:
    members.set_group_roles(alice, {project.pk: Role.VIEWER})
    members.grant(alice, "editor", project=project)
    members.set_group_roles(alice, {})
    assert held(alice) == {"alice": ("editor", "local")}


def test_project_that_is_gone_gives_nothing(alice: User, project: Project) -> None:
    members.set_group_roles(alice, {uuid4(): Role.OWNER, project.pk: Role.VIEWER})
    assert held(alice) == {"alice": ("viewer", "group")}


def test_role_in_a_wrong_place_changes_nothing(alice: User, project: Project) -> None:
    with pytest.raises(errors.Invalid):
        members.set_group_roles(alice, {None: Role.AUDITOR, project.pk: Role.OPERATOR})
    assert held(alice) == {}


def test_event_tells_each_role_before_and_after(alice: User, project: Project) -> None:
    members.set_group_roles(alice, {None: Role.AUDITOR})
    members.set_group_roles(alice, {project.pk: Role.VIEWER})
    assert Event.objects.first().changes == {
        "role on the platform": ["auditor", None],
        f"role in {project.pk}": [None, "viewer"],
    }


def test_same_groups_again_leave_no_event(alice: User) -> None:
    members.set_group_roles(alice, {None: Role.AUDITOR})
    members.set_group_roles(alice, {None: Role.AUDITOR})
    assert Event.objects.count() == 1


def test_nobody_gives_himself_groups(alice: User) -> None:
    with as_user(alice), pytest.raises(errors.PermissionDenied):
        members.set_group_roles(alice, {None: Role.OPERATOR})
