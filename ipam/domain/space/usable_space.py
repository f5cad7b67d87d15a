"""What of a prefix can be taken at all: no reserved addresses (rule 25), no space that is never used (rule 4a).

Free blocks hold nothing else, and what is counted, proven and drawn agrees with them, for all ask here.
"""

from collections.abc import Iterable, Iterator

from django.conf import settings
from netaddr import IPAddress, IPNetwork, cidr_exclude

from ipam import errors
from ipam.addressing import Family, block, blocks_between, host, reserved_addresses, reserved_count, size, usable_blocks
from ipam.special_ranges import Column, Span, spans, touching

_NEVER_HERE = Column.NEVER_USED | Column.NEVER_UNLESS_ALLOWED


def parts(cidr: IPNetwork, *, is_super: bool, gateway: IPAddress | None = None) -> list[IPNetwork]:
    """What of a prefix can be taken unnamed, as maximal aligned blocks, lowest first.

    A super network hands out blocks, so no address of its prefix is reserved for itself.
    """
    left = [cidr] if is_super else usable_blocks(cidr)
    for never in [*never_used_blocks(cidr), *([host(gateway)] if gateway else [])]:
        left = [part for one in left for part in cidr_exclude(one, never)]
    return left


def never_used(cidr: IPNetwork) -> list[Span]:
    """The space of a prefix that is never used, ascending (rule 4a)."""
    return _within(Family.of(cidr), cidr.first, cidr.last)


def never_used_blocks(cidr: IPNetwork) -> list[IPNetwork]:
    """The same as blocks."""
    return [one for first, last in never_used(cidr) for one in blocks_between(Family.of(cidr), first, last)]


def edges(cidr: IPNetwork, *, is_super: bool) -> list[int]:
    """The reserved addresses of a prefix that could be used otherwise (rule 25)."""
    reserved = [] if is_super else [address.value for address in reserved_addresses(cidr)]
    return [value for value in reserved if not _within(Family.of(cidr), value, value)]


def held_back(cidr: IPNetwork, *, is_super: bool, gateway: IPAddress | None = None) -> list[Span]:
    """All that `parts` leaves out, ascending."""
    single = [*edges(cidr, is_super=is_super), *([gateway.value] if gateway else [])]
    return sorted([*never_used(cidr), *((value, value) for value in single)])


def count_held_back(family: Family, first: int, length: int, *, is_super: bool) -> int:
    """How many addresses of a block `parts` leaves out; quick, for there may be thousands of prefixes."""
    if not _within(family, first, first + size(family, length) - 1):
        return 0 if is_super else reserved_count(family, length)
    cidr = block(family, first, length)
    return sum(last - first + 1 for first, last in held_back(cidr, is_super=is_super))


def violations_of_prefixes(cidrs: Iterable[IPNetwork], *, field: str = "prefixes") -> Iterator[errors.IpamError]:
    """Rule 4a for what is given: a prefix may cover space that is never used, but not lie in it."""
    for cidr in cidrs:
        if not parts(cidr, is_super=True):
            yield _not_usable(cidr, str(cidr), field)


def violations_of_taken(cidrs: Iterable[IPNetwork], *, field: str, what: str = "") -> Iterator[errors.IpamError]:
    """Rule 4a for what is carved, taken or reserved: no address of it is in space that is never used."""
    for cidr in cidrs:
        if never_used(cidr):
            yield _not_usable(cidr, f"{what}{cidr}", field)


def violations_of_address(address: IPAddress, *, field: str = "ip") -> Iterator[errors.IpamError]:
    """Rule 4a for one address."""
    if _within(Family.of(address), address.value, address.value):
        yield _not_usable(host(address), str(address), field)


def columns() -> Column:
    """Which columns say that a range is never used here."""
    return Column.NEVER_USED if settings.ALLOW_RESERVED_IPV4 else _NEVER_HERE


def explain(cidr: IPNetwork, shown: str) -> tuple[str, str]:
    """What is wrong with a block that shares addresses with space that is never used, and what else would help."""
    rows = list(touching(cidr, columns()))
    row = next((one for one in rows if cidr in one.cidr), rows[0])
    verb = "is" if cidr == row.cidr else "lies in" if cidr in row.cidr else "contains"
    unless = ", or set ALLOW_RESERVED_IPV4" if Column.NEVER_UNLESS_ALLOWED in row.columns else ""
    named = f"{row.purpose} ({row.source})" if cidr == row.cidr else str(row)
    return f"{shown} {verb} {named}, which is never used", unless


def _not_usable(cidr: IPNetwork, shown: str, field: str) -> errors.IpamError:
    wrong, unless = explain(cidr, shown)
    return errors.RangeNotUsable(f"{wrong}. Choose space outside of it{unless}.", field=field)


def _within(family: Family, first: int, last: int) -> list[Span]:
    """Space between these addresses that is never used."""
    return [
        (max(first, never_first), min(last, never_last))
        for never_first, never_last in spans(family, columns())
        if never_first <= last and first <= never_last
    ]
