"""CSV: rows read within limits, however a spreadsheet wrote them, and written so that it runs no cell as a formula."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from ipam.domain.files import cells as table_cells
from ipam.domain.files import documents, raw_rows
from ipam.domain.files.documents import ParseError
from ipam.domain.files.raw_rows import Faulty, Row

LONGEST_LINE = 1_000_000  # characters, also of a field, which may have several lines
_MAX_LINES = 10_000  # of one row
_MAX_READ_AGAIN = 1_000_000  # lines behind quotes that nobody closes
# What spreadsheets run (OWASP, CSV injection), where a cell begins: at its start, and behind what other readers take
# for a separator. Quotes and apostrophes belong to it, for what was disarmed may be disarmed again.
_RUN = r"[\"']*[=+\-@＝＋－＠]"
_ALARMING = re.compile(rf"^(?=[\"']*[\t\r]|{_RUN})|(?<=[;\t\r\n])(?={_RUN})")
_DISARMED = re.compile(rf"^'(?=[\"']*[\t\r]|{_RUN})|(?<=[;\t\r\n])'(?={_RUN})")
_SEPARATOR = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)
csv.field_size_limit(LONGEST_LINE)  # the labels of one object may be longer than its default, 131,072


def escape_formula(text: str) -> str:
    """Text in which no spreadsheet finds a formula: an apostrophe goes in front of each."""
    return _ALARMING.sub("'", text)


def unescape_formula(text: str) -> str:
    """What `escape_formula` was given."""
    return _DISARMED.sub("", text)


def read(text: io.TextIOWrapper, file: BinaryIO) -> Iterator[tuple[int, Row | Faulty]]:
    """Rows by their places in a spreadsheet, where a row may be several lines; empty rows and cells behind are none.

    ParseError for what is no CSV, and for lines beyond the limits.
    """
    lines = _Lines(text, file)
    reader = csv.reader(lines, delimiter=_separator(lines), strict=True)
    try:
        header = raw_rows.header(next(reader, []))
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


def _separator(lines: "_Lines") -> str:
    """What the file says, or else the first line has; the next line is the one that names the columns."""
    first = next(lines, "")
    if said := _SEPARATOR.fullmatch(first):  # for spreadsheets, which do not show it
        return said[1]
    lines.unread([first] if first else [])
    return next((one for one in ",;\t" if one in first), ",")


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


def lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """A file of CSV, line by line; no cell is a formula."""
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([escape_formula(table_cells.flat(row[name])) for name in columns])
