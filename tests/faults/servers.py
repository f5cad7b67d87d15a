"""Twofold as it runs in production: gunicorn with its workers, as docs/operations.md starts it."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_SECONDS = 60  # seconds for the server to start or stop, and for each answer


@dataclass(frozen=True)
class Answer:
    """What came back. Status 0: the connection broke, and with it the word of what happened."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True)
class Server:
    port: int
    master: int

    def call(self, method: str, path: str, token: str = "", body: Any = None, **headers: str) -> Answer:
        """One request over a connection of its own."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_SECONDS)) as connected:
            try:
                connected.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connected.getresponse()
                text = answer.read()
            except (OSError, HTTPException):
                return Answer(0)
        is_json = "json" in (answer.headers["Content-Type"] or "")
        return Answer(answer.status, json.loads(text) if is_json else {}, text.decode())

    def workers(self) -> list[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children").read_text()
        return [int(child) for child in children.split()]

    def is_ready(self) -> bool:
        return self.call("GET", "/api/v1/readyz/").status == 200

    def wait(self) -> None:
        """Until it is ready."""
        wait_until(self.is_ready)


@contextmanager
def serving(application: str = "webui.wsgi", *, workers: int = 2, **environment: str) -> Iterator[Server]:
    """A server on a free port of loopback. Without DATABASE_URL it uses the database of the test."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    given = {"DATABASE_URL": database_url(), "SECRET_KEY": "x" * 60, "LOG_LEVEL": "CRITICAL", "REQUESTS_AT_ONCE": "0"}
    given |= environment  # robots share a token, so its limit is for those who test it
    command = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--log-level", "critical"]
    process = subprocess.Popen([*command, "--workers", str(workers)], cwd=ROOT, env={**os.environ, **given})
    server = Server(port, process.pid)
    try:
        server.wait()
        yield server
    finally:
        process.terminate()
        process.wait(_TIMEOUT_SECONDS)


@contextmanager
def collected() -> Iterator[dict[str, str]]:
    """What `serving` is told for static files that are hashed, compressed and kept for years."""
    with tempfile.TemporaryDirectory() as folder:
        told = {"STATIC_ROOT": folder}
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **told}, check=True)
        yield told


def database_url() -> str:
    """Of the database that this test uses."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(name).resolve()}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def wait_until(happened: Any) -> None:
    """Ask again and again; TimeoutError when it never happens."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError(happened)
        time.sleep(0.05)
