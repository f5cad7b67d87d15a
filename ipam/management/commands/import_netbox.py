from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from ipam import errors
from ipam.domain.files import formats
from ipam.domain.moving.netbox import reading
from ipam.domain.moving.netbox.files import Source
from ipam.management import foreign
from ipam.management.base import SystemCommand


class Command(SystemCommand):
    help = "Bring in prefixes, ip-addresses and vrfs of NetBox, from its API (JSON) or its export (CSV)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", help=".json or .csv; rows are told by their fields")
        parser.add_argument("--mapping", required=True, help="a YAML file: partition, project, tenants, vrfs")
        foreign.add_arguments(parser)

    def handle(self, *, files: list[str], mapping: str, dry_run: bool, skip_refused: bool, **options: Any) -> None:
        try:
            with ExitStack() as stack:
                places = reading.read_places(stack.enter_context(Path(mapping).open(encoding="utf-8")))
                sources = [
                    Source(Path(file).name, stack.enter_context(Path(file).open("rb")), formats.guess(file))
                    for file in files
                ]
                found = reading.read(sources, places)
        except errors.IpamError as error:
            raise foreign.failure(error) from None
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error}") from None
        foreign.report(self, found, dry_run=dry_run, skip_refused=skip_refused)
