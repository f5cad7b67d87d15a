"""Who acts: whoever stands at the edge says it, and the change history writes it down."""

import os
import pwd
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from ipam.models.events import Door


@dataclass(frozen=True)
class Actor:
    """Who acts: through which door, and for which request."""

    door: Door
    name: Callable[[], str]
    request_id: str


def _system_user() -> str:
    """Who runs this process; the environment is not asked, for anybody may set it."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container with a user id of its own
        return str(os.getuid())


# Where no request is, somebody runs a command; all that one process does has one id.
_COMMAND = Actor(Door.COMMAND, _system_user, uuid.uuid4().hex)
_actor: ContextVar[Actor] = ContextVar("actor", default=_COMMAND)


@contextmanager
def acting(*, door: Door, actor: str | Callable[[], str], request_id: str = "") -> Iterator[None]:
    """Whatever happens inside is done by `actor` through `door`.

    The actor may be a function: it is asked when an event is written, for the API learns late who calls.
    """
    name = actor if callable(actor) else lambda: actor
    before = _actor.set(Actor(door, name, request_id))
    try:
        yield
    finally:
        _actor.reset(before)


@contextmanager
def on_behalf_of(name: str) -> Iterator[None]:
    """Whatever happens inside is done by `name`, through the door and for the request of whoever acts."""
    before = _actor.set(replace(_actor.get(), name=lambda: name))
    try:
        yield
    finally:
        _actor.reset(before)


def current() -> Actor:
    """Who acts now."""
    return _actor.get()
