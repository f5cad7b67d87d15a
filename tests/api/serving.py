"""gunicorn with the database of the tests, as docs/operations.md starts it, and a client that can lose answers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from django.db import connection

_TIMEOUT_SECONDS = 60  # seconds, for the server to start and for each answer
Answer = tuple[int, dict[str, str], bytes]


class Server:
    """A running server; its worker processes can be killed."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port, self.process = port, process

    def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        """A request over a connection of its own, and its answer; OSError or HTTPException if none comes."""
        with_type = {"Content-Type": "application/json", "Connection": "close", **headers}
        client = HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_SECONDS)
        try:
            client.request(method, path, json.dumps(body), with_type)
            answer = client.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            client.close()

    def send_until_answered(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        """What a robot does: the same request again and again, until there is an answer that is one."""
        return until(lambda: self._try(method, path, body, headers))

    def send_and_hang_up(self, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
        """A request whose sender is gone before anything is answered."""
        text = json.dumps(body)
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(text)}"]
        lines += [f"{name}: {value}" for name, value in {"Content-Type": "application/json", **headers}.items()]
        with socket.create_connection(("127.0.0.1", self.port), _TIMEOUT_SECONDS) as client:
            client.sendall("\r\n".join([*lines, "", text]).encode())

    def kill_a_worker(self) -> None:
        """SIGKILL one of the worker processes, whatever it does; gunicorn starts another."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        os.kill(int(until(children.read_text).split()[0]), signal.SIGKILL)

    def _try(self, *request: Any) -> Answer | None:
        try:
            answer = self.send(*request)
        except (OSError, HTTPException):
            return None
        return answer if answer[0] < 500 else None


@contextmanager
def serving(workers: int = 2, threads: int = 4) -> Iterator[Server]:
    """A server on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "webui.wsgi", "--bind", f"127.0.0.1:{port}"]
    options = [f"--workers={workers}", f"--threads={threads}", "--log-level=critical"]
    process = subprocess.Popen(
        [*command, *options], env={**os.environ, "DATABASE_URL": database(), "SECRET_KEY": "x" * 60}
    )
    try:
        server = Server(port, process)
        server.send_until_answered("GET", "/api/v1/healthz/", None, {})
        yield server
    finally:
        process.terminate()
        process.wait(_TIMEOUT_SECONDS)


def until(ask: Callable[[], Any]) -> Any:
    """What `ask` gives as soon as that is something."""
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not (found := ask()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
    return found


def database() -> str:
    """DATABASE_URL of the database of the tests."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    given = connection.settings_dict
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgres://{given['USER']}{password}@{given['HOST']}:{given['PORT'] or 5432}/{name}"
