"""What is stored, as files: a table of each kind in four formats, DNS records, an inventory of machines."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import QuerySet

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core.paging import batches
from ipam.domain.files import ansible_inventory, dns_zones, kinds
from ipam.domain.files import formats as table_formats
from ipam.domain.files.cells import plain
from ipam.domain.files.columns import Kind
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.raw_rows import Row
from ipam.domain.networks import dns_names

_PIECE = 65_536  # bytes


@dataclass(frozen=True)
class Export:
    """Something to export: the objects that it is made of, and its formats, the first by default."""

    filtered_as: str  # the kind whose filters narrow it
    objects: Callable[[], QuerySet[Any]]
    formats: dict[str, str]  # the ending of a file's name → media type


EXPORTS = {kind.name: Export(kind.name, kind.rows, table_formats.FORMATS) for kind in KINDS.values()} | {
    "zones": Export("addresses", kinds.ADDRESSES.rows, {"zone": "text/dns"}),
    "inventory": Export("machines", kinds.MACHINES.rows, {"yaml": "application/yaml"}),
}


def find(name: str, format: str = "") -> tuple[Export, str]:
    """What goes by this name, and the format, by default the first; Invalid for names that nobody knows."""
    export = EXPORTS.get(name)
    if export is None:
        raise errors.Invalid(f"There is no export of “{shorten(name)}”; there are {', '.join(EXPORTS)}.", field="kind")
    chosen = format or next(iter(export.formats))
    if chosen not in export.formats:
        raise errors.Invalid(f"{name} come as {', '.join(export.formats)}, not as “{shorten(format)}”.", field="format")
    return export, chosen


def pieces(name: str, format: str, objects: QuerySet[Any], domain: str = dns_names.DEFAULT_DOMAIN) -> Iterator[bytes]:
    """A file of these objects, piece by piece: memory stays flat. `domain` is where the names of zones end."""
    if name == "zones":
        return (line.encode() for line in dns_zones.lines(objects, domain))
    if name == "inventory":
        return (line.encode() for line in ansible_inventory.lines(objects))
    kind = KINDS[name]
    if format == "xlsx":
        return _spreadsheet(kind, objects)
    return (line.encode() for line in table_formats.lines(kind.names, rows(kind, objects), format))


def rows(kind: Kind, objects: QuerySet[Any]) -> Iterator[Row]:
    """Objects as rows of plain values."""
    for one in batches(objects, *kind.order):
        yield {column.name: plain(column.of(one)) for column in kind.columns}


def _spreadsheet(kind: Kind, objects: QuerySet[Any]) -> Iterator[bytes]:
    """Made as a whole before its first piece goes out: until then it can be refused."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # it goes with its last piece
    table_formats.write(kind.names, rows(kind, objects), "xlsx", file)
    file.seek(0)
    return iter(partial(file.read, _PIECE), b"")
