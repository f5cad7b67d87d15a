from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from django.core.management.base import CommandError
from tqdm import tqdm

from ipam import errors
from ipam.domain.core.operations import rehearsal
from ipam.domain.files import documents
from ipam.domain.moving.metal_stack import drift, importing, pairs, reading
from ipam.domain.moving.metal_stack.importing import CREATED, JOINED, UNCHANGED, Outcome, Result
from ipam.management.base import SystemCommand

_MOST_LINES = 100  # of outcomes; what is wrong is told in full


class Command(SystemCommand):
    help = (
        "Bring in what metal-stack knows: documents, or what `metalctl network list -o yaml`, `metalctl network ip "
        "list -o yaml` and `metalctl machine list -o yaml` print; all of it or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="YAML, or - for standard input; read as one")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and keep nothing")
        parser.add_argument("--skip-refused", action="store_true", help="bring in what is not refused")
        parser.add_argument(
            "--pair", action="store_true", help="let a machine's IPv4 and IPv6 address in a network be one allocation"
        )

    def handle(self, *, files: list[str], dry_run: bool, skip_refused: bool, pair: bool, **options: Any) -> None:
        try:
            document = reading.parse_all(map(documents.opened, files))
        except errors.IpamError as error:
            raise _failure(error) from None
        if pair:
            pairs.pair(document)
        self._print_lines(drift.find(document))
        total = importing.count(document)
        with rehearsal() if dry_run else nullcontext(), tqdm(total=total, disable=None) as bar:
            try:
                if skip_refused:
                    result = importing.bring_in_what_fits(document, bar.update)
                else:
                    result = Result(importing.bring_in(document, bar.update), [])
            except errors.IpamError as error:
                raise _failure(error) from None
        self._print_lines(f"Refused: {error.detail}" for error in result.refused)
        self._print(result.outcomes)
        if dry_run:
            self.stdout.write("This was a rehearsal: nothing was kept.")

    def _print_lines(self, lines: Any) -> None:
        for line in lines:
            self.stdout.write(line)

    def _print(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes[:_MOST_LINES]:
            self.stdout.write(f"{outcome.state:<9}  {outcome.kind:<9}  {outcome.id}")
        if len(outcomes) > _MOST_LINES:
            for (state, kind), count in sorted(Counter((one.state, one.kind) for one in outcomes).items()):
                self.stdout.write(f"{state:<9}  {kind:<9}  {count:,} in all")
        counts = Counter(outcome.state for outcome in outcomes)
        told = [CREATED, UNCHANGED, *([JOINED] if counts[JOINED] else [])]
        self.stdout.write(", ".join(f"{counts[state]:,} {state}" for state in told) + ".")


def _failure(error: errors.IpamError) -> CommandError:
    return CommandError("\n".join([*(one.detail for one in error.errors), "Nothing was imported."]))
