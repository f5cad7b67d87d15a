"""Files of tables: CSV, JSON, YAML and XLSX, read with limits and written row by row.

The formats are the standard library's, PyYAML's and openpyxl's. A hostile file is refused before it is unpacked, and
no field is read further than its limit.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any, BinaryIO

import yaml
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from ipam import errors
from ipam.addressing import shorten
from ipam.domain import documents, table_cells
from ipam.domain.documents import JsonReader, Unreadable

FORMATS = {
    "csv": "text/csv",
    "json": "application/json",
    "yaml": "application/yaml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LONGEST_LINE = 1_000_000  # characters, also of a field of CSV, which may have several lines
LONGEST_CELL = 32_767  # characters of a spreadsheet's cell
_MOST_COLUMNS = 100
_MOST_UNPACKED = 200_000_000  # bytes of a spreadsheet
_HIGHEST_RATIO = 200  # a sheet of equal rows packs to 1 : 50
_MOST_PARTS = 500
_MOST_EMPTY_ROWS = 10_000  # in succession; a sheet may claim that its next row is the billionth
_ALARMING = re.compile(r"'*[=+\-@\t\r]")  # what spreadsheets run, and what was disarmed
_SEPARATOR = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)
_HIDDEN = re.compile(r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
csv.field_size_limit(LONGEST_LINE)  # the labels of one object may be longer than its default, 131,072
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

Row = dict[str, Any]


def disarm(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe goes in front of it (OWASP, CSV injection)."""
    return f"'{text}" if _ALARMING.match(text) else text


def rearm(text: str) -> str:
    """What `disarm` was given."""
    return text[1:] if text[:1] == "'" and _ALARMING.match(text) else text


def ending(name: str) -> str:
    """The format that the end of a file's name says, empty if it says none."""
    found = name.rpartition(".")[2].lower()
    found = {"yml": "yaml"}.get(found, found)
    return found if found in FORMATS else ""


def guess(name: str) -> str:
    """The format that the end of a file's name says; Unreadable if it says none."""
    found = ending(name)
    if not found:
        raise Unreadable(f"“{shorten(name)}” ends with none of {', '.join(f'.{one}' for one in FORMATS)}.")
    return found


def read(file: BinaryIO, format: str) -> Iterator[tuple[int, Row]]:
    """The rows of a table with their places: the row as a spreadsheet shows it, or the number of an entry from 1.

    Unreadable for what is no such file, or is larger than any honest one.
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
        _write_xlsx(columns, rows, out)
        return
    for line in lines(columns, rows, format):
        out.write(line.encode())


def lines(columns: Sequence[str], rows: Iterable[Row], format: str) -> Iterator[str]:
    """A file of text, row by row, so that its size does not matter."""
    return {"csv": _csv_lines, "json": _json_lines, "yaml": _yaml_lines}[format](columns, rows)


# --- CSV ------------------------------------------------------------------------------------------
def _read_csv(text: io.TextIOWrapper, file: BinaryIO) -> Iterator[tuple[int, Row]]:
    """Rows by their places in a spreadsheet, where a row may be several lines; empty rows and cells behind are none."""
    lines = _Lines(text, file)
    first = next(lines, "")
    if said := _SEPARATOR.fullmatch(first):  # for spreadsheets, which do not show it
        separator, first = said[1], next(lines, "")
    else:
        separator = next((one for one in ",;\t" if one in first), ",")
    reader = csv.reader(chain([first], lines), delimiter=separator, strict=True)
    try:
        header = _header(next(reader, []))
        for place, cells in enumerate(reader, start=2):
            while len(cells) > len(header) and not cells[-1]:
                cells.pop()
            if not any(cells):
                continue
            if not header:
                raise Unreadable("The first line is empty. It has to name the columns.")
            if len(cells) != len(header):
                raise Unreadable(
                    f"Line {lines.number} has {len(cells)} cells, the first line names {len(header)} columns."
                )
            yield place, {name: rearm(cell) for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        raise Unreadable(f"Line {lines.number} is no CSV: {error}.") from None


def _header(cells: Iterable[str]) -> list[str]:
    """The names of the columns; a spreadsheet may have empty cells behind them."""
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) > _MOST_COLUMNS or len(set(header)) < len(header) or "" in header:
        raise Unreadable(f"The first line names each column once, and at most {_MOST_COLUMNS} of them.")
    return header


class _Lines(Iterator[str]):
    """Lines of a text, none read further than `LONGEST_LINE`."""

    def __init__(self, text: io.TextIOWrapper, file: BinaryIO) -> None:
        self._text, self._file = text, file
        self.number = 0  # of the last one

    def __next__(self) -> str:
        try:
            line = self._text.readline(LONGEST_LINE + 1)
        except UnicodeDecodeError as error:
            where = f"Line {documents.line_of_another_encoding(self._file)}"
            raise documents.encoding_error(error, where) from None
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > LONGEST_LINE:
            raise Unreadable(f"Line {self.number} has more than {LONGEST_LINE:,} characters.")
        return line


class _Line:
    """A file for csv.writer that hands each line straight on."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([disarm(table_cells.flat(row[name])) for name in columns])


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


