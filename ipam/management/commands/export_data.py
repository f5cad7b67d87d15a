import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.http import QueryDict

from ipam import errors, filters
from ipam.domain.core import access
from ipam.domain.files import backup, exports, formats
from ipam.domain.networks import dns_names
from ipam.management.base import SystemCommand


class Command(SystemCommand):
    help = (
        "Write all of an installation, but its users and its history, as one document that import_data restores; "
        "or, with --kind, a table, DNS records or an inventory."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="where to write (default: standard output)")
        parser.add_argument("--kind", choices=list(exports.EXPORTS), help="just this, as a table or the like")
        parser.add_argument("--format", default="", help="csv, json, yaml or xlsx, if the file's name does not say it")
        parser.add_argument(
            "--filter", action="append", default=[], metavar="NAME=VALUE", help="as in the API's lists; repeatable"
        )
        parser.add_argument("--domain", default=dns_names.DEFAULT_DOMAIN, help="where the names of --kind zones end")

    def handle(self, *, file: str, kind: str, format: str, filter: list[str], domain: str, **options: Any) -> None:
        if not kind and (format or filter):
            raise CommandError("--format and --filter are about a table: say --kind too.")
        said = formats.ending(file)
        if not kind and said not in ("", "json"):
            name = Path(file).with_suffix(".json").name
            raise CommandError(
                f"A backup is a JSON document: call it {name}, or say with --kind what to write as a table."
            )
        try:
            _write(file, _pieces(kind, format or said, filter, domain) if kind else map(str.encode, backup.write()))
        except errors.IpamError as error:
            raise CommandError("\n".join(one.detail for one in error.errors)) from None
        except OSError as error:
            where = "Standard output" if file == "-" else file
            raise CommandError(f"{where} cannot be written: {error}") from None


def _pieces(kind: str, format: str, filter: list[str], domain: str) -> Iterator[bytes]:
    export, chosen = exports.find(kind, format)
    parameters = QueryDict(mutable=True)
    for text in filter:
        name, _, value = text.partition("=")
        parameters.appendlist(name, value)
    objects = filters.narrow(export.filtered_as, parameters, access.visible(export.objects()))
    return exports.pieces(kind, chosen, objects, domain)


def _write(file: str, pieces: Iterator[bytes]) -> None:
    if file == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return
    path = Path(file).resolve()
    if path.exists() and not path.is_file():  # a pipe or a device
        with path.open("wb") as out:
            out.writelines(pieces)
        return
    part = path.with_name(f"{path.name}.part")  # an export that breaks off must not take the place of the last one
    try:
        with part.open("wb") as out:
            out.writelines(pieces)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
