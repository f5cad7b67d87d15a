"""What the commands that forget have in common: how old, only counted or deleted, and a bar."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from tqdm import tqdm

from ipam.management.base import SystemCommand


class PruningCommand(SystemCommand):
    """Deletes what is older than a moment: `find` says what that is, `prune` does it."""

    noun: ClassVar[str]
    find: ClassVar[Callable[[datetime], QuerySet[Any]]]
    prune: ClassVar[Callable[..., int]]

    def add_arguments(self, parser: ArgumentParser) -> None:
        age = parser.add_mutually_exclusive_group(required=True)
        age.add_argument("--older-than", type=_days, metavar="DAYS", help="such as 365d")
        age.add_argument("--before", type=_moment, metavar="TIME", help="such as 2026-01-31T00:00:00Z")
        parser.add_argument("--dry-run", action="store_true", help="say how many, and delete none")

    def handle(self, *, older_than: timedelta | None, before: datetime | None, dry_run: bool, **options: Any) -> None:
        moment = before or timezone.now() - (older_than or timedelta())
        found = type(self).find(moment).count()
        if not dry_run:
            with tqdm(total=found, unit=f" {self.noun}", disable=None) as bar:
                found = type(self).prune(moment, on_progress=bar.update)
        verb = "Would delete" if dry_run else "Deleted"
        self.stdout.write(f"{verb} {found:,} {self.noun} from before {moment:%Y-%m-%d %H:%M} UTC.")


def _days(text: str) -> timedelta:
    """At least a day, at most 9999: `365d`."""
    if not (found := re.fullmatch(r"([1-9][0-9]{0,3})d", text)):
        raise ArgumentTypeError(f"“{text}” is no number of days from 1d to 9999d. Write 365d for a year.")
    return timedelta(days=int(found[1]))


def _moment(text: str) -> datetime:
    """A moment that has passed, with its time zone."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ArgumentTypeError(f"“{text}” is no time with its zone. Write 2026-01-31T00:00:00Z.")
    if moment > timezone.now():
        raise ArgumentTypeError(f"{text} has not come yet. Name a time that has passed.")
    return moment.astimezone(UTC)