def _checked(entry: Any, place: int) -> Row:
    if not isinstance(entry, dict) or len(entry) > _MOST_COLUMNS:
        raise Unreadable(f"Entry {place} is no object of at most {_MOST_COLUMNS} columns.")
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
def _read_xlsx(file: BinaryIO) -> Iterator[tuple[int, Row]]:
    _check_archive(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says about its size is not to be believed
        # Without a limit a cell in column ZZZZZZ would make a row of millions.
        rows = sheet.iter_rows(values_only=True, max_col=_MOST_COLUMNS + 1)
        header = _header("" if cell is None else str(cell) for cell in _cells(next(rows, ())))
        filled = 1
        for place, row in enumerate(rows, start=2):
            cells = _cells(row)
            if place - filled > _MOST_EMPTY_ROWS:
                raise Unreadable(f"More than {_MOST_EMPTY_ROWS:,} rows follow each other that are empty. Delete them.")
            if not any(map(_says_something, cells)):
                continue
            if not header:
                raise Unreadable("The first row is empty. It has to name the columns.")
            if any(map(_says_something, cells[len(header) :])):
                raise Unreadable(f"Row {place} has cells beyond the {len(header)} columns that the first row names.")
            padded = [*cells, *[None] * len(header)]
            filled = place
            yield place, dict(zip(header, map(_unhide, padded), strict=False))
    except Unreadable:
        raise
    except Exception as error:  # openpyxl and its XML parser raise whatever they please
        raise Unreadable(f"This spreadsheet cannot be read: {shorten(error, 200)}.") from None


def _check_archive(file: BinaryIO) -> None:
    """Refuse what unpacks to gigabytes, before unpacking it."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if len(parts) > _MOST_PARTS or unpacked > _MOST_UNPACKED or unpacked / packed > _HIGHEST_RATIO:
                raise Unreadable(f"This spreadsheet unpacks to {unpacked:,} bytes. Send its rows as CSV.")
            for part in parts:
                with archive.open(part) as content:
                    if b"<!DOCTYPE" in content.read(4096):
                        raise Unreadable("This spreadsheet defines XML entities, which no honest one does.")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Unreadable("This is no XLSX file. Save it as “Excel Workbook (.xlsx)”, or as CSV.") from None
    file.seek(0)


def _says_something(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())


def _cells(row: Iterable[Any]) -> list[Any]:
    cells = list(islice(row, _MOST_COLUMNS + 1))
    if len(cells) > _MOST_COLUMNS and any(cell is not None for cell in cells[_MOST_COLUMNS:]):
        raise Unreadable(f"A table has at most {_MOST_COLUMNS} columns.")
    return cells


def _write_xlsx(columns: Sequence[str], rows: Iterable[Row], out: IO[bytes]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Twofold")
    sheet.append(list(columns))
    try:
        for row in rows:
            sheet.append([_text_cell(sheet, row[name]) for name in columns])
    except errors.Invalid:
        sheet.close()
        raise
    book.save(out)


def _text_cell(sheet: Any, value: Any) -> Any:
    """Text that stays text, whatever it begins with; XML cannot hold control characters, so they are written out."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not (found := table_cells.flat(value)):
        return None
    shown = _HIDDEN.sub(lambda match: "".join(f"_x{ord(one):04X}_" for one in match[0]), found)
    if len(shown) > LONGEST_CELL:  # openpyxl would cut it off
        raise errors.Invalid(
            f"“{shorten(found, 20)}” has {len(shown):,} characters, a cell of a spreadsheet holds {LONGEST_CELL:,}. "
            "Export CSV instead."
        )
    cell = WriteOnlyCell(sheet, shown)
    cell.data_type = "s"
    return cell


def _unhide(cell: Any) -> Any:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), cell) if isinstance(cell, str) else cell
