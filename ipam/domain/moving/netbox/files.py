"""Files of NetBox: lists and pages of its API and dumps as JSON, the tables of its pages and its bulk forms as CSV."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.files import documents, formats
from ipam.domain.files.cells import Shown
from ipam.domain.files.documents import JsonReader, ParseError
from ipam.domain.files.outcomes import ParsedRow
from ipam.domain.moving.foreign_entries import fault
from ipam.domain.moving.netbox import dumps

Row = Mapping[str, Any]
PREFIXES, ADDRESSES, RANGES, VRFS = "prefixes", "ip-addresses", "ip-ranges", "vrfs"
# What a page calls a field of the API.
_HEADINGS = {
    "ip_address": "address",
    "aggregate": "prefix",
    "pool": "is_pool",
    "marked_utilized": "mark_utilized",
    "nat_(inside)": "nat_inside",
    "nat_(outside)": "nat_outside",
    "parent": "device",
}


@dataclass(frozen=True)
class Source:
    """A file, by the name that people know it by; its format is `json`, or one of those of tables."""

    name: str
    file: BinaryIO
    format: str


class Entry(NamedTuple):
    """A row with its place: the file, and in it the line of CSV or the number in the list."""

    place: str
    row: Row


@dataclass
class Lists:
    """The rows of all files, by what they are, what is wrong with the files as a whole, and what has no place here."""

    prefixes: list[Entry] = field(default_factory=list)
    addresses: list[Entry] = field(default_factory=list)
    ranges: list[Entry] = field(default_factory=list)
    vrfs: list[Entry] = field(default_factory=list)
    broken: list[ParsedRow] = field(default_factory=list)
    not_kept: Counter[str] = field(default_factory=Counter)

    @property
    def by_kind(self) -> dict[str, list[Entry]]:
        """The same lists, by what their rows are."""
        return {PREFIXES: self.prefixes, ADDRESSES: self.addresses, RANGES: self.ranges, VRFS: self.vrfs}


def read(sources: Iterable[Source]) -> Lists:
    """Read all files. A row is told by its fields, so each file may hold any list, or a page of one.

    ParseError, with the name of the file, for what is no list of rows.
    """
    lists, names = Lists(), dumps.Names()
    paged: Counter[tuple[str, int]] = Counter()  # what pages hold, and the length that they say it has → rows
    for source in sources:
        page = _Page(source)
        try:
            kind = _read_page(page, lists, names)
        except ParseError as error:
            raise ParseError(f"{source.name}: {error.detail}") from None
        if page.count is not None:
            paged[kind, page.count] += page.length
    lists.not_kept = names.not_kept
    for entries in lists.by_kind.values():
        entries[:] = [
            entry._replace(row=names.resolve(entry.row)) if dumps.is_row(entry.row) else entry for entry in entries
        ]
    lists.broken += _missing_pages(paged)
    return lists


def _read_page(page: "_Page", lists: Lists, names: dumps.Names) -> str:
    """Add the rows of a file to the lists; what its last row is, or its name if it has none."""
    held, kind = lists.by_kind, page.name
    for number, row in page.rows():
        place = f"{page.name}[{number}]"
        if is_dumped := dumps.is_row(row):
            names.learn(row)
        if (kind := _kind(row)) in held:
            held[kind].append(Entry(place, row))
        elif not is_dumped:
            lists.broken.append(fault(place, errors.Invalid("neither a prefix nor an address nor a range nor a VRF.")))
    return kind


def _missing_pages(paged: Mapping[tuple[str, int], int]) -> Iterator[ParsedRow]:
    for (kind, count), length in paged.items():
        if length < count:
            detail = f"{kind}: NetBox has {count:,}, and {length:,} of them are in these files."
            yield fault("", errors.Invalid(f"{detail} Fetch the pages that are missing, at “next”."))


def _kind(row: Row) -> str:
    if dumps.is_row(row):
        return dumps.TABLES.get(row["model"], "others")
    if "start_address" in row and "end_address" in row:
        return RANGES
    if "address" in row:
        return ADDRESSES
    if "prefix" in row:
        return PREFIXES
    is_vrf = "rd" in row or ("name" in row and "slug" not in row)  # sites, tenants and roles have slugs
    return VRFS if is_vrf else "others"


class _Page:
    """A file on its way in; then how many rows it had, and how many the API says that there are in all pages."""

    def __init__(self, source: Source) -> None:
        self._source, self.name = source, source.name
        self.length = 0
        self.count: int | None = None

    def rows(self) -> Iterator[tuple[int, Row]]:
        is_json = self._source.format == "json"
        for number, row in self._json() if is_json else _table(self._source):
            self.length += 1
            yield number, row

    def _json(self) -> Iterator[tuple[int, Row]]:
        self._source.file.seek(0)
        reader = JsonReader(documents.as_text(self._source.file))
        entries = self._results(reader) if reader.take("{") else reader.elements()
        for number, row in enumerate(entries, start=1):
            if not isinstance(row, dict):
                raise ParseError(f"entry {number} is no object.")
            yield number, row
        reader.end()

    def _results(self, reader: JsonReader) -> Iterator[Any]:
        """The `results` of a page, one at a time: a page of a thousand is longer than any entry may be."""
        is_page = False
        while True:
            key = reader.value()
            reader.expect(":")
            if key == "results":
                is_page = True
                yield from reader.elements()
            elif type(value := reader.value()) is int and key == "count":
                self.count = value
            if not reader.take(","):
                break
        reader.expect("}")
        if not is_page:
            raise ParseError("this is neither a list nor a page of the API, which has “results”.")


def _table(source: Source) -> Iterator[tuple[int, Row]]:
    """Rows by the names of the API, however a page spells them."""
    names: dict[str, str] = {}
    for number, cells in formats.read(source.file, source.format):
        for heading in cells:
            if heading not in names:
                name = _field(heading)
                if name in names.values():
                    raise ParseError(f"two columns are called “{shorten(name)}”.")
                names[heading] = name
        plain = {key: cell.value if isinstance(cell, Shown) else cell for key, cell in cells.items()}
        yield number, {names[heading]: cell for heading, cell in plain.items()}


def _field(heading: str) -> str:
    name = "_".join(heading.lower().replace("-", " ").split())
    return _HEADINGS.get(name, name)
