"""Pure arithmetic on addresses and CIDR blocks, for both families alike.

Values are netaddr's: an `Address`, and a `Cidr` for a prefix or block. Text becomes a value once, at the edge
(`ipam.values`); nothing below parses again. No database, no HTTP, no state.
"""

import enum
from collections.abc import Iterable, Mapping, Sequence

from netaddr import IPAddress as Address
from netaddr import IPNetwork as Cidr

MAX_NAMED = 5  # in one sentence


class Family(enum.IntEnum):
    """An address family; its value is the IP version, so that IPv4 sorts before IPv6."""

    IPV4 = 4
    IPV6 = 6

    key: str  # `ipv4` or `ipv6`: the word of the API
    label: str  # `IPv4` or `IPv6`: the word for people
    bits: int  # length of an address: 32 or 128

    def __init__(self, version: int) -> None:
        self.key = f"ipv{version}"
        self.label = f"IPv{version}"
        self.bits = 32 if version == 4 else 128

    @property
    def other(self) -> "Family":
        """The second family of a dual-stack network."""
        return Family.IPV6 if self is Family.IPV4 else Family.IPV4

    @classmethod
    def of(cls, value: Address | Cidr) -> "Family":
        """The family of an address or block."""
        return cls(value.version)

    @classmethod
    def from_key(cls, key: object) -> "Family":
        """The family named `ipv4` or `ipv6`; ValueError for any other word."""
        for family in cls:
            if family.key == key:
                return family
        raise ValueError(f"“{shorten(key)}” is no address family; use ipv4 or ipv6.")


def shorten(text: object, most: int = 60) -> str:
    """`text` for use in a sentence: at most `most` characters, control characters made visible."""
    shown = str(text)
    shown = shown if len(shown) <= most else shown[:most] + "…"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)


def some(names: Sequence[str], *, count: int | None = None) -> str:
    """A few of many names for use in a sentence, and how many more there are; `count` if not all of them are given."""
    more = (len(names) if count is None else count) - MAX_NAMED
    return ", ".join(shorten(name, 120) for name in names[:MAX_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def block(family: Family, first: int, length: int) -> Cidr:
    """The block that starts at integer `first` and has prefix length `length`."""
    return Cidr((first, length), version=family.value)


def host(address: Address) -> Cidr:
    """The block of just this address: /32 or /128."""
    return Cidr((address.value, Family.of(address).bits), version=address.version)


def is_canonical(cidr: Cidr) -> bool:
    """Whether no host bit is set."""
    return bool(cidr.ip.value == cidr.first)


def reserved_addresses(cidr: Cidr) -> list[Address]:
    """The addresses of a prefix that are never handed out (0, 1 or 2).

    IPv4: network and broadcast address (RFC 919); IPv6: the subnet-router anycast address, all host
    bits zero (RFC 4291 section 2.6.1). None in /31, /32 (RFC 3021) and /127, /128 (RFC 6164).
    """
    family = Family.of(cidr)
    if not reserved_count(family, cidr.prefixlen):
        return []
    reserved = [Address(cidr.first, version=family.value)]
    if family is Family.IPV4:
        reserved.append(Address(cidr.last, version=family.value))
    return reserved


def reserved_count(family: Family, length: int) -> int:
    """How many `reserved_addresses` a prefix of this length has."""
    if length >= family.bits - 1:
        return 0
    return 2 if family is Family.IPV4 else 1


def usable_blocks(cidr: Cidr) -> list[Cidr]:
    """The prefix without its reserved addresses, as maximal aligned blocks, lowest first."""
    reserved = {address.value for address in reserved_addresses(cidr)}
    first = cidr.first + (cidr.first in reserved)
    last = cidr.last - (cidr.last in reserved)
    return blocks_between(Family.of(cidr), first, last)


def blocks_between(family: Family, first: int, last: int) -> list[Cidr]:
    """Maximal aligned blocks that together are exactly first..last (integers, inclusive); empty if last < first."""
    found = []
    while first <= last:
        aligned = (first & -first).bit_length() - 1 if first else family.bits
        step = min(aligned, (last - first + 1).bit_length() - 1)
        found.append(block(family, first, family.bits - step))
        first += 1 << step
    return found


def split_around(whole: Cidr, taken: Cidr) -> list[Cidr]:
    """What is left of `whole` after `taken`, a block inside it, as maximal aligned blocks, lowest first."""
    family = Family.of(whole)
    left = [
        block(family, _sibling_first(family, taken.first, length), length)
        for length in range(whole.prefixlen + 1, taken.prefixlen + 1)
    ]
    return sorted(left, key=lambda part: part.first)


def buddies(free: Cidr, outermost: int) -> list[Cidr]:
    """The buddy of `free`, the buddy of their union, and so on up to blocks of prefix length `outermost` + 1.

    If the first k of them are free as well, `free` merges with them to a block of length `free.prefixlen` - k.
    """
    family = Family.of(free)
    starts = buddy_starts(family, free.first, free.prefixlen, outermost)
    return [block(family, start, length) for length, start in starts]


def buddy_starts(family: Family, first: int, length: int, outermost: int) -> list[tuple[int, int]]:
    """The `buddies` of a block as prefix lengths and first addresses, at a tenth of the cost of blocks."""
    return [(one, _sibling_first(family, first, one)) for one in range(length, outermost, -1)]


def merge(released: Iterable[Cidr], free: Iterable[Cidr], outermost: int) -> tuple[set[Cidr], set[Cidr]]:
    """Merge released blocks with their free buddies as far as alignment allows.

    `free` holds at least every free block that `buddies` names for a released block; all are of one family. Returns
    the blocks of `free` that disappeared by merging, and the new blocks; no block grows beyond prefix length
    `outermost`. Inside it is integers: of blocks, thousands would take a second.
    """
    cidrs = {(one.prefixlen, one.first): one for one in [*free, *released]}
    before = {(one.prefixlen, one.first) for one in free}
    blocks = set(cidrs)
    family = Family.of(next(iter(cidrs.values()))) if cidrs else Family.IPV4
    for length, first in sorted(blocks - before, reverse=True):
        if (length, first) not in blocks:
            continue  # already swallowed by a neighbour
        for buddy in buddy_starts(family, first, length, outermost):
            if buddy not in blocks:
                break
            blocks -= {(length, first), buddy}
            length, first = length - 1, min(first, buddy[1])
            blocks.add((length, first))
    return {cidrs[one] for one in before - blocks}, {block(family, first, length) for length, first in blocks - before}


def _sibling_first(family: Family, first: int, length: int) -> int:
    """First address of the buddy of the block of `length` that holds `first`."""
    host_bits = family.bits - length
    start: int = first >> host_bits << host_bits
    return start ^ (1 << host_bits)


def size(family: Family, length: int) -> int:
    """How many addresses a block of this prefix length has."""
    return 1 << (family.bits - length)


def fitting(lengths: Mapping[int, int], length: int) -> int:
    """How many blocks of prefix length `length` fit into free blocks, given as {prefix length: how many}."""
    return sum(count << (length - have) for have, count in lengths.items() if have <= length)


def utilization(taken: int, total: int) -> float:
    """Taken space over all space that could be taken, 0..1; 0 when there is nothing to take."""
    return taken / total if total else 0.0
