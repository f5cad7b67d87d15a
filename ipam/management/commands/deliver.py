from argparse import ArgumentParser
from typing import Any

from ipam.api.messages import describe
from ipam.domain.notify import deliverer
from ipam.management.base import SystemCommand, told_to_stop


class Command(SystemCommand):
    help = "Tell webhooks what has happened, as it happens, until it is stopped; several may run at a time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="what is due by now, then end")

    def handle(self, *, once: bool, **options: Any) -> None:
        if once:
            deliverer.run_once(describe)
            return
        is_told = told_to_stop()
        deliverer.run(describe, lambda: not is_told())
