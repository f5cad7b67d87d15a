import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.test import RequestFactory

from ipam.domain.networks import networks
from ipam.management.commands.quickstart import server_command
from ipam.models import Network

Run = Callable[..., str]


def password_in(printed: str) -> str:
    found = re.search(r"password +(\S+)", printed)
    assert found is not None
    return found[1]


def test_the_example_is_loaded(run: Run) -> None:
    run("quickstart", "--no-serve")
    assert list(Network.objects.values_list("pk", flat=True)) == [
        "internet-mini-lab",
        "tenant-super-network-mini-lab",
        "underlay-mini-lab",
    ]


def test_empty_leaves_the_example_out(run: Run) -> None:
    run("quickstart", "--no-serve", "--empty")
    assert Network.objects.count() == 0


def sign_in(password: str) -> Any:
    return authenticate(RequestFactory().post("/accounts/login/"), username="operator", password=password)


def test_the_printed_password_signs_the_operator_in(run: Run) -> None:
    printed = run("quickstart", "--no-serve")
    user = sign_in(password_in(printed))
    assert user is not None
    assert user.is_superuser


def test_a_second_run_keeps_the_password_and_says_how_to_reset_it(run: Run) -> None:
    password = password_in(run("quickstart", "--no-serve"))
    again = run("quickstart", "--no-serve")
    assert "manage.py changepassword operator" in again
    assert password not in again
    assert sign_in(password) == User.objects.get()


def test_a_second_run_does_not_undo_what_people_changed(run: Run) -> None:
    run("quickstart", "--no-serve")
    networks.delete(Network.objects.get(pk="underlay-mini-lab"))
    run("quickstart", "--no-serve")
    assert not Network.objects.filter(pk="underlay-mini-lab").exists()


def test_the_port_is_in_the_url(run: Run) -> None:
    assert "http://127.0.0.1:8123/" in run("quickstart", "--no-serve", "--port", "8123")


def test_it_serves_as_production_does_from_whatever_folder() -> None:
    command = server_command(8123)
    config = Path(command[command.index("--config") + 1])
    assert (config.is_absolute(), config.name, config.exists()) == (True, "gunicorn.conf.py", True)
