"""Who asks: told at the edge, asked below it. That nothing is done for nobody is in tests/access/test_nobody.py."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User

from ipam import errors
from ipam.domain.core import access, context
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import EVERYTHING, Access
from ipam.domain.networks import partitions
from ipam.domain.people import members
from ipam.management import commands
from ipam.management.base import SystemCommand
from ipam.models import Event, Project
from ipam.models.events import Door
from tests.callers import as_user, asked_by_nobody, operator_called

COMMANDS = [name for _, name, _ in iter_modules(commands.__path__) if name != "migrate"]  # Django's, which asks nothing


class Spy(SystemCommand):
    """A command that says who asks in it."""

    def handle(self, *args: Any, **options: Any) -> str:
        return f"{context.current().door} {access.current() == EVERYTHING}"


def test_command_may_do_everything() -> None:
    assert asked_by_nobody(lambda: Spy().execute(no_color=True, force_color=False, skip_checks=True)) == "command True"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_who_asks(name: str) -> None:
    assert issubclass(import_module(f"ipam.management.commands.{name}").Command, SystemCommand)


def test_nobody_asks_once_the_command_has_ended() -> None:
    def ask_afterwards() -> bool:
        with context.system():
            pass
        return context.is_set()

    assert not asked_by_nobody(ask_afterwards)


def test_caller_is_not_looked_for_before_it_is_needed() -> None:
    def find() -> Any:
        raise AssertionError("asked too early")

    with context.as_caller(find, door=Door.API):
        assert context.current().door == Door.API


def test_what_a_caller_may_is_found_out_once(operator: User, django_assert_num_queries: Any) -> None:
    bob = User.objects.create_user("bob")
    with as_user(bob), django_assert_num_queries(1):
        assert access.current() is access.current()


def test_who_has_not_signed_in_may_nothing() -> None:
    with context.as_caller(lambda: (AnonymousUser(), None), door=Door.DASHBOARD):
        assert access.current() == Access()


def test_system_inside_a_request_keeps_its_door_and_id(db: None) -> None:
    with (
        context.as_caller(lambda: (AnonymousUser(), None), door=Door.DASHBOARD, request_id="r1"),
        context.system("identity provider"),
    ):
        partitions.create(id="fra")
    assert Event.objects.values_list("door", "request_id", "actor").get() == ("dashboard", "r1", "identity provider")


def test_operation_asks_also_inside_another(project: Project) -> None:
    alice = User.objects.create_user("alice")
    members.grant(alice, "owner", project=project)

    @operation
    def outer() -> None:
        partitions.create(id="fra")

    with as_user(alice), pytest.raises(errors.PermissionDenied):
        outer()
    with as_user(operator_called("bob")):
        outer()
