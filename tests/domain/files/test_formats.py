"""Files of tables: what is written is read again to the letter, and hostile files are refused."""

import io
import re
import zipfile
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from ipam.domain.files import cells, csv_rows
from ipam.domain.files import formats as table_formats
from ipam.domain.files.documents import ParseError
from ipam.domain.files.raw_rows import Faulty

NAMES = ["id", "name", "labels"]
FORMATS = list(table_formats.FORMATS)
storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), max_size=30)


def written(rows: list[dict[str, Any]], format: str) -> bytes:
    out = io.BytesIO()
    table_formats.write(NAMES, rows, format, out)
    return out.getvalue()


def read(content: bytes, format: str) -> list[dict[str, Any]]:
    return [row for _, row in table_formats.read(io.BytesIO(content), format)]


def refusal(content: bytes, format: str) -> str:
    with pytest.raises(ParseError) as refused:
        read(content, format)
    return refused.value.detail


@pytest.mark.parametrize("format", FORMATS)
@given(texts=st.lists(storable, min_size=1, max_size=4))
@example(texts=["=1+1", "'=1+1", "''=1", "-", "@x", "\t", "+", "'quoted'", "_x0041_", "a\r\nb", "\x85\u2028", "1e5"])
def test_text_comes_back_to_the_letter(format: str, texts: list[str]) -> None:
    rows = [{"id": number, "name": text, "labels": {}} for number, text in enumerate(texts, start=1)]
    found = read(written(rows, format), format)
    assert [row["name"] or "" for row in found] == texts


