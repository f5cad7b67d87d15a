"""XLSX: rows read within bounds that stand before the work, and written so that text stays text.

Reading is openpyxl's, which makes an object of every tag. So the tags of a file are counted first, in its unpacked
bytes, at a hundredth of the cost; how many there may be follows from what was sent.
"""

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any, BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.read_only import EMPTY_CELL

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.files import cells as table_cells
from ipam.domain.files.cells import Shown
from ipam.domain.files.documents import ParseError

LONGEST_CELL = 32_767  # characters of a spreadsheet's cell
_MAX_UNPACKED = 200_000_000  # bytes
_HIGHEST_RATIO = 200  # a sheet of equal rows packs to 1 : 50
_MAX_PARTS = 500
_MAX_EMPTY_ROWS = 10_000  # a sheet may claim that its next row is the millionth
# Tags of rows and texts cost openpyxl up to 7 µs each; honest tables have up to 1.3 of them per packed byte.
_TAGS_PER_BYTE, _TAGS_OF_SMALL_FILES = 1.5, 300_000
_MAX_OTHER_TAGS = 50_000  # of styles, merged cells, rules: up to 66 µs each
_MAX_TAGS_OF_A_ROW = 100_000
_MAX_EXACT = 10**15  # a spreadsheet keeps 15 digits
_CHUNK, _LONGEST_NAME = 65_536, 200  # bytes
_DOCTYPE = re.compile(rb"<\0?!\0?D\0?O")  # in UTF-8 or UTF-16
_ROW = re.compile(rb"<(?:\w+:)?(?:row|si)[\s/>]")
_OTHER_TAG = re.compile(rb"<(?!/?(?:\w+:)?(?:c|row|v|is|t|f|si)[\s/>])")
_HIDDEN = re.compile(r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ufffe\uffff]")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LEADING_ZEROS = re.compile(r"0+")
_AS_THEY_ARE = re.compile(r"General|@|#|0|#,##0", re.IGNORECASE)  # formats in which a whole number keeps its digits


def rows(file: BinaryIO, most_columns: int) -> Iterator[tuple[int, list[Any]]]:
    """The first row of the first sheet, then every row that is not empty, each with its number.

    A row ends with its last cell, and has up to one more than `most_columns`, so that one with too many shows.
    ParseError for what is no spreadsheet, or costs more than its size warrants.
    """
    _check_archive(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says about its size is not to be believed
        empty = 0
        # Without a limit a cell in column ZZZZZZ would make a row of millions.
        for number, row in enumerate(sheet.iter_rows(max_col=most_columns + 1), start=1):
            cells = [None if cell is EMPTY_CELL else _value(cell) for cell in row]
            while cells and cells[-1] is None:
                cells.pop()
            if number == 1 or any(map(says_something, cells)):
                yield number, cells
                continue
            empty += 1
            if empty > _MAX_EMPTY_ROWS:
                raise ParseError(f"More than {_MAX_EMPTY_ROWS:,} rows are empty. Delete them.")
    except ParseError:
        raise
    except Exception as error:  # openpyxl and its XML parser raise whatever they please
        raise ParseError(f"This spreadsheet cannot be read: {shorten(error, 200)}.") from None


def says_something(cell: object) -> bool:
    """Whether a cell is more than space."""
    return cell is not None and not (isinstance(cell, str) and not cell.strip())


def _value(cell: Any) -> Any:
    """What a cell holds, with the zeros that its format puts before a number."""
    value = cell.value
    if cell.data_type == "e":
        return Shown(value, "is the error of a formula")
    if isinstance(value, str):
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    value = int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT else value
    shape = cell.number_format
    if _AS_THEY_ARE.fullmatch(shape):
        return value
    if _LEADING_ZEROS.fullmatch(shape) and isinstance(value, int) and value >= 0:
        return str(value).zfill(len(shape))
    return Shown(value, f"is shown in the format “{shorten(shape)}” here")


def _check_archive(file: BinaryIO) -> None:
    """Refuse what unpacks to gigabytes, before unpacking it, and what would take minutes, before reading it."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if len(parts) > _MAX_PARTS or unpacked > _MAX_UNPACKED or unpacked / packed > _HIGHEST_RATIO:
                raise ParseError(f"This spreadsheet unpacks to {unpacked:,} bytes. Send its rows as CSV.")
            _check_tags(archive, most=_TAGS_OF_SMALL_FILES + int(_TAGS_PER_BYTE * packed))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, zlib.error):
        raise ParseError("This is no XLSX file. Save it as “Excel Workbook (.xlsx)”, or as CSV.") from None
    file.seek(0)


def _check_tags(archive: zipfile.ZipFile, most: int) -> None:
    tags = others = 0
    for part in archive.infolist():
        of_row = 0
        for piece in _whole_tags(archive.open(part)):
            if _DOCTYPE.search(piece):
                raise ParseError("This spreadsheet defines XML entities, which no honest one does.")
            tags += piece.count(b"<")
            others += len(_OTHER_TAG.findall(piece))
            starts = [match.start() for match in _ROW.finditer(piece)]
            of_row = piece.count(b"<", starts[-1]) if starts else of_row + piece.count(b"<")
            if tags > most or others > _MAX_OTHER_TAGS or of_row > _MAX_TAGS_OF_A_ROW:
                raise ParseError(
                    "This spreadsheet holds more cells, texts or formats than its size warrants. Send its rows as CSV."
                )


def _whole_tags(content: IO[bytes]) -> Iterator[bytes]:
    """What a part holds, in pieces that cut the name of no tag in two."""
    rest = b""
    while chunk := content.read(_CHUNK):
        piece = rest + chunk
        end = piece.rfind(b"<", -_LONGEST_NAME)
        end = end if end > 0 else len(piece)
        yield piece[:end]
        rest = piece[end:]
    yield rest


def write(columns: Sequence[str], rows: Iterable[dict[str, Any]], out: IO[bytes]) -> None:
    """Write a sheet. Invalid when a cell is longer than a spreadsheet can hold."""
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
