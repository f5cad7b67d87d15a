"""Cells of tables: what a column holds, read from a file of any format and written to one.

Files of text hold lists with spaces between and objects as JSON; JSON, YAML and spreadsheets may hold either.
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from ipam import measures, values
from ipam.addressing import Address, Cidr, Family, shorten
from ipam.labels import parse_labels
from ipam.models.base import SLUG_LENGTH
from ipam.tags import check

Read = Callable[[Any], Any]
NOTHING = object()  # what a cell says that leaves everything as it is
_MAX_EXACT = 10**15  # spreadsheets keep 15 digits


@dataclass(frozen=True)
class Shown:
    """What a spreadsheet holds and shows otherwise, such as 1.0, 50% or 1E+05, or the error of a formula."""

    value: Any
    why: str

    def __str__(self) -> str:
        return str(self.value)


def plain(value: object) -> Any:
    """A value of ours as JSON has it."""
    if isinstance(value, Address | Cidr | UUID):
        return str(value)
    if isinstance(value, dict):
        return {key.key if isinstance(key, Family) else key: plain(one) for key, one in value.items()}
    if isinstance(value, int) and value > _MAX_EXACT:
        return str(value)
    return [plain(one) for one in value] if isinstance(value, list) else value


def flat(value: object) -> str:
    """A value of JSON as one cell of text."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and _are_words(value):
        return " ".join(map(str, value))
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value)


def _are_words(found: list[Any]) -> bool:
    """Whether a list can be told from its entries with spaces between; only tags may be such that it cannot."""
    written = " ".join(map(str, found))
    return not written.startswith("[") and values.words(written) == list(map(str, found))


# Each of these reads one cell, or says in a ValueError what it should have been. Space around what is no text means
# nothing.
def unread(cell: object) -> object:
    """What is only shown: it says nothing, whatever stands there."""
    return NOTHING


def text(most: int) -> Read:
    """Text of at most so many characters. A number is taken as it is written: spreadsheets make numbers of names."""

    def read(cell: object) -> str:
        found = _written(cell)
        if len(found) > most:
            raise ValueError(f"“{shorten(found, 20)}” has {len(found):,} characters; at most {most} fit.")
        return found

    return read


def key(cell: object) -> str | None:
    """The id of something else; an empty cell is none."""
    return _id(cell).strip() or None


def choice(*choices: str) -> Read:
    """One of these words; an empty cell says nothing."""
    return lambda cell: values.parse_choice(found, choices) if (found := _written(cell).strip()) else NOTHING


def number(cell: object) -> int | None:
    """A whole number; an empty cell is none."""
    return values.parse_number(found) if (found := _plain(cell)) else None


def count(cell: object) -> int | None:
    """A count of addresses, 0..2^128; an empty cell is none."""
    return measures.parse_count(found) if (found := _plain(cell)) else None


def flag(cell: object) -> bool:
    """True or false; an empty cell is false."""
    found = str(cell) if isinstance(cell, bool) else _plain(cell)
    return values.parse_flag(found) if found else False


def flag_or_true(cell: object) -> bool:
    """True or false; an empty cell is true."""
    return flag(cell) if isinstance(cell, bool) or _plain(cell) else True


def uuid(cell: object) -> UUID | None:
    """A UUID in its usual form; an empty cell is none."""
    return values.parse_uuid(found) if (found := _written(cell).strip()) else None


def moment(cell: object) -> datetime:
    """A time, or a day: its beginning."""
    return measures.parse_moment(_written(cell).strip())


def address(cell: object) -> Address:
    """An address."""
    return values.parse_address(_written(cell).strip())


def address_if_any(cell: object) -> Address | None:
    """An address, or none for an empty cell."""
    return values.parse_address(found) if (found := _written(cell).strip()) else None


def cidr(cell: object) -> Cidr:
    """A CIDR."""
    return values.parse_cidr(_written(cell).strip())


def cidrs(cell: object) -> list[Cidr]:
    """A list of CIDRs."""
    return [values.parse_cidr(one) for one in words(cell)]


def prefixes(cell: object) -> list[Cidr]:
    """A list of CIDRs, IPv4 before IPv6."""
    return sorted(cidrs(cell), key=lambda one: one.version)


def words(cell: object) -> list[str]:
    """A list of texts, or one text with spaces or commas between them."""
    return [_written(one) for one in cell] if isinstance(cell, list) else values.words(_written(cell))


def tags(cell: object) -> list[str]:
    """A list of tags, within their bounds; in text of words, or as JSON where an entry is none."""
    if isinstance(cell, str) and cell.startswith("["):
        with contextlib.suppress(ValueError, RecursionError):
            cell = json.loads(cell)
    return check(words(cell))


def labels(cell: object) -> dict[str, str]:
    """An object of texts."""
    return parse_labels(_object(cell))


def lengths(cell: object) -> dict[Family, int]:
    """A prefix length for each family."""
    return values.parse_lengths(_object(cell), lambda one: values.parse_number(_plain(one)))


def hours(cell: object) -> dict[Family, float]:
    """Hours for each family."""
    return measures.parse_hours({family: _hours(one) for family, one in _object(cell).items()})


def _hours(cell: object) -> object:
    """A number, also where a file keeps it as text."""
    if isinstance(cell, bool):
        return cell
    try:
        number = float(_plain(cell))
    except ValueError:
        return cell
    return int(number) if number.is_integer() else number


def ranges(cell: object) -> dict[Family, Cidr]:
    """A CIDR for each family."""
    return values.parse_by_family(_object(cell), cidr, values.RANGES)


def _object(cell: object) -> dict[str, Any]:
    if cell in (None, ""):
        return {}
    try:
        found = json.loads(cell) if isinstance(cell, str) else cell
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"“{shorten(cell)}” is no JSON object.")
    return found


def _plain(cell: Any) -> str:
    """A number that is whole, however it is kept and shown; as text 1.0 is another one than 1."""
    value = cell.value if isinstance(cell, Shown) else cell
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT
    return _written(int(value) if is_whole else value).strip()


def _written(cell: object) -> str:
    if type(cell) is str and cell.isascii() and "\0" not in cell:
        return cell  # nearly all of them
    if cell is None:
        return ""
    if isinstance(cell, float) and abs(cell) >= _MAX_EXACT:
        raise ValueError(f"“{cell}” has more digits than a spreadsheet keeps. Write it as text.")
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, date | time | timedelta):
        shown = str(cell).removesuffix(" 00:00:00")
        raise ValueError(f"“{shown}” is a date here. Write it as text.")
    if isinstance(cell, Shown):
        raise ValueError(f"“{shorten(cell.value)}” {cell.why}. Write it as text.")
    if not isinstance(cell, str):
        raise ValueError(f"“{shorten(cell)}” is no text; put it in quotes.")
    return values.parse_text(cell)


_id = text(SLUG_LENGTH)
