"""Who asks in a test: mostly Twofold itself, which may do everything (tests.conftest); here are the others."""

import contextvars
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from django.contrib.auth.models import User

from ipam.domain.core import context
from ipam.models import ApiToken
from ipam.models.events import Door

R = TypeVar("R")


def as_user(user: User, token: ApiToken | None = None, *, door: Door = Door.API) -> AbstractContextManager[None]:
    """What happens inside is asked for by a user, who may what their roles permit."""
    return context.as_caller(lambda: (user, token), door=door, request_id=f"request of {user}")


def operator_called(name: str) -> User:
    """Somebody who may do everything, and is not stored."""
    return User(username=name, is_superuser=True)


def asked_by_nobody(call: Callable[[], R]) -> R:
    """What comes of a call where nobody has said who asks, as in a thread of its own."""
    return contextvars.Context().run(call)
