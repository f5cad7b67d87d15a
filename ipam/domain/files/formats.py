"""Files of tables: CSV, JSON, YAML and XLSX, read with limits and written row by row.

The formats are the standard library's, PyYAML's and openpyxl's. A hostile file is refused before it is unpacked, and
no field is read further than its limit.
"""

import csv
import io
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO

import yaml

from ipam.addressing import shorten
from ipam.domain.files import cells as table_cells
from ipam.domain.files import documents, spreadsheets
from ipam.domain.files.documents import JsonReader, ParseError

FORMATS = {
    "csv": "text/csv",
    "json": "application/json",
    "yaml": "application/yaml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LONGEST_LINE = 1_000_000  # characters, also of a field of CSV, which may have several lines
_MAX_COLUMNS = 100
_MAX_LINES = 10_000  # of one row
_MAX_READ_AGAIN = 1_000_000  # lines behind quotes that nobody closes
# What spreadsheets run (OWASP, CSV injection), where a cell begins: at its start, and behind what other readers take
# for a separator. Quotes and apostrophes belong to it, for what was disarmed may be disarmed again.
_RUN = r"[\"']*[=+\-@＝＋－＠]"
_ALARMING = re.compile(rf"^(?=[\"']*[\t\r]|{_RUN})|(?<=[;\t\r\n])(?={_RUN})")
_DISARMED = re.compile(rf"^'(?=[\"']*[\t\r]|{_RUN})|(?<=[;\t\r\n])'(?={_RUN})")
_SEPARATOR = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)
csv.field_size_limit(LONGEST_LINE)  # the labels of one object may be longer than its default, 131,072
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Row = dict[str, Any]


@dataclass(frozen=True)
class Faulty:
    """A row that is not like its table: why, and what can be made out of it. The rows around it may be good."""

    detail: str
    cells: Row = field(default_factory=dict)


def escape_formula(text: str) -> str:
    """Text in which no spreadsheet finds a formula: an apostrophe goes in front of each."""
    return _ALARMING.sub("'", text)


def unescape_formula(text: str) -> str:
    """What `escape_formula` was given."""
    return _DISARMED.sub("", text)


def ending(name: str) -> str:
    """The format that the end of a file's name says, empty if it says none."""
    found = name.rpartition(".")[2].lower()
    found = {"yml": "yaml"}.get(found, found)
    return found if found in FORMATS else ""


def guess(name: str) -> str:
    """The format that the end of a file's name says; ParseError if it says none."""
    found = ending(name)
    if not found:
        raise ParseError(f"“{shorten(name)}” ends with none of {', '.join(f'.{one}' for one in FORMATS)}.")
    return found


def read(file: BinaryIO, format: str) -> Iterator[tuple[int, Row]]:
    """The rows of a table as in `read_each`; the first faulty one is raised as ParseError."""
    for place, row in read_each(file, format):
        if isinstance(row, Faulty):
            raise ParseError(row.detail)
        yield place, row


def read_each(file: BinaryIO, format: str) -> Iterator[tuple[int, Row | Faulty]]:
    """The rows of a table with their places: the row as a spreadsheet shows it, or the number of an entry from 1.

    ParseError for what is no such file, or is larger than any honest one.
    """
    file.seek(0)
    if format == "xlsx":
        return _read_xlsx(file)
    text = documents.as_text(file, newline="" if format == "csv" else None)
    if format == "csv":
        return _read_csv(text, file)
    entries = _json_entries(text) if format == "json" else _yaml_entries(text)
    return ((place, _checked(entry, place)) for place, entry in enumerate(entries, start=1))


def write(columns: Sequence[str], rows: Iterable[Row], format: str, out: IO[bytes]) -> None:
    """Write rows to a file. Invalid when a cell is longer than the format can hold."""
    if format == "xlsx":
        spreadsheets.write(columns, rows, out)
        return
    for line in lines(columns, rows, format):
        out.write(line.encode())


def lines(columns: Sequence[str], rows: Iterable[Row], format: str) -> Iterator[str]:
    """A file of text, row by row, so that its size does not matter."""
    return {"csv": _csv_lines, "json": _json_lines, "yaml": _yaml_lines}[format](columns, rows)


