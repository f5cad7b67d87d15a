"""What the commands that move in from elsewhere share: say what fits and what does not, keep it or not."""

import sys
from argparse import ArgumentParser
from contextlib import nullcontext

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from ipam import errors
from ipam.domain.core import operations
from ipam.domain.files import importing
from ipam.domain.files.importing import Source
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED
from ipam.domain.files.summaries import Summary

# Networks of an earlier import get more prefixes, and addresses that came before their machines join them.
_WORDS = {(CHANGED, "network"): "extended", (CHANGED, "address"): "joined"}


def add_arguments(parser: ArgumentParser) -> None:
    """The options that all of them have."""
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, and keep nothing")
    parser.add_argument("--skip-refused", action="store_true", help="bring in what fits")


def bring_in(source: Source, *, dry_run: bool, skip_refused: bool, total: int | None = None) -> Summary:
    """Run an import of `total` rows, if that is known; everything that is wrong is told.

    CommandError, and nothing is kept, when something does not fit and is not to be skipped.
    """
    try:
        with operations.dry_run() if dry_run else nullcontext(), tqdm(total=total, unit=" rows", disable=None) as bar:
            return importing.apply(source, skip_refused=skip_refused, on_progress=bar.update, max_refusals=sys.maxsize)
    except errors.IpamError as error:
        raise failure(error) from None


def report(command: BaseCommand, source: Source, *, dry_run: bool, skip_refused: bool) -> None:
    """Run an import and print what became of it; a dry run tells what is wrong and the rest too."""
    summary = bring_in(source, dry_run=dry_run, skip_refused=skip_refused or dry_run)
    for one in summary.refusals():
        command.stdout.write(f"Left out: {one.detail}")
    for text in summary.not_kept:
        command.stdout.write(f"Not kept: {text}")
    for kind, state, count in sorted((kind, word(state, kind), n) for (kind, state), n in summary.of_kinds.items()):
        if state != REFUSED:
            command.stdout.write(f"{state:<9}  {kind:<9}  {count:,}")
    if dry_run:
        command.stdout.write("This was a dry run: nothing was kept.")


def failure(error: errors.IpamError) -> CommandError:
    """Why nothing was imported."""
    return CommandError("\n".join([*(one.detail for one in error.errors), "Nothing was imported."]))


def word(state: str, kind: str) -> str:
    """What became of an object, in the words of whoever moves in."""
    return "created" if state == NEW else _WORDS.get((state, kind), state)
