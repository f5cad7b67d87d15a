"""Address space with a meaning of its own: one table, and who reads which column.

From IANA's special-purpose address registries and, for multicast and what is reserved, its registries of address
space: https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry, as of 2026-11.
Space that anybody may use (private, shared, unique local) is in it for targets alone. Pure: no settings, no database.
"""

import enum
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from netaddr import IPAddress, IPNetwork, cidr_merge

from ipam.addressing import Family

Span = tuple[int, int]  # first and last address as integers, inclusive


class Column(enum.Flag):
    """What a range is special in; each flag names its reader."""

    NEVER_USED = enum.auto()  # rule 4a: networks, addresses, clusters, importers
    NEVER_UNLESS_ALLOWED = enum.auto()  # the same, unless the setting ALLOW_RESERVED_IPV4 allows it
    WARNED_OF = enum.auto()  # `special_range` of cluster plans
    NOT_CALLED = enum.auto()  # targets of webhooks, unless the setting WEBHOOK_ALLOWED_CIDRS allows them


class SpecialRange(NamedTuple):
    """A row: the range, what it is for in a few words, and the RFC that says so."""

    cidr: IPNetwork
    purpose: str
    source: str
    columns: Column

    def __str__(self) -> str:
        return f"{self.cidr} ({self.purpose}, {self.source})"


_CALLED = Column.NOT_CALLED
_NEVER, _UNLESS, _WARNED = (
    column | _CALLED for column in (Column.NEVER_USED, Column.NEVER_UNLESS_ALLOWED, Column.WARNED_OF)
)
# A range that lies in another comes before it, so that the first one that fits is the one to name.
TABLE = tuple(
    SpecialRange(IPNetwork(cidr), purpose, source, columns)
    for cidr, purpose, source, columns in (
        ("0.0.0.0/32", "the unspecified address", "RFC 1122", _NEVER),
        ("0.0.0.0/8", "this network", "RFC 791", _UNLESS),
        ("10.0.0.0/8", "private", "RFC 1918", _CALLED),
        ("100.64.0.0/10", "shared", "RFC 6598", _CALLED),
        ("127.0.0.0/8", "loopback", "RFC 1122", _NEVER),
        ("169.254.0.0/16", "link-local", "RFC 3927", _NEVER),
        ("172.16.0.0/12", "private", "RFC 1918", _CALLED),
        ("192.0.0.0/24", "protocol assignments", "RFC 6890", _CALLED),
        ("192.0.2.0/24", "documentation", "RFC 5737", _WARNED),
        ("192.88.99.0/24", "reserved", "RFC 7526", _CALLED),
        ("192.168.0.0/16", "private", "RFC 1918", _CALLED),
        ("198.18.0.0/15", "benchmarking", "RFC 2544", _WARNED),
        ("198.51.100.0/24", "documentation", "RFC 5737", _WARNED),
        ("203.0.113.0/24", "documentation", "RFC 5737", _WARNED),
        ("224.0.0.0/4", "multicast", "RFC 5771", _NEVER),
        ("255.255.255.255/32", "limited broadcast", "RFC 919", _NEVER),
        ("240.0.0.0/4", "reserved", "RFC 1112", _UNLESS),
        ("::/128", "the unspecified address", "RFC 4291", _NEVER),
        ("::1/128", "loopback", "RFC 4291", _NEVER),
        ("::/96", "IPv4-compatible", "RFC 4291", _NEVER),
        ("::ffff:0:0/96", "IPv4-mapped", "RFC 4291", _NEVER),
        ("64:ff9b::/96", "NAT64", "RFC 6052", _WARNED),
        ("64:ff9b:1::/48", "NAT64", "RFC 8215", _WARNED),
        ("100::/64", "discard", "RFC 6666", _WARNED),
        ("2001::/32", "Teredo", "RFC 4380", _WARNED),
        ("2001:2::/48", "benchmarking", "RFC 5180", _WARNED),
        ("2001:db8::/32", "documentation", "RFC 3849", _WARNED),
        ("2001::/23", "protocol assignments", "RFC 2928", _CALLED),
        ("2002::/16", "6to4", "RFC 3056", _WARNED),
        ("3fff::/20", "documentation", "RFC 9637", _WARNED),
        ("5f00::/16", "segment routing", "RFC 9602", _WARNED),
        ("fc00::/7", "private", "RFC 4193", _CALLED),
        ("fe80::/10", "link-local", "RFC 4291", _NEVER),
        ("fec0::/10", "site-local, deprecated", "RFC 3879", _WARNED),
        ("ff00::/8", "multicast", "RFC 4291", _NEVER),
        ("::/3", "reserved", "RFC 4291", _CALLED),
        ("4000::/2", "reserved", "RFC 4291", _CALLED),
        ("8000::/1", "reserved", "RFC 4291", _CALLED),
    )
)


def touching(cidr: IPNetwork, columns: Column) -> Iterator[SpecialRange]:
    """The rows with one of these columns that hold `cidr` or lie in it; what holds it comes from small to large."""
    for row in TABLE:
        if row.columns & columns and (cidr in row.cidr or row.cidr in cidr):
            yield row


@cache
def spans(family: Family, columns: Column) -> tuple[Span, ...]:
    """All space of a family with one of these columns, ascending, neighbours joined."""
    chosen = (row.cidr for row in TABLE if row.columns & columns and Family.of(row.cidr) is family)
    return tuple((cidr.first, cidr.last) for cidr in cidr_merge(chosen))


def carried(address: IPAddress) -> tuple[IPAddress, ...]:
    """The IPv4 addresses that an IPv6 address leads to through a translator or tunnel; most lead to none.

    Of NAT64 with a prefix of its own (RFC 8215) nobody else knows how long that is, so all that RFC 6052, section 2.2,
    allows are read; in 0.0.0.0/8 lies nobody's host, so what reads as that says that the prefix has another length.
    """
    for cidr, read in _CARRIERS:
        if address.version == 6 and address in cidr and address.value not in (0, 1):
            return tuple(IPAddress(value, 4) for value in read(address.value))
    return ()


def _last(value: int) -> tuple[int, ...]:
    return (value & _QUAD,)


def _of_nat64(value: int) -> tuple[int, ...]:
    """After /48, /56, /64 and /96; the bits 64 to 71 are left out (octet “u”)."""
    without_u = value >> 64 << 56 | value & (1 << 56) - 1  # 120 bits
    read = {without_u >> 120 - length - 32 & _QUAD for length in (48, 56, 64)} | {value & _QUAD}
    return tuple(sorted(one for one in read if one >> 24)) or (0,)


def _of_teredo(value: int) -> tuple[int, ...]:
    """The server, and the client, whose bits are turned around."""
    return (value >> 64 & _QUAD, ~value & _QUAD)


_QUAD = (1 << 32) - 1
_CARRIERS: tuple[tuple[IPNetwork, Callable[[int], tuple[int, ...]]], ...] = (
    (IPNetwork("::ffff:0:0/96"), _last),
    (IPNetwork("::/96"), _last),
    (IPNetwork("64:ff9b::/96"), _last),
    (IPNetwork("64:ff9b:1::/48"), _of_nat64),
    (IPNetwork("2002::/16"), lambda value: (value >> 80 & _QUAD,)),
    (IPNetwork("2001::/32"), _of_teredo),
)