# --- CSV ------------------------------------------------------------------------------------------
def _read_csv(text: io.TextIOWrapper, file: BinaryIO) -> Iterator[tuple[int, Row | Faulty]]:
    """Rows by their places in a spreadsheet, where a row may be several lines; empty rows and cells behind are none."""
    lines = _Lines(text, file)
    first = next(lines, "")
    if said := _SEPARATOR.fullmatch(first):  # for spreadsheets, which do not show it
        separator, first = said[1], next(lines, "")
    else:
        separator = next((one for one in ",;\t" if one in first), ",")
    lines.unread([first] if first else [])
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        header = _header(next(reader, []))
    except csv.Error as error:
        raise ParseError(f"Line {lines.number} is no CSV: {error}.") from None
    for place, cells in enumerate(_records(reader, lines), start=2):
        if isinstance(cells, Faulty):
            yield place, cells
            continue
        while len(cells) > len(header) and not cells[-1]:
            cells.pop()
        if not any(cells):
            continue
        if not header:
            raise ParseError("The first line is empty. It has to name the columns.")
        row = {name: unescape_formula(cell) for name, cell in zip(header, cells, strict=False)}
        if len(cells) == len(header):
            yield place, row
        else:
            detail = f"Line {lines.number} has {len(cells)} cells, the first line names {len(header)} columns."
            yield place, Faulty(detail, row)


def _records(reader: Iterator[list[str]], lines: "_Lines") -> Iterator[list[str] | Faulty]:
    """The cells of each row. A row whose quotes are wrong is told by its first line, and the lines behind it are rows.

    A quote that nobody closes makes one cell of all that follows; so what was read with it is read again.
    """
    left = _MAX_READ_AGAIN
    while True:
        lines.taken.clear()
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            again = lines.taken[1:]
            lines.unread(again)
            left -= len(again)
            if left < 0:
                raise ParseError(f"Too many quotes are never closed. Look at line {lines.number}.") from None
            yield Faulty(f"Line {lines.number} is no CSV: {error}.")


def _header(cells: Iterable[str]) -> list[str]:
    """The names of the columns; a spreadsheet may have empty cells behind them."""
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) > _MAX_COLUMNS or len(set(header)) < len(header) or "" in header:
        raise ParseError(f"The first line names each column once, and at most {_MAX_COLUMNS} of them.")
    return header


class _Lines(Iterator[str]):
    """Lines of a text, none read further than `LONGEST_LINE`."""

    def __init__(self, text: io.TextIOWrapper, file: BinaryIO) -> None:
        self._text, self._file = text, file
        self.number = 0  # of the last one
        self.taken: list[str] = []  # since somebody cleared it
        self._unread: deque[str] = deque()

    def unread(self, lines: Sequence[str]) -> None:
        """These, the last ones, are to be read again."""
        self._unread.extendleft(reversed(lines))
        self.number -= len(lines)

    def __next__(self) -> str:
        line = self._unread.popleft() if self._unread else self._read()
        self.number += 1
        self.taken.append(line)
        if len(self.taken) > _MAX_LINES:
            raise csv.Error(f"a quote is not closed in {_MAX_LINES:,} lines")
        return line

    def _read(self) -> str:
        try:
            line = self._text.readline(LONGEST_LINE + 1)
        except UnicodeDecodeError as error:
            where = f"Line {documents.line_of_another_encoding(self._file)}"
            raise documents.encoding_error(error, where) from None
        if not line:
            raise StopIteration
        if len(line) > LONGEST_LINE:
            raise ParseError(f"Line {self.number + 1} has more than {LONGEST_LINE:,} characters.")
        return line


class _Line:
    """A file for csv.writer that hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([escape_formula(table_cells.flat(row[name])) for name in columns])


# --- JSON and YAML --------------------------------------------------------------------------------
def _json_entries(text: io.TextIOWrapper) -> Iterator[Any]:
    reader = JsonReader(text)
    yield from reader.elements()
    reader.end()


def _yaml_entries(text: io.TextIOWrapper) -> Iterator[Any]:
    """Entries of a list, or documents of their own."""
    for document in documents.load_yaml(text):
        if isinstance(document, list):
            yield from document
        elif document is not None:
            yield document


def _checked(entry: object, place: int) -> Row | Faulty:
    if not isinstance(entry, dict) or len(entry) > _MAX_COLUMNS:
        return Faulty(f"Entry {place} is no object of at most {_MAX_COLUMNS} columns.")
    return {str(name): cell for name, cell in entry.items()}


def _json_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    separator = "[\n"
    for row in rows:
        yield separator + json.dumps(row, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _yaml_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    is_empty = True
    for row in rows:
        is_empty = False
        yield yaml.dump([row], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    if is_empty:
        yield "[]\n"


# --- XLSX -----------------------------------------------------------------------------------------
def _read_xlsx(file: BinaryIO) -> Iterator[tuple[int, Row | Faulty]]:
    rows = spreadsheets.rows(file, _MAX_COLUMNS)
    _, first = next(rows, (1, []))
    header = _header("" if cell is None else str(cell) for cell in first)
    for place, cells in rows:
        if not header:
            raise ParseError("The first row is empty. It has to name the columns.")
        row = dict.fromkeys(header) | dict(zip(header, cells, strict=False))
        if any(map(spreadsheets.says_something, cells[len(header) :])):
            detail = f"Row {place} has cells beyond the {len(header)} columns that the first row names."
            yield place, Faulty(detail, row)
        else:
            yield place, row
