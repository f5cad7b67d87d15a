"""A value is read in one place: what each door takes as a number, a flag, a family, labels, and what it says if not."""

from collections.abc import Callable
from typing import Any

import pytest

from ipam.addressing import Family
from ipam.labels import LABEL_VALUE_LENGTH, MAX_LABELS, parse_labels, parse_texts
from ipam.values import (
    parse_address,
    parse_by_family,
    parse_choice,
    parse_cidr,
    parse_families,
    parse_flag,
    parse_lengths,
    parse_number,
    parse_text,
    parse_uuid,
)
from tests.builders import IPV4, IPV6, cidrs

UUID = "4b9b17c4-2d7c-4190-ae95-dda44e430fa6"


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_number, "007", 7),
        (parse_number, "9" * 18, 10**18 - 1),
        (parse_flag, "TRUE", True),
        (parse_flag, "0", False),
        (parse_families, "ipv6", (IPV6,)),
        (parse_families, "dual-stack", (IPV4, IPV6)),
        (parse_labels, {"tier": "gold", "empty": ""}, {"tier": "gold", "empty": ""}),
    ],
)
def test_text_becomes_a_value(parse: Callable[[Any], Any], text: object, value: object) -> None:
    assert parse(text) == value


def test_uuid_is_read_in_any_case() -> None:
    assert str(parse_uuid(UUID.upper())) == UUID


def example(found: object) -> dict[Family, int]:
    return parse_lengths(found, int)


@pytest.mark.parametrize(
    ("parse", "found", "why"),
    [
        (parse_address, 5, "An address is a string such as 10.0.0.1 or 2001:db8::1."),
        (parse_cidr, None, "A CIDR is a string such as 10.0.0.0/22."),
        (parse_text, 5, "“5” is no text."),
        (parse_text, "a\ud800", "“a\N{REPLACEMENT CHARACTER}” holds a character that cannot be stored."),
        (parse_number, "٣", "“٣” is not a whole number."),
        (parse_number, "1_0", "“1_0” is not a whole number."),
        (parse_number, "-1", "“-1” is not a whole number."),
        (parse_number, "9" * 19, f"“{'9' * 19}” is not a whole number."),
        (parse_flag, "yes", "“yes” is neither true nor false."),
        (parse_flag, ["true"], "“['true']” is neither true nor false."),
        (parse_uuid, UUID.replace("-", ""), f"“{UUID.replace('-', '')}” is no UUID such as {UUID}."),
        (parse_uuid, f"{UUID[1:]}-", f"“{UUID[1:]}-” is no UUID such as {UUID}."),
        (parse_families, "IPv4", "“IPv4” is no address family; use ipv4, ipv6 or dual-stack."),
        (parse_families, ["ipv4"], "“['ipv4']” is no address family; use ipv4, ipv6 or dual-stack."),
        (Family.from_key, "x" * 61, f"“{'x' * 60}…” is no address family; use ipv4 or ipv6."),
        (example, [22], '“[22]” is no object such as {"ipv4": 22, "ipv6": 64}.'),
        (example, {"ipv5": 22}, '“{\'ipv5\': 22}” is no object such as {"ipv4": 22, "ipv6": 64}.'),
        (example, {"ipv4": 33}, "IPv4 takes 0 to 32."),
        (example, {"ipv6": -1}, "IPv6 takes 0 to 128."),
        (parse_labels, {"": "x"}, "“” is no key of a label."),
        (parse_labels, {"a": None}, '“{\'a\': None}” is no object of texts, such as {"stage": "prod"}.'),
        (parse_labels, {"a": "\0"}, "“\N{REPLACEMENT CHARACTER}” holds a character that cannot be stored."),
        (parse_labels, dict.fromkeys(range(MAX_LABELS + 1), 0), "101 labels; at most 100 fit."),
    ],
)
def test_what_is_none_is_told(parse: Callable[[Any], Any], found: object, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse(found)
    assert str(refused.value) == why


def test_choice_that_is_none_comes_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"^“b” is none of a, c\.$"):
        parse_choice("b", ["a", "c"])


def test_value_of_each_family_is_read_by_itself() -> None:
    found = parse_by_family({"ipv6": "2001:db8::/32"}, parse_cidr, ("10.0.0.0/8", "2001:db8::/32"))
    assert found == {IPV6: cidrs("2001:db8::/32")[0]}


def test_texts_of_older_data_may_be_longer_than_labels() -> None:
    older = {"a": "x" * (LABEL_VALUE_LENGTH + 1)}
    assert parse_texts(older) == older
