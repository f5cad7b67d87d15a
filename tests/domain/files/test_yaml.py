"""What YAML is read as: dicts, lists, text and None, whatever tags it has."""

import io

import pytest

from ipam.domain.files.documents import ParseError, load_yaml


def read(text: str) -> object:
    (found,) = load_yaml(io.StringIO(text))
    return found


def test_plain_values_are_the_text_that_was_written() -> None:
    text = "{a: 0123, b: 12:30:45, c: yes, d: null, e: [1.5, ~], f: 2026-01-01}"
    assert read(text) == {"a": "0123", "b": "12:30:45", "c": "yes", "d": None, "e": ["1.5", None], "f": "2026-01-01"}


def test_tags_of_what_is_read_anyway_are_taken() -> None:
    assert read("{a: !!str 1, b: !!seq [!!null ~], c: !!map {d: e}}") == {"a": "1", "b": [None], "c": {"d": "e"}}


@pytest.mark.parametrize(
    "value",
    [
        *("!!float 1:1:1", "!!float x", "!!int 1:1", "!!int x", "!!bool maybe", "!!timestamp x", "!!binary AAAA"),
        *("!!set {a: ~}", "!!omap [a: 1]", "!!pairs [a: 1]", "!!python/name:os.system x", "!own x"),
        *("!!str [a]", "!!map [a]", "!!seq {a: b}", "{!!merge a: {b: c}}"),
    ],
)
def test_other_tags_are_refused(value: str) -> None:
    with pytest.raises(ParseError, match="not YAML"):
        read(f"a: {value}")


def test_long_number_with_a_tag_is_not_computed() -> None:
    with pytest.raises(ParseError, match="tag"):
        read(f"a: !!float {':'.join(['59'] * 80_000)}.0")


def test_keys_of_a_merge_are_keys() -> None:
    assert read("{<<: {a: b}, c: d}") == {"<<": {"a": "b"}, "c": "d"}
