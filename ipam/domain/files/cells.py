"""Cells of tables: what a column holds, read from a file of any format and written to one.

Files of text hold lists with spaces between and objects as JSON; JSON, YAML and spreadsheets may hold either.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import spelling
from ipam.addressing import Family, parse_address, parse_cidr, shorten
from ipam.domain.files.documents import is_storable
from ipam.models.base import LABEL_KEY_LENGTH, LABEL_VALUE_LENGTH, MOST_LABELS, SLUG_LENGTH, label_fault

Read = Callable[[Any], Any]
NOTHING = object()  # what a cell says that leaves everything as it is
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_MOST_EXACT = 10**15  # spreadsheets keep 15 digits
_FLAGS = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True)
class Shown:
    """What a spreadsheet holds and shows otherwise, such as 1.0, 50% or 1E+05, or the error of a formula."""

    value: Any
    why: str

    def __str__(self) -> str:
        return str(self.value)


def plain(value: Any) -> Any:
    """A value of ours as JSON has it."""
    if isinstance(value, Address | IPNetwork | UUID):
        return str(value)
    if isinstance(value, dict):
        return {key.key if isinstance(key, Family) else key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def flat(value: Any) -> str:
    """A value of JSON as one cell of text."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else str(value)


# Each of these reads one cell, or says in a ValueError what it should have been. Space around what is no text means
# nothing.
def text(most: int) -> Read:
    """Text of at most so many characters. A number is taken as it is written: spreadsheets make numbers of names."""

    def read(cell: Any) -> str:
        found = _written(cell)
        if len(found) > most:
            raise ValueError(f"“{shorten(found, 20)}” has {len(found):,} characters; at most {most} fit.")
        return found

    return read


def key(cell: Any) -> str | None:
    """The id of something else; an empty cell is none."""
    return _id(cell).strip() or None


def choice(*choices: str) -> Read:
    """One of these words; an empty cell says nothing."""

    def read(cell: Any) -> Any:
        found = _written(cell).strip()
        if found and found not in choices:
            raise ValueError(f"“{shorten(found)}” is none of {', '.join(choices)}.")
        return found or NOTHING

    return read


def number(cell: Any) -> int | None:
    """A whole number; an empty cell is none."""
    found = _written(_whole(cell)).strip()
    if not found:
        return None
    if not (found.isascii() and found.isdigit() and len(found) <= 18):
        raise ValueError(f"“{shorten(found)}” is no whole number.")
    return int(found)


def flag(cell: Any) -> bool:
    """True or false; an empty cell is false."""
    found = str(cell).strip().lower() if isinstance(cell, bool) else _written(_whole(cell)).strip().lower()
    if found and found not in _FLAGS:
        raise ValueError(f"“{shorten(found)}” is neither true nor false.")
    return _FLAGS.get(found, False)


def uuid(cell: Any) -> UUID | None:
    """A UUID in its usual form; an empty cell is none."""
    found = _written(cell).strip()
    if not found:
        return None
    if not _UUID.fullmatch(found):
        raise ValueError(f"“{shorten(found)}” is no UUID such as 4b9b17c4-2d7c-4190-ae95-dda44e430fa6.")
    return UUID(found)


def address(cell: Any) -> Address:
    """An address."""
    return parse_address(_written(cell).strip())


def cidr(cell: Any) -> IPNetwork:
    """A CIDR."""
    return parse_cidr(_written(cell).strip())


def cidrs(cell: Any) -> list[IPNetwork]:
    """A list of CIDRs."""
    return [parse_cidr(one) for one in words(cell)]


def prefixes(cell: Any) -> list[IPNetwork]:
    """A list of CIDRs, IPv4 before IPv6."""
    return sorted(cidrs(cell), key=lambda one: one.version)


def words(cell: Any) -> list[str]:
    """A list of texts, or one text with spaces or commas between them."""
    if isinstance(cell, list):
        return [_written(one) for one in cell]
    return spelling.words(_written(cell))


def labels(cell: Any) -> dict[str, str]:
    """An object of texts."""
    found = _object(cell)
    if not all(isinstance(key, str) and isinstance(one, str) for key, one in found.items()):
        raise ValueError('labels are an object of texts, such as {"stage": "prod"}.')
    if len(found) > MOST_LABELS:
        raise ValueError(f"{len(found):,} labels; at most {MOST_LABELS} fit.")
    if "" in found:
        raise ValueError("a label needs a key.")
    for key, one in found.items():
        _label_key(key)
        _label_value(one)
    if fault := label_fault(found):
        raise ValueError(fault)
    return found


def lengths(cell: Any) -> dict[Family, int]:
    """A prefix length for each family."""
    found = _object(cell)
    keys = {family.key: family for family in Family}
    if not found.keys() <= keys.keys() or not all(type(one) in (int, str) and one != "" for one in found.values()):
        raise ValueError('prefix lengths are an object such as {"ipv4": 22, "ipv6": 64}.')
    return {keys[key]: number(length) or 0 for key, length in found.items()}


def ranges(cell: Any) -> dict[Family, IPNetwork]:
    """A CIDR for each family."""
    found = _object(cell)
    keys = {family.key: family for family in Family}
    if not found.keys() <= keys.keys():
        raise ValueError('ranges are an object such as {"ipv4": "10.240.0.0/13", "ipv6": "fd00:10:240::/52"}.')
    return {keys[key]: parse_cidr(_written(one)) for key, one in found.items()}


def _object(cell: Any) -> dict[str, Any]:
    if cell in (None, ""):
        return {}
    try:
        found = json.loads(cell) if isinstance(cell, str) else cell
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"“{shorten(cell)}” is no JSON object.")
    return found


def _whole(cell: Any) -> Any:
    """A number that is whole, however it is kept and shown; as text 1.0 is another one than 1."""
    value = cell.value if isinstance(cell, Shown) else cell
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_EXACT else value


def _written(cell: Any) -> str:
    if type(cell) is str and cell.isascii() and "\0" not in cell:
        return cell  # nearly all of them
    if cell is None:
        return ""
    if isinstance(cell, float) and abs(cell) >= _MOST_EXACT:
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
    if not is_storable(cell):
        raise ValueError(f"“{shorten(cell)}” holds a character that cannot be stored.")
    return cell


_id, _label_key, _label_value = text(SLUG_LENGTH), text(LABEL_KEY_LENGTH), text(LABEL_VALUE_LENGTH)
