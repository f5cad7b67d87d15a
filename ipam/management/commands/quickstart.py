import os
import secrets
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, connections

from ipam import key_files
from ipam.domain.files import importing
from ipam.domain.moving.metal_stack import reading
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.domain.notify import sealing
from ipam.management.base import SystemCommand
from ipam.models import Network

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "mini-lab.yaml"
OPERATOR = "operator"
_NO_STATICFILES = "ignore:No directory at"  # whitenoise warns; until `collectstatic` it finds them in the packages


class Command(SystemCommand):
    help = "Set Twofold up on this machine with an example and an operator, and serve it. Safe to run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-serve", action="store_true", help="set up only")
        parser.add_argument("--port", type=int, default=8000, help="where to serve, on 127.0.0.1 (default: 8000)")
        parser.add_argument("--empty", action="store_true", help="leave the example out")

    def handle(self, *, no_serve: bool, port: int, empty: bool, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        _keep_secrets()
        if not empty and not Network.objects.exists():  # else people have begun to work: nothing comes back
            importing.apply(Rows(reading.parse(EXAMPLE.read_text(encoding="utf-8"))))
        python = _shown(sys.executable)
        reset = f"as before, for {OPERATOR} exists already; `{python} manage.py changepassword {OPERATOR}` sets another"
        password = _make_operator() or reset
        url = f"http://127.0.0.1:{port}/"
        self.stdout.write(
            f"Twofold is set up.\n\n"
            f"  open      {url}\n"
            f"  user      {OPERATOR}\n"
            f"  password  {password}\n\n"
            f"Then try the API:\n\n"
            f"  TOKEN=$({python} manage.py create_token {OPERATOR})\n"
            f'  curl -H "Authorization: Bearer $TOKEN" {url}api/v1/networks/\n'
        )
        if not no_serve:
            self.stdout.write("Serving; Ctrl-C stops it.")
            _start_worker()
            _serve(port)


def _keep_secrets() -> None:
    """Make the key that secrets are kept with, once: the server reads it when it starts."""
    if settings.SECRETS_KEY or connection.vendor != "sqlite":
        return
    path = key_files.secrets_key_of(Path(connection.settings_dict["NAME"]))
    if not path.exists():
        key_files.create(path, sealing.new_key())


def _make_operator() -> str:
    """The password of a new operator, which is kept nowhere else; empty if the operator exists."""
    if User.objects.filter(username=OPERATOR).exists():
        return ""
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(OPERATOR, password=password)
    return password


def _start_worker() -> None:
    """Let what is due be done by a child, which ends with this process, whatever that becomes and however it ends."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work", f"--parent={os.getpid()}"]
    subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603


def _serve(port: int) -> None:
    """Become the server that production runs too; it gives out static files by itself."""
    connections.close_all()
    sys.stdout.flush()
    os.execv(sys.executable, server_command(port))  # noqa: S606


def server_command(port: int) -> list[str]:
    """gunicorn with its configuration, from whatever folder it is called."""
    module, _, name = settings.WSGI_APPLICATION.rpartition(".")
    options = ["--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "warning"]
    options += ["--chdir", str(settings.BASE_DIR), "--config", str(settings.BASE_DIR / "gunicorn.conf.py")]
    return [sys.executable, "-W", _NO_STATICFILES, "-m", "gunicorn", f"{module}:{name}", *options]


def _shown(path: str) -> str:
    """A path as short as it can be typed from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
