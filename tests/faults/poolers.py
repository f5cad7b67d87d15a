"""A PgBouncer of the test's own, in transaction mode, as docs/operations.md sets it up."""

import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.faults.clusters import OWNER
from tests.faults.servers import database_url, wait_until

_PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
_CONFIGURATION = """
[databases]
* = host={host} port={port} connect_query='{timeouts}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {sessions}
query_wait_timeout = {wait_seconds}
server_login_retry = 1
max_client_conn = 200
ignore_startup_parameters = options
"""
_TIMEOUTS = "SET statement_timeout = '15s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'"


@dataclass(frozen=True)
class Pooler:
    url: str
    file: Path
    process: subprocess.Popen[bytes]

    def lead_to(self, port: int) -> None:
        """Lend sessions of another PostgreSQL of this machine from now on: what an operator writes, then a reload."""
        self.file.write_text(re.sub(r" port=\d+", f" port={port}", self.file.read_text()))
        self.process.send_signal(signal.SIGHUP)


@contextmanager
def pooler(*, sessions: int = 4, wait_seconds: int = 30) -> Iterator[Pooler]:
    """PgBouncer before the database of this test; its clients share so many sessions of PostgreSQL."""
    if _PROGRAM is None:
        pytest.skip("pgbouncer is not installed")
    direct = urlsplit(database_url())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="twofold-pooler-"))
    (folder / "users").write_text(f'"{direct.username}" "{direct.password or ""}"\n')
    file = folder / "pgbouncer.ini"
    file.write_text(
        _CONFIGURATION.format(
            host=direct.hostname, port=direct.port, listen_port=port, folder=folder, sessions=sessions,
            wait_seconds=wait_seconds, timeouts=_TIMEOUTS.replace("'", "''"),
        )
    )  # fmt: skip
    for path in (folder, *folder.iterdir()):
        if OWNER:
            shutil.chown(path, **OWNER)
    process = subprocess.Popen([_PROGRAM, "-q", file], cwd="/", **OWNER)
    try:
        wait_until(lambda: _listens(port))
        place = f"{direct.username}:{direct.password or ''}@127.0.0.1:{port}"
        yield Pooler(direct._replace(netloc=place).geturl(), file, process)
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
