"""Text of people and other tools becomes a value here, at whatever door; a ValueError says what to write instead.

Cells of tables, fields of requests and forms, and documents of other tools wrap this. What a value may be is the
domain's. Pure: no database, no HTTP, no state.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from netaddr import AddrFormatError, iprange_to_cidrs
from netaddr.core import INET_PTON

from ipam.addressing import Address, Cidr, Family, shorten

V = TypeVar("V")
DUAL_STACK = "dual-stack"
FLAGS = {"true": True, "false": False, "1": True, "0": False}
BY_KEY = {family.key: family for family in Family}
RANGES = "10.240.0.0/13", "fd00:10:240::/52"  # an example of each family
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)  # as many digits as every column can hold
_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}", re.ASCII)

_MAPPED = Cidr("::ffff:0:0/96")  # IPv4-mapped IPv6, RFC 4291 section 2.5.5.2
_LONGEST, _MAX_NAMED = 100, 16  # characters, as nobody means an address by more; CIDRs of a range
_IN_BRACKETS = re.compile(r"\[([^\[\]]+)\](:[0-9]+)?", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,10}", re.ASCII)
_RANGE = re.compile(r"([^\s–-]+)\s*[–-]\s*([^\s–-]+)")
_LONE_SIGNS = re.compile(r"\s+([/–-])\s+")


def parse_text(value: object) -> str:
    """Text that a database stores: without NUL and halves of surrogate pairs, which JSON and YAML can write."""
    if not isinstance(value, str):
        raise ValueError(f"“{shorten(value)}” is no text.")
    if "\0" in value or not (value.isascii() or not any("\ud800" <= one <= "\udfff" for one in value)):
        raise ValueError(f"“{shorten(value)}” holds a character that cannot be stored.")
    return value


def words(text: str) -> list[str]:
    """The parts of a list with blanks, commas or lines in between; `a - b` and `a / b` are one part each."""
    return _LONE_SIGNS.sub(r"\1", text).replace(",", " ").split()


def is_number(text: object) -> bool:
    """Whether it is text of 1 to 18 plain digits; `int` alone would take “٣” and “1_0” too."""
    return isinstance(text, str) and _NUMBER.fullmatch(text) is not None


def parse_number(text: str) -> int:
    """A whole number from 0, of at most 18 plain digits."""
    if not is_number(text):
        raise ValueError(f"“{shorten(text)}” is not a whole number.")
    return int(text)


def parse_flag(text: object, known: Mapping[str, bool] = FLAGS) -> bool:
    """True or false, by these words in any case."""
    if not (isinstance(text, str) and text.lower() in known):
        raise ValueError(f"“{shorten(text)}” is neither true nor false.")
    return known[text.lower()]


def parse_uuid(text: object) -> UUID:
    """A UUID in its usual form of 36 characters."""
    if not (isinstance(text, str) and _UUID.fullmatch(text)):
        raise ValueError(f"“{shorten(text)}” is no UUID such as 4b9b17c4-2d7c-4190-ae95-dda44e430fa6.")
    return UUID(text)


def parse_choice(text: object, choices: Collection[str]) -> str:
    """One of these words."""
    if not (isinstance(text, str) and text in choices):
        raise ValueError(f"“{shorten(text)}” is none of {', '.join(choices)}.")
    return text


def parse_families(key: object) -> tuple[Family, ...]:
    """`ipv4`, `ipv6`, or `dual-stack`, which means both."""
    if families := tuple(family for family in Family if key in (family.key, DUAL_STACK)):
        return families
    raise ValueError(f"“{shorten(key)}” is no address family; use ipv4, ipv6 or {DUAL_STACK}.")


def parse_by_family(
    found: object, read: Callable[[Any], V], such_as: Sequence[object], names: Mapping[str, Family] = BY_KEY
) -> dict[Family, V]:
    """An object with a value for each family, which `read` reads; a missing key means none. `such_as`: an example."""
    if not isinstance(found, Mapping) or not found.keys() <= names.keys():
        example = json.dumps(dict(zip(names, such_as, strict=True)))
        raise ValueError(f"“{shorten(found)}” is no object such as {example}.")
    return {names[key]: read(value) for key, value in found.items()}


def parse_lengths(found: object, read: Callable[[Any], int], names: Mapping[str, Family] = BY_KEY) -> dict[Family, int]:
    """An object with a prefix length for each family, as `read` reads it."""
    lengths = parse_by_family(found, read, (22, 64), names)
    for family, length in lengths.items():
        if not 0 <= length <= family.bits:
            raise ValueError(f"{family.label} takes 0 to {family.bits}.")
    return lengths


def parse_address(text: object) -> Address:
    """The address written in `text`: full IPv4 dotted quad or RFC 4291 IPv6, nothing else.

    Short IPv4 forms, leading zeros, zone ids and IPv4-mapped IPv6 are refused by ValueError, which says what to write:
    each of them reads as different addresses in different tools.
    """
    if not isinstance(text, str):
        raise ValueError("An address is a string such as 10.0.0.1 or 2001:db8::1.")
    address = _read(text)
    if address is None or address in _MAPPED:
        raise ValueError(f"“{shorten(text)}” {_address_meant(text) or 'is not an IPv4 or IPv6 address.'}")
    return address


def parse_cidr(text: object) -> Cidr:
    """The CIDR written in `text`, with host bits kept so that a rule can name the corrected form.

    ValueError when either side of the slash is missing, malformed or out of range (IPv4 0..32, IPv6 0..128); it says
    what to write where that can be known.
    """
    if not isinstance(text, str):
        raise ValueError("A CIDR is a string such as 10.0.0.0/22.")
    address_text, slash, length_text = text.partition("/")
    address = _read(address_text)
    is_whole = address is not None and address not in _MAPPED and _LENGTH.fullmatch(length_text)
    if address is not None and is_whole and int(length_text) <= Family.of(address).bits:
        return Cidr((address.value, int(length_text)), version=address.version)
    if meant := _cidr_meant(text):
        raise ValueError(f"“{shorten(text)}” {meant}")
    if not (slash and address_text):
        missing = "address" if slash else "prefix length"
        raise ValueError(f"“{shorten(text)}” has no {missing}; write it as address/length, such as 10.0.0.0/22.")
    family = Family.of(parse_address(address_text))
    raise ValueError(f"“{shorten(text)}” has no valid prefix length; {family.label} takes /0 to /{family.bits}.")


def _read(text: str) -> Address | None:
    """The address, where it is written in full; None for any other text."""
    try:
        return Address(text, 6 if ":" in text else 4, flags=INET_PTON)
    except (OSError, AddrFormatError, ValueError, TypeError, UnicodeError):
        return None


# What people write where an address or a CIDR belongs, and the form to write instead. Nothing is repaired in silence,
# for each of these forms reads as something else in some tool. The answers end a sentence that begins with the text.
def _address_meant(text: str) -> str | None:
    """What is wrong with `text`, and the address to write instead; None where no address is seen in it."""
    if len(text) > _LONGEST:
        return None
    if ends := _ends(text):
        return f"is a range; write its addresses one by one, such as {ends[0]}."
    wrong, bare = _without_blanks(text)
    head, slash, _ = bare.partition("/")
    wrong += ["has a prefix length"] if slash else []
    found = _host(head, wrong, is_prefix=False)
    return f"{' and '.join(wrong)}; write {found} instead." if found is not None and wrong else None


def _cidr_meant(text: str) -> str | None:
    """What is wrong with `text`, and the CIDR to write instead, or the CIDRs; None where none is seen in it."""
    if len(text) > _LONGEST:
        return None
    if ends := _ends(text):
        cidrs = [str(cidr) for cidr in iprange_to_cidrs(*ends)]
        more = f" and {len(cidrs) - _MAX_NAMED:,} more" if len(cidrs) > _MAX_NAMED else ""
        return f"is a range; write {' '.join(cidrs[:_MAX_NAMED])}{more} instead."
    wrong, bare = _without_blanks(text)
    head, slash, tail = bare.partition("/")
    host = _host(head, wrong, is_prefix=bool(slash))
    if host is None:
        return None
    bits = Family.of(host).bits
    if not slash:
        wrong.append("has no prefix length")
        return f"{' and '.join(wrong)}; write it as address/length: {host}/{bits} for this address alone."
    length = _length(host, tail, wrong)
    if "is an IPv4-mapped IPv6 address" in wrong and length is not None:
        length -= _MAPPED.prefixlen
    is_meant = wrong and length is not None and 0 <= length <= bits
    return f"{' and '.join(wrong)}; write {host}/{length} instead." if is_meant else None


def _without_blanks(text: str) -> tuple[list[str], str]:
    bare = "/".join(part.strip() for part in text.split("/"))
    return (["has blanks in it"] if bare != text else []), bare


def _host(text: str, wrong: list[str], *, is_prefix: bool) -> Address | None:
    """The address that is meant; what is wrong with its form is added to `wrong`."""
    if bracketed := _IN_BRACKETS.fullmatch(text):
        wrong.append("has brackets")
        text = bracketed[1]
    text, zone, _ = text.partition("%")
    wrong += ["names an interface"] if zone else []
    found = _read(text) if ":" in text else _quad(text, wrong, is_prefix=is_prefix)
    if found is not None and found in _MAPPED:
        wrong.append("is an IPv4-mapped IPv6 address")
        return found.ipv4()
    return found


def _quad(text: str, wrong: list[str], *, is_prefix: bool) -> Address | None:
    """IPv4 with leading zeros, or with numbers left out: of a prefix at its end, of an address before its last."""
    written = text.split(".")
    is_some = all(map(_DECIMAL.fullmatch, written)) and (1 if is_prefix else 2) <= len(written) <= 4
    if not is_some or max(numbers := [int(number) for number in written]) > 255:
        return None
    if any(str(number) != one for number, one in zip(numbers, written, strict=True)):
        wrong.append("has leading zeros, which some tools read as octal")
    if missing := 4 - len(numbers):
        wrong.append("leaves numbers out, which tools fill in different ways")
        place = len(numbers) if is_prefix else -1
        numbers[place:place] = [0] * missing
    return Address(".".join(map(str, numbers)))


def _length(host: Address, text: str, wrong: list[str]) -> int | None:
    """The prefix length that is written as a number, as a mask, or as the inverse of one."""
    if "." in text or ":" in text:
        wrong.append("has a mask")
        try:
            return int(Cidr(f"{host}/{text}").prefixlen)
        except (AddrFormatError, ValueError):
            return None
    digits = text.removeprefix("+")
    if not _DECIMAL.fullmatch(digits):
        return None
    wrong += ["has a length that is written oddly"] if str(int(digits)) != text else []
    return int(digits)


def _ends(text: str) -> tuple[Address, Address] | None:
    """The first and last address of a range such as 10.0.0.1-10.0.0.9 or 10.0.0.1-9."""
    if not (written := _RANGE.fullmatch(text.strip())):
        return None
    first, last = written.groups()
    if "." in first and _DECIMAL.fullmatch(last):
        last = f"{first.rpartition('.')[0]}.{last}"
    lowest, highest = _read(first), _read(last)
    if lowest is None or highest is None or lowest.version != highest.version or lowest > highest:
        return None
    return lowest, highest
