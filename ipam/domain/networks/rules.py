"""What a network must look like: judged on the state after a change, for creating and updating alike.

Each function names its rules in docs/rules.md and returns what is broken, so that all of it is reported together.
"""

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence

from netaddr import IPNetwork, cidr_exclude

from ipam import errors
from ipam.addressing import Family, is_canonical, some
from ipam.domain.space import reservations
from ipam.models import Network, Prefix
from ipam.values import parse_cidr

_MAX_KEPT = 4  # prefixes for which a refusal to grow reckons what lies beside them


def violations(network: Network, prefixes: Sequence[IPNetwork]) -> list[errors.IpamError]:
    """Rules 4, 5, 6 and 9 for a network that would have these prefixes."""
    return [
        *violations_of_canonical(prefixes, "prefixes"),
        *_violations_of_families(network, prefixes),
        *_violations_of_destinations(network, prefixes),
        *_violations_of_announcable(network),
        *_violations_of_child_lengths(network, prefixes),
    ]


def violations_of_canonical(cidrs: Iterable[IPNetwork], field: str) -> Iterator[errors.IpamError]:
    """Rule 4: no host bits; every offender is named."""
    for cidr in cidrs:
        if not is_canonical(cidr):
            yield errors.PrefixNotCanonical(f"{cidr} has host bits set; the prefix is {cidr.cidr}.", field=field)


def find_overlaps(
    new: Sequence[IPNetwork],
    *,
    network: Network,
    field: str = "prefixes",
    own: Sequence[IPNetwork] = (),
    removed: Sequence[Prefix] = (),
) -> list[errors.IpamError]:
    """Rules 4, 18 and 38: overlaps among new root prefixes of `network`, and with what networks and clusters hold.

    `own` are the prefixes of the network that gains the new ones. Those of them that it loses at the same time,
    `removed`, are in nobody's way; but a prefix does not grow.
    """
    broken = list(_violations_among(new, field))
    starts, known = sorted((one.version, one.first, one) for one in own), set(own)
    held = Prefix.objects.overlapping_roots(new, apart_from=[prefix.pk for prefix in removed])
    reserved = reservations.find_reserved(new, field=field, network=network)
    for cidr in new:
        lowest, beyond = (cidr.version, cidr.first), (cidr.version, cidr.last + 1)
        found = starts[bisect_left(starts, lowest) : bisect_left(starts, beyond)]
        inside = [one for _, _, one in found if one in cidr and one != cidr]
        if inside:
            broken.append(_grown(cidr, inside, field))
        elif holder := held.get(cidr):
            whose = "this network" if holder.cidr in known else f"network {holder.network}"
            remedy = "Leave it out" if holder.cidr in known else "Choose space outside of it"
            broken.append(errors.Overlap(f"{cidr} overlaps {holder.cidr} of {whose}. {remedy}.", field=field))
        if cidr in reserved:
            broken.append(reserved[cidr])
    return broken


def _violations_among(new: Sequence[IPNetwork], field: str) -> Iterator[errors.IpamError]:
    ordered = sorted(new, key=lambda cidr: (cidr.version, cidr.first, cidr.last))
    for lower, upper in itertools.pairwise(ordered):
        if lower.version == upper.version and lower.last >= upper.first:
            yield errors.Overlap(f"{lower} and {upper} overlap. Keep one of them.", field=field)


def _grown(cidr: IPNetwork, inside: Sequence[IPNetwork], field: str) -> errors.IpamError:
    """Rule 18: a prefix that would hold those that the network has, and what to do instead."""
    if len(inside) > _MAX_KEPT:
        have = some([str(held) for held in inside])
        detail = f"{cidr} holds {have}: resize that, or keep them and add what lies beside them."
        return errors.Overlap(detail, field=field)
    have = " and ".join(map(str, inside))
    beside = [cidr]
    for held in inside:
        beside = [part for one in beside for part in cidr_exclude(one, held)]
    remedy = f"keep {have} and add {' and '.join(map(str, beside))} beside it" if beside else f"keep {have}"
    return errors.Overlap(f"{cidr} holds {have}: resize that, or {remedy}.", field=field)


def _violations_of_families(network: Network, prefixes: Sequence[IPNetwork]) -> Iterator[errors.IpamError]:
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


def _violations_of_destinations(network: Network, prefixes: Sequence[IPNetwork]) -> Iterator[errors.IpamError]:
    """Rules 4 and 5: destinations are canonical, and only of families that the network has."""
    destinations = [parse_cidr(text) for text in network.destination_prefixes]
    yield from violations_of_canonical(destinations, "destination_prefixes")
    missing = {Family.of(cidr) for cidr in destinations} - {Family.of(cidr) for cidr in prefixes}
    for family in sorted(missing):
        yield errors.FamilyNotInNetwork(
            f"There are {family.label} destination prefixes, but the network would have no {family.label} prefix. "
            f"Add one, or remove those destinations.",
            field="destination_prefixes",
        )


def _violations_of_announcable(network: Network) -> Iterator[errors.IpamError]:
    yield from violations_of_canonical(
        map(parse_cidr, network.additional_announcable_cidrs), "additional_announcable_cidrs"
    )


def _violations_of_child_lengths(network: Network, prefixes: Sequence[IPNetwork]) -> Iterator[errors.IpamError]:
    """Rule 9, and rule 2 where a super network needs a default length for every family."""
    defaults, minima = network.default_child_prefix_length, network.min_child_prefix_length
    longest = longest_lengths(prefixes)
    yield from violations_of_child_lengths(defaults, longest, field="default_child_prefix_length")
    yield from violations_of_child_lengths(minima, longest, field="min_child_prefix_length")
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


def longest_lengths(cidrs: Iterable[IPNetwork]) -> dict[Family, int]:
    """The longest prefix length of each family that there is."""
    longest: dict[Family, int] = {}
    for cidr in cidrs:
        longest[Family.of(cidr)] = max(cidr.prefixlen, longest.get(Family.of(cidr), 0))
    return longest


def violations_of_child_lengths(
    lengths: Mapping[Family, int], longest: Mapping[Family, int], *, field: str
) -> Iterator[errors.IpamError]:
    """Rule 9: child lengths are of a family that the prefixes have, and longer than each of them.

    `longest` is what `longest_lengths` says of the prefixes.
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
