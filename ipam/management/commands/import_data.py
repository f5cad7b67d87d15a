import io
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import CommandError
from tqdm import tqdm

from ipam import errors
from ipam.domain.files import backup, documents, formats, importing
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.outcomes import CHANGED, NEW, REFUSED, UNCHANGED, Outcome
from ipam.domain.files.summaries import Summary
from ipam.domain.files.tables import Table
from ipam.management.base import SystemCommand

_MAX_LINES = 200


class Command(SystemCommand):
    help = (
        "Restore an empty installation from a document of export_data; or, with --kind, bring in a table: "
        "first say what would become of each row, with --apply do it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a backup document; with --kind a .csv, .json, .yaml or .xlsx file")
        parser.add_argument("--kind", choices=list(KINDS), help="what the rows of the table are")
        parser.add_argument("--format", choices=list(formats.FORMATS), help="if the file's name does not say it")
        parser.add_argument("--apply", action="store_true", help="keep it; a restore is always kept")
        parser.add_argument("--skip-refused", action="store_true", help="keep the rows that are not refused")

    def handle(self, *, file: str, kind: str, **options: Any) -> None:
        if not kind and formats.ending(file) not in ("", "json"):
            raise CommandError(f"{file} is a table: say with --kind what its rows are.")
        try:
            with _open(file) as opened, tqdm(unit=" rows", disable=None) as bar:
                if not kind:
                    backup.restore(documents.as_text(opened), bar.update)
                    self.stdout.write("Restored.")
                    return
                format = options["format"] or formats.guess(file)
                self._bring_in(Table(KINDS[kind], opened, format), bar, **options)
        except errors.IpamError as error:
            details = [*(one.detail for one in error.errors)][:_MAX_LINES]
            raise CommandError("\n".join([*details, "Nothing was imported."])) from None

    def _bring_in(self, table: Table, bar: Any, *, apply: bool, skip_refused: bool, **options: Any) -> None:
        if not apply:
            self._print(importing.preview(table, bar.update))
            self.stdout.write("This was a preview: nothing was kept. Add --apply to keep it.")
            return
        self._print(importing.apply(table, skip_refused=skip_refused, on_progress=bar.update))

    def _print(self, summary: Summary) -> None:
        for outcome in summary.shown(_MAX_LINES):
            if outcome.state != UNCHANGED:
                self.stdout.write(_line(outcome))
        for text in summary.not_kept:
            self.stdout.write(f"Not kept: {text}")
        counts = summary.counts
        self.stdout.write(
            f"{counts[NEW]:,} new, {counts[CHANGED]:,} changed, {counts[UNCHANGED]:,} unchanged, "
            f"{counts[REFUSED]:,} refused."
        )


def _line(outcome: Outcome) -> str:
    changes = [f"{name}: {before} → {after}" for name, (before, after) in outcome.changes.items()]
    reasons = [f"{error.code}: {error.detail}" for error in outcome.reasons]
    return f"{outcome.state:<9}  {outcome.place:>6}  {outcome.key}  {' · '.join([*changes, *reasons])}".rstrip()


def _open(file: str) -> BinaryIO:
    try:
        return io.BytesIO(sys.stdin.buffer.read()) if file == "-" else Path(file).open("rb")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error}") from None
