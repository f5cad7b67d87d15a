"""What people write where an address or a CIDR belongs, and the form to write instead. Pure: text in, text out.

Nothing is repaired in silence, for each of these forms reads as something else in some tool. The answers end a
sentence that begins with the text itself.
"""

import re
from collections.abc import Sequence

from netaddr import AddrFormatError, IPAddress, IPNetwork, iprange_to_cidrs
from netaddr.core import INET_PTON

MAPPED = IPNetwork("::ffff:0:0/96")  # IPv4-mapped IPv6, RFC 4291 section 2.5.5.2
_LONGEST = 100  # characters; nobody means an address by more
_MOST_NAMED = 16
_IN_BRACKETS = re.compile(r"\[([^\[\]]+)\](:[0-9]+)?", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,10}", re.ASCII)
_RANGE = re.compile(r"([^\s–-]+)\s*[–-]\s*([^\s–-]+)")
_LONE_SIGNS = re.compile(r"\s+([/–-])\s+")


def read(text: str) -> IPAddress | None:
    """The address, where it is written in full; None for any other text."""
    try:
        return IPAddress(text, 6 if ":" in text else 4, flags=INET_PTON)
    except (OSError, AddrFormatError, ValueError, TypeError, UnicodeError):
        return None


def words(text: str) -> list[str]:
    """The parts of a list with blanks, commas or lines in between; `a - b` and `a / b` are one part each."""
    return _LONE_SIGNS.sub(r"\1", text).replace(",", " ").split()


def address_meant(text: str) -> str | None:
    """What is wrong with `text`, and the address to write instead; None where no address is seen in it."""
    if len(text) > _LONGEST:
        return None
    if ends := _ends(text):
        return f"is a range; write its addresses one by one, such as {ends[0]}."
    wrong, bare = _without_blanks(text)
    head, slash, _ = bare.partition("/")
    wrong += ["has a prefix length"] if slash else []
    found = _host(head, wrong, is_prefix=False)
    return _instead(wrong, str(found)) if found is not None and wrong else None


def cidr_meant(text: str) -> str | None:
    """What is wrong with `text`, and the CIDR to write instead, or the CIDRs; None where none is seen in it."""
    if len(text) > _LONGEST:
        return None
    if ends := _ends(text):
        return f"is a range; write {_some(iprange_to_cidrs(*ends))} instead."
    wrong, bare = _without_blanks(text)
    head, slash, tail = bare.partition("/")
    host = _host(head, wrong, is_prefix=bool(slash))
    if host is None:
        return None
    bits = 32 if host.version == 4 else 128
    if not slash:
        why = " and ".join([*wrong, "has no prefix length"])
        return f"{why}; write it as address/length: {host}/{bits} for this address alone."
    length = _length(host, tail, wrong)
    if "is an IPv4-mapped IPv6 address" in wrong and length is not None:
        length -= MAPPED.prefixlen
    return _instead(wrong, f"{host}/{length}") if wrong and length is not None and 0 <= length <= bits else None


def _without_blanks(text: str) -> tuple[list[str], str]:
    bare = "/".join(part.strip() for part in text.split("/"))
    return (["has blanks in it"] if bare != text else []), bare


def _host(text: str, wrong: list[str], *, is_prefix: bool) -> IPAddress | None:
    """The address that is meant; what is wrong with its form is added to `wrong`."""
    if bracketed := _IN_BRACKETS.fullmatch(text):
        wrong.append("has brackets")
        text = bracketed[1]
    text, zone, _ = text.partition("%")
    wrong += ["names an interface"] if zone else []
    found = read(text) if ":" in text else _quad(text, wrong, is_prefix=is_prefix)
    if found is not None and found in MAPPED:
        wrong.append("is an IPv4-mapped IPv6 address")
        return found.ipv4()
    return found


def _quad(text: str, wrong: list[str], *, is_prefix: bool) -> IPAddress | None:
    """IPv4 with leading zeros, or with numbers left out: of a prefix at its end, of an address before its last."""
    written = text.split(".")
    if not all(map(_DECIMAL.fullmatch, written)) or len(written) > 4 or (len(written) == 1 and not is_prefix):
        return None
    numbers = [int(number) for number in written]
    if max(numbers) > 255:
        return None
    if any(str(number) != one for number, one in zip(numbers, written, strict=True)):
        wrong.append("has leading zeros, which some tools read as octal")
    if missing := 4 - len(numbers):
        wrong.append("leaves numbers out, which tools fill in different ways")
        place = len(numbers) if is_prefix else -1
        numbers[place:place] = [0] * missing
    return IPAddress(".".join(map(str, numbers)))


def _length(host: IPAddress, text: str, wrong: list[str]) -> int | None:
    """The prefix length that is written as a number, as a mask, or as the inverse of one."""
    if "." in text or ":" in text:
        wrong.append("has a mask")
        try:
            return int(IPNetwork(f"{host}/{text}").prefixlen)
        except (AddrFormatError, ValueError):
            return None
    digits = text.removeprefix("+")
    if not _DECIMAL.fullmatch(digits):
        return None
    wrong += ["has a length that is written oddly"] if str(int(digits)) != text else []
    return int(digits)


def _ends(text: str) -> tuple[IPAddress, IPAddress] | None:
    """The first and last address of a range such as 10.0.0.1-10.0.0.9 or 10.0.0.1-9."""
    if not (written := _RANGE.fullmatch(text.strip())):
        return None
    first, last = written.groups()
    if "." in first and _DECIMAL.fullmatch(last):
        last = f"{first.rpartition('.')[0]}.{last}"
    lowest, highest = read(first), read(last)
    if lowest is None or highest is None or lowest.version != highest.version or lowest > highest:
        return None
    return lowest, highest


def _instead(wrong: Sequence[str], form: str) -> str:
    return f"{' and '.join(wrong)}; write {form} instead."


def _some(cidrs: Sequence[IPNetwork]) -> str:
    named = " ".join(map(str, cidrs[:_MOST_NAMED]))
    more = len(cidrs) - _MOST_NAMED
    return f"{named} and {more:,} more" if more > 0 else named
