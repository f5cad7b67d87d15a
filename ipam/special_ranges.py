"""Address space with a meaning of its own: one table, and who reads which column.

From IANA's special-purpose address registries and, for multicast and what is reserved, its registries of address
space: https://www.iana.org/assignments/iana-ipv4-special-registry, …/iana-ipv6-special-registry, as of 2026-11.
Space that anybody may use (private, shared, unique local) is not in it. Pure: no settings, no database.
"""

import enum
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from netaddr import IPNetwork, cidr_merge

from ipam.addressing import Family

Span = tuple[int, int]  # first and last address as integers, inclusive


class Column(enum.Flag):
    """What a range is special in; each flag names its reader."""

    NEVER_USED = enum.auto()  # rule 4a: networks, addresses, clusters, importers
    NEVER_UNLESS_ALLOWED = enum.auto()  # the same, unless the setting ALLOW_RESERVED_IPV4 allows it
    WARNED_OF = enum.auto()  # `special_range` of cluster plans


class SpecialRange(NamedTuple):
    """A row: the range, what it is for in a few words, and the RFC that says so."""

    cidr: IPNetwork
    purpose: str
    source: str
    columns: Column

    def __str__(self) -> str:
        return f"{self.cidr} ({self.purpose}, {self.source})"


_NEVER, _UNLESS, _WARNED = Column.NEVER_USED, Column.NEVER_UNLESS_ALLOWED, Column.WARNED_OF
# A range that lies in another comes before it, so that the first one that fits is the one to name.
TABLE = tuple(
    SpecialRange(IPNetwork(cidr), purpose, source, columns)
    for cidr, purpose, source, columns in (
        ("0.0.0.0/32", "the unspecified address", "RFC 1122", _NEVER),
        ("0.0.0.0/8", "this network", "RFC 791", _UNLESS),
        ("127.0.0.0/8", "loopback", "RFC 1122", _NEVER),
        ("169.254.0.0/16", "link-local", "RFC 3927", _NEVER),
        ("192.0.2.0/24", "documentation", "RFC 5737", _WARNED),
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
        ("2002::/16", "6to4", "RFC 3056", _WARNED),
        ("3fff::/20", "documentation", "RFC 9637", _WARNED),
        ("5f00::/16", "segment routing", "RFC 9602", _WARNED),
        ("fe80::/10", "link-local", "RFC 4291", _NEVER),
        ("fec0::/10", "site-local, deprecated", "RFC 3879", _WARNED),
        ("ff00::/8", "multicast", "RFC 4291", _NEVER),
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
