"""From text to moments, counts of addresses and thresholds; ValueError says in words what is wrong. Pure."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from ipam.addressing import Family, shorten
from ipam.values import parse_by_family

MAX_HOURS = 87_600  # ten years


def parse_moment(text: object) -> datetime:
    """An ISO 8601 time, or a day, which means its beginning; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise ValueError(f"“{shorten(text)}” is no time. Write it like 2026-10-02T14:05:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_count(text: object) -> int:
    """A whole number of at most 2^128, as a number or as decimal digits."""
    digits = str(text)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 39 and int(digits) <= 2**128):
        raise ValueError(f"“{shorten(text)}” is no count of addresses. Write a whole number, such as 254.")
    return int(digits)


def parse_decimal(text: object) -> Decimal:
    """A number of at most twelve digits, and three more after the point; as a number or as text."""
    digits = "" if isinstance(text, bool) else str(text)
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,3})?", digits):
        raise ValueError(f"“{shorten(text)}” is no threshold. Write a number, such as 80 or 0.95.")
    return Decimal(digits)


def parse_hours(found: object) -> dict[Family, float]:
    """An object with a number of hours for each family, 0 to 87,600 (ten years), with fractions."""
    hours = parse_by_family(found, _read_hours, (24, 24))
    return {family: number for family, number in hours.items() if number}


def _read_hours(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_HOURS:
        raise ValueError(f"Hours are a number from 0 to {MAX_HOURS:,}, such as 24 or 0.5.")
    return value
