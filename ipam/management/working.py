"""What Twofold does by itself, each task in one process at a time, whichever holds its lease."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

from django.db import connection

from ipam.domain.core import leases, outages

_log = logging.getLogger(__name__)
_STEP = 1.0  # seconds until the end of the process that started this one, or a lease, is noticed
_KEEP_EVERY = leases.SECONDS / 3
_AFTER_FAILURE = 10.0  # seconds at least
_STOP_TIMEOUT_SECONDS = 20.0  # seconds that what is under way has to finish


@dataclass(frozen=True)
class Task:
    """What is done again and again: `every` so many seconds after it was done.

    A `lasting` one comes to its end by itself only when what it is given says that it is not to go on.
    """

    name: str
    every: float
    run: Callable[..., object]
    lasting: bool = False


class Worker:
    """Runs tasks, each in a thread, while it holds their leases; beside others, one of which takes over."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.holder = f"{socket.gethostname()[:200]}:{os.getpid()}:{uuid4().hex[:8]}"
        self.stopping = threading.Event()
        self._tasks = tasks
        self._held: Collection[str] = ()
        self._held_until = 0.0  # by the clock of this process

    def run(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Work until `stopping` is set, or `goes_on` says no more."""
        threads = [threading.Thread(target=copy_context().run, args=(self._repeat, one)) for one in self._tasks]
        for thread in threads:
            thread.daemon = True
            thread.start()
        next_time = 0.0
        while goes_on() and not self.stopping.is_set():
            if time.monotonic() >= next_time:
                next_time = time.monotonic() + _KEEP_EVERY
                self._keep_leases()
            self.stopping.wait(_STEP)
        self.stopping.set()
        until = time.monotonic() + _STOP_TIMEOUT_SECONDS
        for thread in threads:
            thread.join(max(0, until - time.monotonic()))
        leases.release(self.holder)

    def _keep_leases(self) -> None:
        now = time.monotonic()
        if self._attempt(lambda: self._hold([one.name for one in self._tasks]), "Leases"):
            self._held_until = now + leases.SECONDS

    def _hold(self, names: Collection[str]) -> None:
        self._held = leases.hold(names, self.holder)

    def _repeat(self, task: Task) -> None:
        pause = 0.0
        while not self.stopping.wait(pause):
            pause = _STEP
            if self._goes_on(task):
                run = partial(task.run, partial(self._goes_on, task)) if task.lasting else task.run
                is_done = self._attempt(run, task.name)
                pause = task.every if is_done else max(task.every, _AFTER_FAILURE)

    def _goes_on(self, task: Task) -> bool:
        """Whether this process does the task, and is not to stop."""
        return task.name in self._held and time.monotonic() < self._held_until and not self.stopping.is_set()

    def _attempt(self, do: Callable[[], object], name: str) -> bool:
        """Whether it was done; what stood in the way is in the log, and no reason to end."""
        try:
            do()
        except Exception as error:
            if outages.explain(error) is None:  # which logs what it explains
                _log.exception("%s: failed, and is tried again.", name)
            return False
        finally:
            connection.close()
        return True
