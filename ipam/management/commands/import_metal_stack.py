import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ipam import errors
from ipam.domain import metal_stack, metal_stack_import
from ipam.domain.metal_stack_import import CREATED, UNCHANGED, Outcome
from ipam.domain.operations import rehearsal


class Command(BaseCommand):
    help = "Bring in partitions, projects, networks and addresses from a document of metal-stack; all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a YAML document such as ipam/examples/mini-lab.yaml, or - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and keep nothing")

    def handle(self, *, file: str, dry_run: bool, **options: Any) -> None:
        document = metal_stack.parse(_read(file))
        try:
            with rehearsal() if dry_run else nullcontext():
                outcomes = metal_stack_import.bring_in(document)
        except errors.IpamError as error:
            raise CommandError("\n".join([*(one.detail for one in error.errors), "Nothing was imported."])) from None
        self._print(outcomes)
        if dry_run:
            self.stdout.write("This was a rehearsal: nothing was kept.")

    def _print(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self.stdout.write(f"{outcome.state:<9}  {outcome.kind:<9}  {outcome.id}")
        counts = {state: sum(outcome.state == state for outcome in outcomes) for state in (CREATED, UNCHANGED)}
        self.stdout.write(f"{counts[CREATED]} created, {counts[UNCHANGED]} unchanged.")


def _read(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from None
