"""What a network must look like: judged on the state after a change, for creating and updating alike.

Each function names its rules in docs/rules.md and returns what is broken, so that all of it is reported together.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

from netaddr import IPNetwork, cidr_exclude

from ipam import errors
from ipam.addressing import Family, is_canonical, some
from ipam.domain.space import reservations
from ipam.models import Network, Partition, Prefix, Project
from ipam.models.networks import NatType, NetworkType
from ipam.values import parse_cidr

REQUIRED, OPTIONAL, REFUSED = "required", "optional", "refused"
_TYPES = [
    [NetworkType.EXTERNAL],
    [NetworkType.UNDERLAY],
    [NetworkType.SUPER],
    [NetworkType.SUPER_NAMESPACED],
    [NetworkType.CHILD, NetworkType.CHILD_SHARED],
]
# Rule 2: which fields a new network of each type needs, takes and refuses.
_R, _O, _N = REQUIRED, OPTIONAL, REFUSED
_FIELDS = {
    #                                external  underlay  super  namespaced  child
    "id":                            [_R,      _R,       _R,    _R,         _N],
    "project":                       [_O,      _N,       _O,    _O,         _R],
    "partition":                     [_O,      _R,       _O,    _N,         _O],
    "parent":                        [_N,      _N,       _N,    _N,         _O],
    "prefixes":                      [_R,      _R,       _R,    _R,         _N],
    "destination_prefixes":          [_O,      _N,       _O,    _O,         _N],
    "default_child_prefix_length":   [_N,      _N,       _R,    _R,         _N],
    "min_child_prefix_length":       [_N,      _N,       _O,    _O,         _N],
    "length":                        [_N,      _N,       _N,    _N,         _O],
    "address_family":                [_N,      _N,       _N,    _N,         _O],
    "vrf":                           [_R,      _N,       _O,    _O,         _O],
    "vrf_shared":                    [_O,      _N,       _O,    _O,         _O],
    "nat_type":                      [_O,      _N,       _O,    _O,         _N],
    "additional_announcable_cidrs":  [_N,      _N,       _O,    _O,         _N],
}  # fmt: skip
FIELDS: dict[str, dict[str, str]] = {
    type_: {name: row[column] for name, row in _FIELDS.items()}
    for column, types in enumerate(_TYPES)
    for type_ in types
}
_MOST_KEPT = 4  # prefixes for which a refusal to grow reckons what lies beside them
# What a child inherits at creation it may change afterwards; where it was carved from, never.
_UPDATABLE_ON_CHILDREN = {"nat_type", "destination_prefixes"}


@dataclass(frozen=True, kw_only=True)
class NewNetwork:
    """What a request says about a network to make; which fields each type needs, takes and refuses is rule 2.

    Lengths are prefix lengths per family. An empty value is as good as none.
    """

    type: str
    id: str = ""
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    stack: str = ""
    project: Project | None = None
    partition: Partition | None = None
    parent: Network | None = None
    prefixes: Sequence[IPNetwork] = ()
    destination_prefixes: Sequence[IPNetwork] = ()
    default_child_prefix_length: Mapping[Family, int] = field(default_factory=dict)
    min_child_prefix_length: Mapping[Family, int] = field(default_factory=dict)
    additional_announcable_cidrs: Sequence[IPNetwork] = ()
    length: Mapping[Family, int] = field(default_factory=dict)
    address_family: Sequence[Family] = ()  # both for “dual-stack”; none: as many as there are
    vrf: int | None = None
    vrf_shared: bool = False
    nat_type: str = NatType.NONE

    @property
    def described(self) -> dict[str, Any]:
        """The columns that describe it, in whatever words: its texts and labels."""
        return {**{name: getattr(self, name) for name in Network.texts}, "labels": dict(self.labels)}


def judge_fields(new: NewNetwork) -> list[errors.IpamError]:
    """Rule 2: missing and refused fields of a new network."""
    return judge_given(new.type, vars(new))


def judge_given(type_: str, given: Mapping[str, object]) -> list[errors.IpamError]:
    """Rule 2, for whoever has names of references only: asked before any of them is looked up."""
    broken: list[errors.IpamError] = []
    for name, demand in FIELDS[type_].items():
        is_given = _is_given(given.get(name))
        if demand == REQUIRED and not is_given:
            broken.append(_missing(type_, name))
        if demand == REFUSED and is_given:
            broken.append(_refused(type_, name))
    return broken


def judge_changed_fields(network: Network, changes: Iterable[str]) -> list[errors.IpamError]:
    """Which of these fields this type of network never takes, also not later (rules 2 and 17)."""
    return [
        _refused(network.type, name)
        for name in changes
        if FIELDS[network.type].get(name) == REFUSED and not (network.is_child and name in _UPDATABLE_ON_CHILDREN)
    ]


def _is_given(value: object) -> bool:
    """Whether a field says anything; the number 0 does."""
    is_empty = isinstance(value, Sized) and len(value) == 0
    return not (value is None or value is False or value == NatType.NONE or is_empty)


def _missing(type_: str, name: str) -> errors.IpamError:
    if name == "default_child_prefix_length":
        return errors.MissingDefaultChildPrefixLength(
            "A super network says how long its children's prefixes are, for each family that it has.", field=name
        )
    return errors.Required(f"Networks of type {type_} need “{name}”.", field=name)


def _refused(type_: str, name: str) -> errors.IpamError:
    return errors.ForbiddenField(f"Networks of type {type_} do not take “{name}”. Leave it out.", field=name)


def judge(network: Network, prefixes: Sequence[IPNetwork]) -> list[errors.IpamError]:
    """Rules 4, 5, 6 and 9 for a network that would have these prefixes."""
    return [
        *judge_canonical(prefixes, "prefixes"),
        *_judge_families(network, prefixes),
        *_judge_destinations(network, prefixes),
        *_judge_announcable(network),
        *_judge_child_lengths(network, prefixes),
    ]


def judge_canonical(cidrs: Iterable[IPNetwork], field: str) -> Iterator[errors.IpamError]:
    """Rule 4: no host bits; every offender is named."""
    for cidr in cidrs:
        if not is_canonical(cidr):
            yield errors.PrefixNotCanonical(f"{cidr} has host bits set; the prefix is {cidr.cidr}.", field=field)


def find_overlaps(
    new: Sequence[IPNetwork], *, field: str = "prefixes", own: Sequence[IPNetwork] = (), removed: Sequence[Prefix] = ()
) -> list[errors.IpamError]:
    """Rules 4, 18 and 38: overlaps among new root prefixes, and with whatever networks and clusters hold.

    `own` are the prefixes of the network that gains the new ones. Those of them that it loses at the same time,
    `removed`, are in nobody's way; but a prefix does not grow.
    """
    broken: list[errors.IpamError] = []
    ordered = sorted(new, key=lambda cidr: (cidr.version, cidr.first, cidr.last))
    for lower, upper in itertools.pairwise(ordered):
        if lower.version == upper.version and lower.last >= upper.first:
            broken.append(errors.Overlap(f"{lower} and {upper} overlap. Keep one of them.", field=field))
    starts, known = sorted((one.version, one.first, one) for one in own), set(own)
    held = Prefix.objects.overlapping_roots(new, apart_from=[prefix.pk for prefix in removed])
    reserved = reservations.find_reserved(new, field=field)
    for cidr in new:
        lowest, beyond = (cidr.version, cidr.first), (cidr.version, cidr.last + 1)
        found = starts[bisect_left(starts, lowest) : bisect_left(starts, beyond)]
        inside = [one for _, _, one in found if one in cidr and one != cidr]
        if inside:
            broken.append(_grown(cidr, inside, field))
        elif holder := held.get(cidr):
            whose = "this network" if holder.cidr in known else f"network {holder.network_id}"
            remedy = "Leave it out" if holder.cidr in known else "Choose space outside of it"
            broken.append(errors.Overlap(f"{cidr} overlaps {holder.cidr} of {whose}. {remedy}.", field=field))
        if cidr in reserved:
            broken.append(reserved[cidr])
    return broken


def _grown(cidr: IPNetwork, inside: Sequence[IPNetwork], field: str) -> errors.IpamError:
    """Rule 18: a prefix that would hold those that the network has, and what to do instead."""
    if len(inside) > _MOST_KEPT:
        have = some([str(held) for held in inside])
        detail = f"{cidr} holds {have}, and a prefix never grows: keep them and add what lies beside them."
        return errors.Overlap(detail, field=field)
    have = " and ".join(map(str, inside))
    beside = [cidr]
    for held in inside:
        beside = [part for one in beside for part in cidr_exclude(one, held)]
    remedy = f"keep {have} and add {' and '.join(map(str, beside))} beside it" if beside else f"keep {have}"
    return errors.Overlap(f"{cidr} holds {have}, and a prefix never grows: {remedy}.", field=field)


def _judge_families(network: Network, prefixes: Sequence[IPNetwork]) -> Iterator[errors.IpamError]:
    """Rules 2 and 6: the stack, and for underlay IPv4, say which families the prefixes may have."""
    allowed = set(network.allowed_families)
    for family in sorted({Family.of(cidr) for cidr in prefixes}):
        if network.is_underlay and family is Family.IPV6:
            yield errors.FamilyNotAllowed(
                "An underlay network is IPv4 only. Remove the IPv6 prefixes.", field="prefixes"
            )
        elif family not in allowed:
            yield errors.FamilyNotAllowed(
                f"The network's stack is {network.stack}, so it takes no {family.label} prefixes. "
                "Set its stack to dual, or remove those prefixes.",
                field="stack",
            )


def _judge_destinations(network: Network, prefixes: Sequence[IPNetwork]) -> Iterator[errors.IpamError]:
    """Rules 4 and 5: destinations are canonical, and only of families that the network has."""
    destinations = [parse_cidr(text) for text in network.destination_prefixes]
    yield from judge_canonical(destinations, "destination_prefixes")
    missing = {Family.of(cidr) for cidr in destinations} - {Family.of(cidr) for cidr in prefixes}
    for family in sorted(missing):
        yield errors.FamilyNotInNetwork(
            f"There are {family.label} destination prefixes, but the network would have no {family.label} prefix. "
            f"Add one, or remove those destinations.",
            field="destination_prefixes",
        )


def _judge_announcable(network: Network) -> Iterator[errors.IpamError]:
    yield from judge_canonical(map(parse_cidr, network.additional_announcable_cidrs), "additional_announcable_cidrs")


def _judge_child_lengths(network: Network, prefixes: Sequence[IPNetwork]) -> Iterator[errors.IpamError]:
    """Rule 9, and rule 2 where a super network needs a default length for every family."""
    defaults, minima = network.default_child_prefix_length, network.min_child_prefix_length
    longest = {
        family: max(cidr.prefixlen for cidr in prefixes if Family.of(cidr) is family)
        for family in {Family.of(cidr) for cidr in prefixes}
    }
    yield from judge_child_lengths(defaults, longest, field="default_child_prefix_length")
    yield from judge_child_lengths(minima, longest, field="min_child_prefix_length")
    for family in sorted(longest):
        if network.is_super and family not in defaults:
            yield errors.MissingDefaultChildPrefixLength(
                f"The network would have {family.label} prefixes but no {family.label} child prefix length. Give one.",
                field="default_child_prefix_length",
            )
        if family in defaults.keys() & minima.keys() and defaults[family] < minima[family]:
            yield errors.MinChildPrefixLength(
                f"The default /{defaults[family]} for {family.label} children is shorter than the minimum "
                f"/{minima[family]}. Give a longer default or a shorter minimum.",
                field="default_child_prefix_length",
            )


def judge_child_lengths(
    lengths: Mapping[Family, int], longest: Mapping[Family, int], *, field: str
) -> Iterator[errors.IpamError]:
    """Rule 9: child lengths are of a family that the prefixes have, and longer than each of them.

    `longest` holds the longest prefix length of each family that there is.
    """
    for family, length in sorted(lengths.items()):
        if not 0 <= length <= family.bits:
            yield errors.Invalid(f"/{length} is no {family.label} prefix length; use 0 to {family.bits}.", field=field)
        elif family not in longest:
            yield errors.ChildPrefixLengthFamily(
                f"There is an {family.label} child prefix length, but no {family.label} prefix to carve from. "
                "Remove it, or add a prefix.",
                field=field,
            )
        elif length <= longest[family]:
            yield errors.ChildPrefixLengthTooShort(
                f"A /{length} child does not fit in a /{longest[family]} prefix with room for others; "
                f"use /{longest[family] + 1} to /{family.bits}.",
                field=field,
            )
