"""Many clients at once: threads of this process, or processes that share nothing with it but the database."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import django
from django.apps import apps
from django.db import connection

_TIMEOUT_SECONDS = 120  # seconds until a crowd that does not come together is a failure
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])  # Django is imported once, not once per client
_start: Any = None

if not apps.ready:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
    django.setup()

from ipam.domain.core import context  # noqa: E402  it has models


def preload(name: str) -> None:
    """Let processes find a module imported, if none has been started before."""
    _context.set_forkserver_preload([__name__, name])


def in_threads(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the tasks at the same moment, each in a thread with a connection of its own; their results in order."""
    with ThreadPoolExecutor(len(tasks), initializer=_enter, initargs=(None, Barrier(len(tasks)))) as pool:
        return _gather(pool, tasks)


def in_processes(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the tasks at the same moment, each in a process of its own; their results in order."""
    start = _context.Barrier(len(tasks))
    name = connection.settings_dict["NAME"]
    with ProcessPoolExecutor(len(tasks), _context, initializer=_enter, initargs=(name, start)) as pool:
        return _gather(pool, tasks)


def killed_in_the_middle(task: Callable[[Any], Any], *, after: int) -> None:
    """Run a task that writes a byte to its pipe at each step in a process, and kill that after so many steps."""
    reader, writer = _context.Pipe(duplex=False)
    process = _context.Process(target=_alone, args=(connection.settings_dict["NAME"], task, writer))
    process.start()
    writer.close()
    for _ in range(after):
        reader.recv_bytes()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join(_TIMEOUT_SECONDS)


def _gather(pool: Executor, tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    running = [pool.submit(_together, task) for task in tasks]
    return [one.result(_TIMEOUT_SECONDS) for one in running]


def _enter(database: str | None, start: Any) -> None:
    global _start
    if database is not None:
        connection.settings_dict["NAME"] = database
    _start = start


def _together(task: Callable[[], Any]) -> Any:
    try:
        connection.ensure_connection()
        _start.wait(_TIMEOUT_SECONDS)
        with context.system():
            return task()
    finally:
        connection.close()


def _alone(database: str, task: Callable[[Any], Any], pipe: Any) -> None:
    connection.settings_dict["NAME"] = database
    with context.system():
        task(pipe)
