import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import connection
from django.test import RequestFactory

from ipam import key_files
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


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no folder to keep it in")
def test_key_of_secrets_is_made_once_for_its_user_alone(run: Run, settings: Any, tmp_path: Path) -> None:
    settings.SECRETS_KEY = ""
    path = key_files.secrets_key_of(Path(connection.settings_dict["NAME"]))
    path.unlink(missing_ok=True)
    try:
        run("quickstart", "--no-serve")
        made = path.read_text()
        run("quickstart", "--no-serve")
        assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (made, 0o600)
        assert Fernet(made)
    finally:
        path.unlink(missing_ok=True)


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