@given(text=storable | st.text("'\"=+-@;,\t\r\n x", max_size=12))
def test_disarmed_text_is_rearmed(text: str) -> None:
    assert csv_rows.unescape_formula(csv_rows.escape_formula(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", '"=1', "＝1+1"])
def test_csv_holds_no_formula(text: str) -> None:
    assert csv_rows.escape_formula(text) == f"'{text}"


@given(text=st.text("'\"=+-@;\t\r\n x", max_size=12))
@example(text="x;=1+1")
@example(text="x\t@SUM(A1)\n-1")
def test_csv_holds_no_formula_for_readers_that_split_elsewhere(text: str) -> None:
    for cell in re.split("[;\t\r\n]", csv_rows.escape_formula(text)):
        assert not cell.lstrip('"').startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("text", ["a; b", "a\n\nb", "a-b=c", "x, -1"])
def test_text_without_a_formula_stays_as_it_is(text: str) -> None:
    assert csv_rows.escape_formula(text) == text


def test_spreadsheet_holds_text_where_text_was(db: None) -> None:
    book = load_workbook(io.BytesIO(written([{"id": 1, "name": "=1+1", "labels": {"a": "b"}}], "xlsx")))
    cell = book.worksheets[0]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_semicolons_separate_too() -> None:
    assert read(b"id;name\nfra;Frankfurt\n", "csv") == [{"id": "fra", "name": "Frankfurt"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column() -> None:
    assert read("id,name\nfra,ü".encode("utf-8-sig"), "csv") == [{"id": "fra", "name": "ü"}]


def test_places_are_the_rows_that_spreadsheets_show() -> None:
    places = [place for place, _ in table_formats.read(io.BytesIO(b'id,name\na,"x\ny"\n\nb,z\n'), "csv")]
    assert places == [2, 4]


FRA = {"id": "fra", "name": "Frankfurt"}


@pytest.mark.parametrize(
    "content",
    [
        b"id,name,,\nfra,Frankfurt,,\n,,,\n,,,\n",
        b"id;name;\r\nfra;Frankfurt;\r\n;;\r\n",
        b"id,name\rfra,Frankfurt\r",
        b"id\tname\nfra\tFrankfurt\n",
        b"sep=;\r\nid;name\r\nfra;Frankfurt\r\n",
        b"\xef\xbb\xbfsep=,\nid,name\nfra,Frankfurt\n",
        b'"id","name"\n"fra","Frankfurt"\n\n\n',
        b" id , name \nfra,Frankfurt,\n",
    ],
)
def test_what_spreadsheets_add_to_csv_is_no_part_of_it(content: bytes) -> None:
    assert read(content, "csv") == [FRA]


def test_a_line_with_the_separator_is_no_row_of_the_spreadsheet() -> None:
    assert [place for place, _ in table_formats.read(io.BytesIO(b"sep=;\nid;name\nfra;x\n"), "csv")] == [2]


def test_rows_and_columns_behind_a_sheet_that_are_empty_are_no_part_of_it() -> None:
    book = Workbook()
    for row in (["id", "name", None, " "], ["fra", "Frankfurt", None, ""], [None, "", " "], []):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    assert read(out.getvalue(), "xlsx") == [FRA]


def test_yaml_may_be_a_list_or_documents() -> None:
    assert read(b"- {id: a}\n- {id: b}", "yaml") == read(b"id: a\n---\nid: b\n", "yaml") == [{"id": "a"}, {"id": "b"}]


def test_nothing_is_an_empty_table() -> None:
    assert [read(content, format) for content, format in ((b"", "csv"), (b"[]", "json"), (b"", "yaml"))] == [[], [], []]


def test_another_encoding_is_told_with_the_line() -> None:
    content = b"id\n" + b"fra\n" * 9_000 + "Köln\n".encode("latin-1")
    assert refusal(content, "csv").startswith("Line 9002 is not UTF-8: the byte 0xf6")


@pytest.mark.parametrize("format", ["json", "yaml"])
def test_another_encoding_is_told_with_the_way_out(format: str) -> None:
    detail = refusal('[{"id": "Köln"}]'.encode("latin-1"), format)
    assert detail == (
        "This is not UTF-8: the byte 0xf6 (invalid start byte). Save the file as UTF-8, then send it again."
    )


class Endless(io.RawIOBase):
    """A file of 1 GB without a line break; it counts what is read of it."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self.count = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, *arguments: int) -> int:
        return 0

    def readinto(self, buffer: Any) -> int:
        if self.count > 1_000_000_000:
            return 0
        content = (self._start + b"x" * len(buffer))[: len(buffer)]
        buffer[:] = content
        self._start = b""
        self.count += len(content)
        return len(content)


@pytest.mark.parametrize(("format", "start"), [("csv", b'id\n"'), ("csv", b""), ("json", b'[{"id": "'), ("yaml", b"")])
def test_a_line_of_a_gigabyte_is_not_read_to_its_end(format: str, start: bytes) -> None:
    file = Endless(start)
    with pytest.raises(ParseError, match=r"more than|field larger"):
        list(table_formats.read(file, format))
    assert file.count < 60_000_000


@pytest.mark.parametrize(
    ("content", "format", "why"),
    [
        (b"id,name\nfra\n", "csv", "Line 2 has 1 cells, the first line names 2 columns."),
        (b"id\n" + b'a","b\n' * 9_000, "csv", "Line 2 is no CSV"),
        (b"id,id\nfra,fra\n", "csv", "The first line names each column once"),
        (b"id,,name\na,b,c\n", "csv", "The first line names each column once"),
        (b"\nid,name\na,b\n", "csv", "The first line is empty. It has to name the columns."),
        (b"id,name\nfra,Frankfurt,,x\n", "csv", "Line 2 has 4 cells, the first line names 2 columns."),
        (b'id,name\n"a\nb",c\nfra\n', "csv", "Line 4 has 1 cells, the first line names 2 columns."),
        ("id,name\n".encode("utf-16"), "csv", "Line 1 is not UTF-8: the byte 0xff"),
        (b"[{}] [{}]", "json", "Something follows after the end of the JSON: “[{}]”."),
        (b'[{"id": 1', "json", "This is not JSON"),
        (b'id\n"fra', "csv", "Line 2 is no CSV"),
        (b"{}", "json", "This is not the JSON that was expected: [ is missing"),
        (b"[1]", "json", "Entry 1 is no object"),
        (b'[{"id": NaN}]', "json", "This is not JSON: NaN"),
        (b"[" * 100_000, "json", "This is not JSON: maximum recursion"),
        (b"&a [*a, *a]", "yaml", "This YAML uses aliases"),
        (b"!!python/object/apply:os.getcwd []", "yaml", "This is not YAML"),
        (b"[" * 100_000, "yaml", "This is not YAML"),
        (b"- 1", "yaml", "Entry 1 is no object"),
        (b"PK nonsense", "xlsx", "This is no XLSX file."),
    ],
)
def test_a_file_that_is_none_is_refused(content: bytes, format: str, why: str) -> None:
    assert refusal(content, format)[: len(why)] == why


def told(content: bytes, format: str) -> list[tuple[int, Any]]:
    """Each row with its place, or what is wrong with it."""
    rows = table_formats.read_each(io.BytesIO(content), format)
    return [(place, row.detail if isinstance(row, Faulty) else row) for place, row in rows]


def test_a_ragged_line_and_a_footer_are_faults_of_their_own() -> None:
    assert told(b"id,name\nfra\nmuc,Munich\nTotal: 2,,,x\n", "csv") == [
        (2, "Line 2 has 1 cells, the first line names 2 columns."),
        (3, {"id": "muc", "name": "Munich"}),
        (4, "Line 4 has 4 cells, the first line names 2 columns."),
    ]


def test_a_stray_quote_is_the_fault_of_its_line() -> None:
    assert told(b'id,name\nfra,"Frank"furt\nmuc,"Munich\nham,Hamburg\n', "csv") == [
        (2, "Line 2 is no CSV: ',' expected after '\"'."),
        (3, "Line 3 is no CSV: unexpected end of data."),
        (4, {"id": "ham", "name": "Hamburg"}),
    ]


def test_quotes_that_are_never_closed_are_not_read_again_for_ever() -> None:
    assert refusal_of_each(b"id\n" + b'a","b\n' * 200_000).startswith("Too many quotes are never closed.")


def refusal_of_each(content: bytes) -> str:
    with pytest.raises(ParseError) as refused:
        told(content, "csv")
    return refused.value.detail


@pytest.mark.parametrize("content", [b'[{"id": "a"}, 7, {"id": "b"}]', b"[{id: a}, 7, {id: b}]"])
def test_an_entry_that_is_no_object_is_a_fault_of_its_own(content: bytes) -> None:
    assert told(content, "json" if content.startswith(b'[{"') else "yaml") == [
        (1, {"id": "a"}),
        (2, "Entry 2 is no object of at most 100 columns."),
        (3, {"id": "b"}),
    ]


def test_a_row_with_cells_beyond_the_columns_is_a_fault_of_its_own() -> None:
    content = sheet(["id"], ["a", None, "x"], ["b"])
    assert told(content, "xlsx") == [
        (2, "Row 2 has cells beyond the 1 columns that the first row names."),
        (3, {"id": "b"}),
    ]


def sheet(*rows: list[Any], formats: str = "") -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for cell in book.active[2] if formats else ():
        cell.number_format = formats
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_yaml_keeps_what_looks_like_a_number_as_it_was_written() -> None:
    written = ["0123", "12:30:45", "0x1F", "yes", "1_000", "2026-01-02", "1e3", "-0", ".5", "=", "<<"]
    assert read("".join(f"- {{id: {one}}}\n" for one in written).encode(), "yaml") == [{"id": one} for one in written]


@pytest.mark.parametrize("nothing", ["null", "~", "", "NULL"])
def test_nothing_in_yaml_stays_nothing(nothing: str) -> None:
    assert read(f"- {{id: {nothing}}}".encode(), "yaml") == [{"id": None}]


@pytest.mark.parametrize(("content", "format"), [(b"- {id: a, id: b}", "yaml"), (b'[{"id": "a", "id": "b"}]', "json")])
def test_a_column_that_an_entry_names_twice_is_refused(content: bytes, format: str) -> None:
    assert "twice" in refusal(content, format)


@pytest.mark.parametrize(("value", "format", "shown"), [(7, "000", "007"), (7, "0", 7), (7, "General", 7), (7, "@", 7)])
def test_a_spreadsheet_keeps_the_zeros_that_it_shows(value: int, format: str, shown: Any) -> None:
    assert read(sheet(["id"], [value], formats=format), "xlsx") == [{"id": shown}]


@pytest.mark.parametrize(("value", "format"), [(1.0, "0.0"), (100000, "0.00E+00"), (1, "0%"), (7, '"n"0')])
def test_a_number_that_a_spreadsheet_shows_otherwise_is_no_text(value: float, format: str) -> None:
    ((_, row),) = table_formats.read(io.BytesIO(sheet(["id"], [value], formats=format)), "xlsx")
    assert cells.number(row["id"]) == value
    with pytest.raises(ValueError, match=r"is shown in the format"):
        cells.text(9)(row["id"])


def test_the_error_of_a_formula_is_no_text() -> None:
    content = sheet(["id"], ["#N/A"])  # openpyxl knows errors by their words
    ((_, row),) = table_formats.read(io.BytesIO(content), "xlsx")
    with pytest.raises(ValueError, match="“#N/A” is the error of a formula"):
        cells.text(9)(row["id"])


def archive(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def test_a_spreadsheet_that_unpacks_to_gigabytes_is_refused() -> None:
    assert refusal(archive(bomb=bytes(50_000_000)), "xlsx") == (
        "This spreadsheet unpacks to 50,000,000 bytes. Send its rows as CSV."
    )


def test_a_spreadsheet_with_entities_is_refused() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">]><lolz>&lol;</lolz>'
    assert refusal(archive(sheet=laughs), "xlsx").startswith("This spreadsheet defines XML entities")


def crafted(part: str, before: bytes, more: bytes) -> bytes:
    """A small spreadsheet with `more` in one of its parts, and noise, or it would be refused for how well it packs."""
    out, old = io.BytesIO(), zipfile.ZipFile(io.BytesIO(sheet(["id"], ["a"])))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(before, more + before if name == part else before))
        if part not in old.namelist():
            new.writestr(part, more)
        new.writestr("noise", Random(1).randbytes(50_000))
    return out.getvalue()


_SHEET, _END, _AFTER = "xl/worksheets/sheet1.xml", b"</sheetData>", b"<pageMargins"


@pytest.mark.parametrize(
    ("part", "before", "more"),
    [
        (_SHEET, _END, b"<row/>" * 500_000),
        (_SHEET, _END, b"<row>" + b"<c/>" * 150_000 + b"</row>"),
        (_SHEET, _END, b"<row><c><v>1</v></c></row>" * 100_000),
        (_SHEET, _END, b'<row><c t="inlineStr"><is><t>x</t></is></c></row>' * 50_000),
        (_SHEET, _AFTER, b'<mergeCells count="1">' + b'<mergeCell ref="A1:B2"/>' * 60_000 + b"</mergeCells>"),
        ("xl/sharedStrings.xml", b"", b"<si/>" * 500_000),
        ("xl/styles.xml", b"</cellXfs>", b"<xf/>" * 60_000),
        ("xl/workbook.xml", b"</sheets>", b'<sheet name="a" sheetId="1"/>' * 60_000),
    ],
)
def test_a_spreadsheet_of_more_tags_than_its_size_warrants_is_not_read(part: str, before: bytes, more: bytes) -> None:
    content = crafted(part, before, more)
    assert len(content) < 100_000
    assert refusal(content, "xlsx") == (
        "This spreadsheet holds more cells, texts or formats than its size warrants. Send its rows as CSV."
    )


def test_rows_that_a_sheet_leaves_out_are_counted_together() -> None:
    gaps = b"".join(b'<row r="%d"><c><v>1</v></c></row>' % (9_000 * number) for number in range(1, 9))
    assert refusal(crafted(_SHEET, _END, gaps), "xlsx") == "More than 10,000 rows are empty. Delete them."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_behind_a_long_comment_are_seen(encoding: str) -> None:
    laughs = f'<?xml version="1.0"?><!-- {"x" * 3_000} --><!DOCTYPE lolz [<!ENTITY lol "lol">]><lolz>&lol;</lolz>'
    assert refusal(archive(sheet=laughs.encode(encoding)), "xlsx").startswith("This spreadsheet defines XML entities")


@pytest.mark.parametrize(("honest", "claimed"), [(b'<row r="2"', b'<row r="999999999"'), (b'r="B2"', b'r="XXXX2"')])
def test_a_sheet_that_claims_to_be_huge_is_refused(honest: bytes, claimed: bytes) -> None:
    out = io.BytesIO()
    old = zipfile.ZipFile(io.BytesIO(written([{"id": "a", "name": "b", "labels": {}}], "xlsx")))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(honest, claimed))
    assert out.getvalue() != written([{"id": "a", "name": "b", "labels": {}}], "xlsx")
    assert refusal(out.getvalue(), "xlsx")


def test_an_archive_that_is_no_spreadsheet_is_refused() -> None:
    assert refusal(archive(readme=b"hello"), "xlsx").startswith("This spreadsheet cannot be read")


def test_the_name_says_the_format() -> None:
    assert [table_formats.guess(name) for name in ("a.csv", "A.YML", "b.xlsx")] == ["csv", "yaml", "xlsx"]
    with pytest.raises(ParseError):
        table_formats.guess("a.exe")
