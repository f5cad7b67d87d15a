"""Roles given at the command line."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from ipam.domain.core.permissions import of_user
from ipam.models import Project
from ipam.models.roles import Role

Run = Callable[..., str]


def test_role_of_a_project_and_of_the_platform(run: Run, project: Project) -> None:
    bob = User.objects.create_user("bob")
    assert run("grant_role", "bob", "editor", "--project", str(project.pk)) == "bob: editor of alice\n"
    assert run("grant_role", "bob", "auditor") == "bob: auditor of the platform\n"
    who = of_user(bob)
    assert (who.platform, who.projects) == (Role.AUDITOR, {project.pk: Role.EDITOR})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody", "auditor"], "There is no user “nobody”"),
        (["bob", "owner"], "A role here is one of operator, auditor."),
        (["bob", "viewer", "--project", "gone"], "There is no project “gone”"),
    ],
)
def test_what_cannot_be_given_is_refused_in_words(arguments: list[str], said: str, run: Run, db: None) -> None:
    User.objects.create_user("bob")
    with pytest.raises(CommandError, match=said):
        run("grant_role", *arguments)
