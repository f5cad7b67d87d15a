"""Files of tables: CSV, JSON, YAML and XLSX, read with limits and written row by row.

The formats are the standard library's, PyYAML's and openpyxl's. A hostile file is refused before it is unpacked, and
no field is read further than its limit.
"""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, BinaryIO

import yaml

from ipam.addressing import shorten
from ipam.domain.core import yaml_words
from ipam.domain.files import csv_rows, documents, raw_rows, spreadsheets
from ipam.domain.files.documents import JsonReader, ParseError
from ipam.domain.files.raw_rows import MAX_COLUMNS, Faulty, Row

FORMATS = {
    "csv": "text/csv",
    "json": "application/json",
    "yaml": "application/yaml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


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
        return csv_rows.read(text, file)
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
    return {"csv": csv_rows.lines, "json": _json_lines, "yaml": _yaml_lines}[format](columns, rows)


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
    if not isinstance(entry, dict) or len(entry) > MAX_COLUMNS:
        return Faulty(f"Entry {place} is no object of at most {MAX_COLUMNS} columns.")
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
        yield yaml.dump([row], Dumper=yaml_words.Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
    if is_empty:
        yield "[]\n"


# --- XLSX -----------------------------------------------------------------------------------------
def _read_xlsx(file: BinaryIO) -> Iterator[tuple[int, Row | Faulty]]:
    rows = spreadsheets.rows(file, MAX_COLUMNS)
    _, first = next(rows, (1, []))
    header = raw_rows.header("" if cell is None else str(cell) for cell in first)
    for place, cells in rows:
        if not header:
            raise ParseError("The first row is empty. It has to name the columns.")
        row = dict.fromkeys(header) | dict(zip(header, cells, strict=False))
        if any(map(spreadsheets.says_something, cells[len(header) :])):
            detail = f"Row {place} has cells beyond the {len(header)} columns that the first row names."
            yield place, Faulty(detail, row)
        else:
            yield place, row
