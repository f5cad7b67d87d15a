"""A PostgreSQL of the test's own, which it may stop and start as it likes."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.servers import wait_until

_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))  # Debian's
_BINARIES = _PLACES[-1] if _PLACES else Path(shutil.which("initdb") or "/nowhere/initdb").parent
OWNER = {"user": "postgres"} if os.getuid() == 0 else {}  # PostgreSQL does not run as root


@dataclass(frozen=True)
class Cluster:
    folder: Path
    port: int

    def start(self) -> None:
        listening = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        _run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-o", listening, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """`fast` ends sessions and transactions; `immediate` is a crash, which the next start recovers from."""
        _run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def crash(self) -> None:
        """SIGKILL to its first process; whatever it has not written or sent by then, nobody ever sees."""
        pid_file = self.folder / "data" / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        pid_file.unlink()

    def promote(self) -> None:
        """From a standby to a primary."""
        _run("pg_ctl", "-D", self.folder / "data", "-w", "promote")

    def url(self, name: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Started; stopped and gone afterwards. Skips the test where PostgreSQL's programs are missing."""
    with _place() as made:
        data = made.folder / "data"
        _run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        made.start()
        yield made


@contextmanager
def standby(primary: Cluster) -> Iterator[Cluster]:
    """A standby for which every commit of the primary waits, as docs/operations.md sets it up."""
    with _place() as made:
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name=second"
        _run("pg_basebackup", "-D", made.folder / "data", "-d", source, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        made.start()
        with psycopg.connect(primary.url(), autocommit=True) as session:
            session.execute("ALTER SYSTEM SET synchronous_standby_names = 'second'")
            session.execute("SELECT pg_reload_conf()")
            wait_until(lambda: session.execute("SELECT sync_state FROM pg_stat_replication").fetchall() == [("sync",)])
        yield made


@contextmanager
def _place() -> Iterator[Cluster]:
    if not (_BINARIES / "initdb").exists():
        pytest.skip("the programs of PostgreSQL (initdb, pg_ctl) are not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="twofold-cluster-"))
    if OWNER:
        shutil.chown(folder, **OWNER)
    made = Cluster(folder, port)
    try:
        yield made
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)  # processes of a cluster that has crashed may take their time


def _run(program: str, *arguments: Any) -> None:
    ran = subprocess.run([_BINARIES / program, *arguments], cwd="/", stdout=subprocess.DEVNULL, timeout=60, **OWNER)
    ran.check_returncode()
