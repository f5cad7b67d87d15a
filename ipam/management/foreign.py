"""What the commands that move in from elsewhere share: say what fits and what does not, keep it or not."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ipam import errors
from ipam.domain.core.operations import operation, rehearsal
from ipam.domain.moving.metal_stack.importing import Result


def add_arguments(parser: ArgumentParser) -> None:
    """The options that all of them have."""
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, and keep nothing")
    parser.add_argument("--skip-refused", action="store_true", help="bring in what fits")


def bring_in(
    command: BaseCommand, run: Callable[[], Result], *, dry_run: bool, skip_refused: bool, **options: Any
) -> None:
    """Run an import and print what became of it. CommandError, and nothing is kept, when something does not fit."""

    @operation
    def all_or_nothing() -> Result:
        result = run()
        if not (skip_refused or dry_run):
            errors.raise_all(result.refused)
        return result

    try:
        with rehearsal() if dry_run else nullcontext():
            result = all_or_nothing()
    except errors.IpamError as error:
        raise CommandError("\n".join([*(one.detail for one in error.errors), "Nothing was imported."])) from None
    for one in result.refused:
        command.stdout.write(f"Left out: {one.detail}")
    for text in result.not_kept:
        command.stdout.write(f"Not kept: {text}")
    for (kind, state), count in sorted(Counter((one.kind, one.state) for one in result.outcomes).items()):
        command.stdout.write(f"{state:<9}  {kind:<9}  {count:,}")
    if dry_run:
        command.stdout.write("This was a rehearsal: nothing was kept.")
