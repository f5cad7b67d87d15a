"""What every command of ours begins with."""

import signal
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand

from ipam.domain.core import context


class SystemCommand(BaseCommand):
    """Whoever may run a command on the machine may do everything."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with context.system():
            return super().execute(*args, **options)


def told_to_stop() -> Callable[[], bool]:
    """Says, from now on, whether this process was told to end: what is under way is finished first."""
    told: list[int] = []  # what a handler may touch at any moment, unlike an event, whose lock may be held
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signal_number, frame: told.append(signal_number))
    return lambda: bool(told)
