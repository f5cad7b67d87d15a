import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.utils import timezone
from tqdm import tqdm

from ipam.domain.core import pruning
from ipam.management.base import SystemCommand


class Command(SystemCommand):
    help = "Delete the events of the change history that are older than so many days; the data itself stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--older-than", type=_days, required=True, metavar="DAYS", help="such as 365d")
        parser.add_argument("--dry-run", action="store_true", help="say how many, and delete none")

    def handle(self, *, older_than: timedelta, dry_run: bool, **options: Any) -> None:
        moment = timezone.now() - older_than
        found = pruning.older_than(moment).count()
        if not dry_run:
            with tqdm(total=found, unit=" events", disable=None) as bar:
                found = pruning.prune(moment, on_progress=bar.update)
        verb = "Would delete" if dry_run else "Deleted"
        self.stdout.write(f"{verb} {found:,} events from before {moment:%Y-%m-%d %H:%M} UTC.")


def _days(text: str) -> timedelta:
    """At least a day, at most 9999: `365d`."""
    if not (found := re.fullmatch(r"([1-9][0-9]{0,3})d", text)):
        raise ArgumentTypeError(f"“{text}” is no number of days from 1d to 9999d. Write 365d for a year.")
    return timedelta(days=int(found[1]))
