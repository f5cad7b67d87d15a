"""Cells of tables: what people and spreadsheets make of values, taken where it can mean only one thing."""

import datetime
from typing import Any

import pytest

from ipam.domain.files import cells
from ipam.labels import LABEL_PREFIX_LENGTH, LABEL_VALUE_LENGTH, MAX_LABELS

UUID = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"


@pytest.mark.parametrize("cell", [True, "true", "TRUE", "1", 1, 1.0, " True "])
def test_what_is_true(cell: Any) -> None:
    assert cells.flag(cell) is True


@pytest.mark.parametrize("cell", [False, "false", "FALSE", "0", 0, 0.0, "", None, " "])
def test_what_is_false(cell: Any) -> None:
    assert cells.flag(cell) is False


@pytest.mark.parametrize("cell", ["yes", 2, 0.5, "wahr"])
def test_what_is_neither_true_nor_false(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"is neither true nor false|no text"):
        cells.flag(cell)


@pytest.mark.parametrize("cell", [24, 24.0, "24", " 24\xa0"])
def test_numbers_are_whole_however_a_spreadsheet_keeps_them(cell: Any) -> None:
    assert cells.number(cell) == 24


@pytest.mark.parametrize(
    ("read", "cell"),
    [
        (cells.uuid, f" {UUID} "),
        (cells.address, "2001:db8::1 "),
        (cells.cidr, "\t10.0.0.0/24"),
        (cells.key, "internet "),
        (cells.choice("static"), " static"),
        (cells.cidrs, " 10.0.0.0/24,\n10.0.1.0/24 "),
    ],
)
def test_space_around_what_is_no_text_does_not_matter(read: cells.Read, cell: str) -> None:
    assert read(cell) == read(" ".join(cell.split()))


def test_space_in_text_is_kept() -> None:
    assert cells.text(10)(" a\n b ") == " a\n b "


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        (datetime.datetime(2026, 1, 2), "“2026-01-02” is a date here. Write it as text."),
        (datetime.date(2026, 1, 2), "“2026-01-02” is a date here. Write it as text."),
        (datetime.time(1, 2), "“01:02:00” is a date here. Write it as text."),
        (datetime.timedelta(hours=1), "“1:00:00” is a date here. Write it as text."),
        (1.2345678901234567e19, "“1.2345678901234567e+19” has more digits than a spreadsheet keeps. Write it as text."),
        (1.3, "“1.3” is no text; put it in quotes."),
        (1.0, "“1.0” is no text; put it in quotes."),
        (True, "“True” is no text; put it in quotes."),
        ("a\0", "“a\N{REPLACEMENT CHARACTER}” holds a character that cannot be stored."),
    ],
)
def test_what_a_file_made_of_a_text_is_told(cell: Any, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        cells.text(30)(cell)
    assert str(refused.value) == why


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({str(number): "" for number in range(MAX_LABELS + 1)}, "101 labels; at most 100 fit."),
        ({"a": "x" * (LABEL_VALUE_LENGTH + 1)}, "The label “a” has 2,001 characters; at most 2,000 fit."),
        (
            {"x" * (LABEL_PREFIX_LENGTH + 1) + "/stage": ""},
            f"The label key “{'x' * 60}…” is too long: at most 63 characters, and before a slash 253 more.",
        ),
        (
            {str(number): "€" * 1000 for number in range(90)},
            "The labels take 270,170 bytes; at most 256,000 fit in those of one object.",
        ),
        ({"": "x"}, "“” is no key of a label."),
        ({"a": 1}, '“{\'a\': 1}” is no object of texts, such as {"stage": "prod"}.'),
        ('{"a": "b"', '“{"a": "b"” is no JSON object.'),
    ],
)
def test_labels_have_the_limits_of_the_api(labels: Any, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        cells.labels(labels)
    assert str(refused.value) == why


@pytest.mark.parametrize("cell", ["10.0.0.0 - 10.0.0.255", ["010.0.0.0/24"], "10.0.0.0/255.255.255.0"])
def test_cidr_in_a_doubtful_form_comes_back_with_the_form_to_write(cell: Any) -> None:
    with pytest.raises(ValueError, match=r"write 10\.0\.0\.0/24 instead\.$"):
        cells.cidrs(cell)
