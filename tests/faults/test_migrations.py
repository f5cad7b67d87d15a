"""Two migrations of an empty database at once, as two machines that are upgraded together start them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.faults.servers import ROOT, database_url

_NAME = f"twofold_migrations_{os.getpid()}"


@pytest.fixture
def empty(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that has nothing in it."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'db.sqlite3'}"
        return
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {_NAME}")
        yield database_url().rpartition("/")[0] + f"/{_NAME}"
        cursor.execute(f"DROP DATABASE {_NAME} WITH (FORCE)")


def manage(url: str, *command: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "DATABASE_URL": url}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, stdout=quiet, stderr=quiet
    )


def test_two_at_once_leave_a_whole_database(empty: str) -> None:
    ended = sorted(one.wait(120) for one in [manage(empty, "migrate"), manage(empty, "migrate")])
    # SQLite has no lock that lasts over several transactions: there the second may find that the first was faster.
    assert ended in ([[0, 0]] if connection.vendor == "postgresql" else [[0, 0], [0, 1]])
    assert [manage(empty, command).wait(60) for command in ("migrate", "doctor")] == [0, 0]
