"""Who asks for what happens: one object, set at the edge (a request, a command), asked below it.

Closed by default: where nobody has set it, nothing is seen (`access.visible`) and nothing may be done.
"""

import os
import pwd
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser, User

from ipam import errors
from ipam.domain.core.permissions import EVERYTHING, Access, of_user
from ipam.models import ApiToken
from ipam.models.events import Door

_PROCESS = uuid.uuid4().hex  # in the place of a request id, of all that one process does by itself


@dataclass(frozen=True)
class Context:
    """Who asks, what they may, by which door and in which request."""

    door: Door
    request_id: str
    find_user: Callable[[], str]
    find_access: Callable[[], Access]

    @property
    def user(self) -> str:
        """The name that the history keeps, as it is when it is asked for."""
        return self.find_user()

    @cached_property
    def access(self) -> Access:
        """What the caller may, found out once, when first needed."""
        return self.find_access()


_current: ContextVar[Context | None] = ContextVar("context", default=None)


def current() -> Context:
    """The context that is set; PermissionDenied where there is none."""
    found = _current.get()
    if found is None:
        raise errors.PermissionDenied(
            "Nobody has said who asks for this, so nothing is done. A request and a command of Twofold say so; "
            "other code does it inside `ipam.domain.core.context.system`."
        )
    return found


def is_set() -> bool:
    """Whether somebody has said who asks."""
    return _current.get() is not None


@contextmanager
def as_caller(
    find: Callable[[], tuple[User | AnonymousUser, ApiToken | None]], *, door: Door, request_id: str = ""
) -> Iterator[None]:
    """What happens inside is asked for by a user, perhaps with a token, and limited to what that may.

    `find` gives both when they are needed and not before: the API learns late who calls.
    """
    with _set(Context(door, request_id, lambda: find()[0].get_username(), lambda: of_user(*find()))):
        yield


@contextmanager
def system(name: str = "", *, door: Door | None = None) -> Iterator[None]:
    """What happens inside may do everything: a command does it, or Twofold by itself.

    The history calls it `name`, by default the user of the operating system. Inside of a request it keeps the id of
    that, and the door, unless another is named.
    """
    around = _current.get()
    known, request_id = (around.door, around.request_id) if around else (Door.COMMAND, _PROCESS)
    with _set(Context(door or known, request_id, lambda: name or _system_user(), lambda: EVERYTHING)):
        yield


@contextmanager
def _set(context: Context) -> Iterator[None]:
    before = _current.set(context)
    try:
        yield
    finally:
        _current.reset(before)


def _system_user() -> str:
    """Who runs this process; the environment is not asked, for anybody may set it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container with a user id of its own
        return str(os.getuid())
