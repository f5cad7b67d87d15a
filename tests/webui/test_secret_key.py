"""The key that signs sessions: one for all processes of an installation, or no start."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ipam import key_files
from tests.faults.servers import ROOT
from webui import secret_key

_PRINT = "from django.conf import settings; print(settings.SECRET_KEY)"


def started(code: str, **variables: str) -> "subprocess.Popen[str]":
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "webui.settings", **variables}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True
    )


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    keys = [one.communicate()[0].strip() for one in [started(_PRINT, DATABASE_URL=url) for _ in range(4)]]
    assert keys == [(tmp_path / "db.sqlite3.secret-key").read_text()] * 4


def test_key_is_long_for_its_owner_alone_and_leaves_nothing_else(tmp_path: Path) -> None:
    assert len(secret_key.beside(tmp_path / "db.sqlite3")) >= 50
    (kept,) = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_key_stays_the_same(tmp_path: Path) -> None:
    assert secret_key.beside(tmp_path / "db.sqlite3") == secret_key.beside(tmp_path / "db.sqlite3")


def test_key_that_is_there_first_wins(tmp_path: Path) -> None:
    key_files.create(tmp_path / "key", "first")
    first = (tmp_path / "key").read_text()
    key_files.create(tmp_path / "key", "second")
    assert (tmp_path / "key").read_text() == first


def test_key_that_is_given_leaves_no_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    assert started(_PRINT, DATABASE_URL=url, SECRET_KEY="given").communicate()[0] == "given\n"
    assert list(tmp_path.iterdir()) == []


def test_file_that_holds_no_key_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "db.sqlite3.secret-key").write_text("short")
    with pytest.raises(ImproperlyConfigured, match=r"db\.sqlite3\.secret-key holds no key"):
        secret_key.beside(tmp_path / "db.sqlite3")


def test_folder_that_is_missing_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"cannot be kept in .* or set SECRET_KEY"):
        secret_key.beside(tmp_path / "missing" / "db.sqlite3")


@pytest.mark.parametrize(("code", "starts"), [("import webui.wsgi", False), ("import webui.settings", True)])
def test_web_processes_on_postgresql_do_not_start_without_a_common_key_and_commands_do(code: str, starts: bool) -> None:
    process = started(code, DATABASE_URL="postgres://nobody@127.0.0.1/nothing")
    told = process.communicate()[1]
    assert (process.returncode == 0, "SECRET_KEY is not set. All web processes" in told) == (starts, not starts)
