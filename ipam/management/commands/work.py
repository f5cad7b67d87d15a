import os
from argparse import ArgumentParser
from typing import Any

from ipam.management.base import SystemCommand, told_to_stop
from ipam.management.tasks import TASKS
from ipam.management.working import Worker


class Command(SystemCommand):
    help = (
        "Do what is due, until it is stopped: surveys, alerts, deliveries. Of several that run, one does each; "
        "when it is gone, another."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--parent", type=int, metavar="PID", help="end as soon as this process has, which started it"
        )

    def handle(self, *, parent: int | None, **options: Any) -> None:
        is_told = told_to_stop()
        Worker(TASKS).run(goes_on=lambda: not is_told() and parent in (None, os.getppid()))
