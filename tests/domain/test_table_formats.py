"""Files of tables: what is written is read again to the letter, and hostile files are refused."""

import io
import zipfile
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from ipam.domain import table_formats
from ipam.domain.documents import Unreadable

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
    with pytest.raises(Unreadable) as refused:
        read(content, format)
    return refused.value.detail


@pytest.mark.parametrize("format", FORMATS)
@given(texts=st.lists(storable, min_size=1, max_size=4))
@example(texts=["=1+1", "'=1+1", "''=1", "-", "@x", "\t", "+", "'quoted'", "_x0041_", "a\r\nb", "\x85\u2028", "1e5"])
def test_text_comes_back_to_the_letter(format: str, texts: list[str]) -> None:
    rows = [{"id": number, "name": text, "labels": {}} for number, text in enumerate(texts, start=1)]
    found = read(written(rows, format), format)
    assert [row["name"] or "" for row in found] == texts


@given(text=storable)
def test_disarmed_text_is_rearmed(text: str) -> None:
    assert table_formats.rearm(table_formats.disarm(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"])
def test_csv_holds_no_formula(text: str) -> None:
    assert table_formats.disarm(text) == f"'{text}"


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
    with pytest.raises(Unreadable, match=r"more than|field larger"):
        list(table_formats.read(file, format))
    assert file.count < 60_000_000


@pytest.mark.parametrize(
    ("content", "format", "why"),
    [
        (b"id,name\nfra\n", "csv", "Line 2 has 1 cells, the first line names 2 columns."),
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
    with pytest.raises(Unreadable):
        table_formats.guess("a.exe")
