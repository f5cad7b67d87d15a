from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from ipam.domain.people import tokens

Run = Callable[..., str]


def test_the_token_is_all_that_is_printed(run: Run, operator: User) -> None:
    printed = run("create_token", "operator", "--name", "ci")
    found = tokens.authenticate(printed.removesuffix("\n"), None)
    assert found is not None
    assert (found.user, found.name) == (operator, "ci")


def test_unknown_user_is_refused_with_the_way_to_make_one(run: Run) -> None:
    with pytest.raises(CommandError) as refused:
        run("create_token", "nobody")
    assert str(refused.value) == (
        "There is no user “nobody”. Make one with `manage.py createsuperuser --username nobody`."
    )
