"""What another IPAM has: VRFs, prefixes and addresses, of which it knows no types of networks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.domain.files.outcomes import ParsedRow

Said = Mapping[str, Any]  # project, name, description and labels, by column


@dataclass(frozen=True, kw_only=True)
class ForeignPrefix:
    """A prefix elsewhere; `vrf` is the VNI that it shall have here, none to draw one.

    `is_container` says that it holds others, or once did: it gives no addresses by itself; `is_pool`, that each of its
    addresses is usable.
    """

    place: str
    cidr: IPNetwork
    vrf: int | None = None
    is_container: bool = False
    is_pool: bool = False
    said: Said = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ForeignAddress:
    """An address that is taken elsewhere, in a VRF or in none, which then is none of the foreign ones."""

    place: str
    address: Address
    vrf: int | None = None
    said: Said = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ForeignRange:
    """A range of addresses that is kept for something elsewhere."""

    place: str
    first: Address
    last: Address
    use: str
    said: Said = field(default_factory=dict)


@dataclass
class Foreign:
    """What could be read of another IPAM, what is wrong with the rest, and what has no place here.

    `vrfs` are rows. `vnis` are those of all VRFs that the other one has, be they in use or not.
    """

    prefixes: list[ForeignPrefix] = field(default_factory=list)
    addresses: list[ForeignAddress] = field(default_factory=list)
    ranges: list[ForeignRange] = field(default_factory=list)
    vrfs: list[ParsedRow] = field(default_factory=list)
    vnis: Collection[int] = ()
    broken: list[ParsedRow] = field(default_factory=list)
    not_kept: list[str] = field(default_factory=list)


def fault(place: str, error: errors.IpamError) -> ParsedRow:
    """What is wrong with an entry, or, without a place, with a file as a whole."""
    return ParsedRow(0, {}, [error], name=place)


class SortedPrefixes(NamedTuple):
    """The outermost prefixes that hold others, what lies in them and holds nothing (with the outermost), those that
    stand alone, and those in between."""

    containers: list[ForeignPrefix]
    leaves: list[tuple[ForeignPrefix, ForeignPrefix]]
    standalone: list[ForeignPrefix]
    intermediate: list[ForeignPrefix]


def sort_prefixes(prefixes: Sequence[ForeignPrefix]) -> SortedPrefixes:
    """Tell prefixes apart by what holds what. No prefix is there twice."""
    ordered = sorted(prefixes, key=lambda one: (one.cidr.version, one.cidr.first, -one.cidr.last))
    found = containers, leaves, standalone, intermediate = SortedPrefixes([], [], [], [])
    outermost: ForeignPrefix | None = None
    for place, one in enumerate(ordered):
        following = ordered[place + 1] if place + 1 < len(ordered) else None
        holds = one.is_container or (
            following is not None and following.cidr in one.cidr and following.cidr != one.cidr
        )
        if outermost is not None and one.cidr in outermost.cidr:
            if holds:
                intermediate.append(one)
            else:
                leaves.append((one, outermost))
        else:
            outermost = one
            (containers if holds else standalone).append(one)
    return found
