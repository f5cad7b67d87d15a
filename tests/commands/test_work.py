"""`manage.py work`: what is due is done, by one process at a time, by another when that one is gone."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from ipam.management.tasks import TASKS
from ipam.management.working import Task, Worker
from ipam.models import Lease, Survey
from tests.api.serving import database, until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start(transactional_db: None) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start `manage.py work` with the database of the tests; killed after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*options: str) -> "subprocess.Popen[bytes]":
        started.append(
            subprocess.Popen(
                [sys.executable, "manage.py", "work", *options],
                cwd=ROOT,
                env={**os.environ, "DATABASE_URL": database(), "SECRET_KEY": "x" * 60},
            )
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def holders() -> set[str]:
    """The ids of the processes that hold leases."""
    return {one.holder.split(":")[1] for one in Lease.objects.filter(until__gt=Now())}


@contextmanager
def working(*tasks: Task) -> Iterator[Worker]:
    worker = Worker(tasks)
    thread = threading.Thread(target=_run, args=(worker,))
    thread.start()
    try:
        yield worker
    finally:
        worker.stopping.set()
        thread.join()


def _run(worker: Worker) -> None:
    try:
        worker.run()
    finally:
        connection.close()


def test_due_survey_is_taken_at_once(start: Any) -> None:
    start()
    assert until(Survey.objects.first)


def test_survey_that_was_just_taken_is_not_taken_again(start: Any) -> None:
    start()
    at = until(Survey.objects.first).at
    start()
    until(lambda: len(holders()) == 1)
    assert Survey.objects.get().at == at


def test_another_takes_over_from_one_that_was_killed(start: Any) -> None:
    first = start()
    until(lambda: holders() == {str(first.pid)})
    second = start()
    first.send_signal(signal.SIGKILL)
    first.wait()
    Lease.objects.update(until=Now())  # as after the time of a lease
    assert until(lambda: holders() == {str(second.pid)})


def test_one_that_is_told_to_end_leaves_its_leases_at_once(start: Any) -> None:
    process = start()
    until(holders)
    process.terminate()
    assert (process.wait(60), holders()) == (0, set())


def test_it_ends_with_the_process_that_has_started_it(start: Any) -> None:
    """The pid is not that of its parent: as if that one had gone."""
    assert start("--parent=1").wait(60) == 0


def test_task_that_fails_stops_no_other(transactional_db: None) -> None:
    done = threading.Event()

    def fail() -> None:
        raise ValueError("as it happens")

    with working(Task("broken", 0.01, fail), Task("sound", 0.01, done.set)):
        assert done.wait(60)


def test_of_two_workers_one_does_a_task(transactional_db: None) -> None:
    first, second = threading.Event(), threading.Event()
    with working(Task("once", 0.01, first.set)):
        assert first.wait(60)
        with working(Task("once", 0.01, second.set), Task("other", 0.01, lambda: None)):
            until(lambda: Lease.objects.filter(name="other", until__gt=Now()).exists())
            first.clear()
            assert first.wait(60)
            assert not second.is_set()


def test_every_task_has_a_name_of_its_own() -> None:
    assert len({task.name for task in TASKS}) == len(TASKS)


def test_quickstart_takes_its_worker_along_when_it_is_killed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "manage.py", "quickstart", "--empty", f"--port={port}"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}", "WEB_CONCURRENCY": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        worker = until(lambda: _worker_of(server.pid))
    finally:
        server.kill()
        server.wait()
    assert until(lambda: not Path(f"/proc/{worker}").exists())


def _worker_of(pid: int) -> int | None:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = (int(one) for one in children if b"\0work\0" in Path(f"/proc/{one}/cmdline").read_bytes())
    return next(found, None)
