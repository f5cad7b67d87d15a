from argparse import ArgumentParser
from collections import Counter
from typing import Any

from ipam import errors
from ipam.domain.files import documents
from ipam.domain.files.outcomes import REFUSED
from ipam.domain.files.summaries import Summary
from ipam.domain.moving.metal_stack import drift, pairs, reading
from ipam.domain.moving.metal_stack.rows import Rows
from ipam.management import foreign
from ipam.management.base import SystemCommand

_MAX_LINES = 100  # of outcomes; what is wrong is told in full


class Command(SystemCommand):
    help = (
        "Bring in what metal-stack knows: documents, or what `metalctl network list -o yaml`, `metalctl network ip "
        "list -o yaml` and `metalctl machine list -o yaml` print; all of it or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help="YAML, or - for standard input; read as one")
        foreign.add_arguments(parser)
        parser.add_argument(
            "--pair", action="store_true", help="let a machine's IPv4 and IPv6 address in a network be one allocation"
        )

    def handle(self, *, files: list[str], dry_run: bool, skip_refused: bool, pair: bool, **options: Any) -> None:
        try:
            document = reading.parse_all(map(documents.opened, files))
        except errors.IpamError as error:
            raise foreign.failure(error) from None
        if pair:
            pairs.pair(document)
        for line in drift.find(document):
            self.stdout.write(line)
        rows = Rows(document)
        summary = foreign.bring_in(rows, dry_run=dry_run, skip_refused=skip_refused, total=len(document))
        for refusal in summary.refusals():
            self.stdout.write(f"Refused: {refusal.detail}")
        self._print(summary)
        if dry_run:
            self.stdout.write("This was a rehearsal: nothing was kept.")

    def _print(self, summary: Summary) -> None:
        counts = Counter({what: n for what, n in summary.of_kinds.items() if what[1] != REFUSED})
        kept = [outcome for state, held in summary.outcomes.items() if state != REFUSED for outcome in held]
        for one in sorted(kept, key=lambda one: one.place)[:_MAX_LINES]:
            self.stdout.write(f"{foreign.word(one.state, one.kind):<9}  {one.kind:<9}  {one.key}")
        words: Counter[str] = Counter(created=0, unchanged=0)
        for state, kind, count in sorted((foreign.word(state, kind), kind, n) for (kind, state), n in counts.items()):
            words[state] += count
            if counts.total() > _MAX_LINES:
                self.stdout.write(f"{state:<9}  {kind:<9}  {count:,} in all")
        self.stdout.write(", ".join(f"{count:,} {state}" for state, count in words.items()) + ".")
