"""A prefix is split into parts of its network, and merged with its other half (rule 18b); all in it stays."""

from collections.abc import Collection, Sequence
from functools import partial

from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, buddies, host
from ipam.domain.core import history
from ipam.domain.core.operations import operation
from ipam.domain.core.states import State
from ipam.domain.networks import block_changes, child_rules, network_changes, rules
from ipam.domain.networks.block_changes import ends_of, exchange_ends, kept_back, raise_with_nearest, take_out
from ipam.domain.space import cooling, free_space, reshaping, usable_space, whose
from ipam.models import Network, Prefix
from ipam.models.events import Verb

MAX_PARTS = 256


@operation
def split(prefix: Prefix, length: int) -> list[Prefix]:
    """Let a prefix be all of its parts of a prefix length, at most 256; returns them, lowest first.

    Ranges go on in each part. NotResizable for a length that is no longer, or gives too many; HasChildren for a child
    that would not lie in one part, WouldBeReserved for an end that is held, else as rules 4a and 9 have it.
    """
    current = block_changes.lock(prefix, with_contents=True)
    before = current.cidr
    _check_length(before, length)
    cidrs = list(before.subnet(length))
    shorter = [list(before.subnet(one)) for one in range(length - 1, before.prefixlen, -1)]
    raise_with_nearest(current, partial(_obstacles, current), cidrs, shorter)
    with block_changes.telling_of_ranges(Verb.SPLIT, current):
        return _become(current, cidrs)


def _become(current: Prefix, cidrs: Sequence[IPNetwork]) -> list[Prefix]:
    """Let a locked prefix be its parts, which nothing keeps it from."""
    network, before, was = current.network, current.cidr, block_changes.state(current.network)
    reshaping.lock_free(current)
    # What came before it was locked:
    errors.raise_all([*_obstacles(current, cidrs), *block_changes.violations_of_ends(current, cidrs)])
    kept = kept_back(network, [current])
    parts = [_part(current, cidr) for cidr in cidrs]
    for end in sorted(kept_back(network, parts) - kept):
        take_out(current, end)
    reshaping.part(current, cidrs)
    ended, begun = reshaping.part_ranges(current, cidrs)
    history.record_each(Verb.UPDATE, ended)
    history.record_each(Verb.CREATE, [(one, {}) for one in begun])
    current.revise(gateway=parts[0].gateway, **ends_of(cidrs[0]))
    parts[0] = current
    Prefix.objects.bulk_create(parts[1:])
    reshaping.hand_over(current, beyond=cidrs[0])
    cooling.settle(network, parts)
    for part in parts:
        free_space.release(part.pk, [host(end) for end in kept - kept_back(network, parts) if end in part.cidr])
    _tell(Verb.SPLIT, network, was, [before], parts)
    return parts


@operation
def merge(prefix: Prefix) -> Prefix:
    """Let a prefix be one with the other half of what it is a half of, which its network has too; that one goes.

    NoSibling when there is none, Overlap when another network has it; InUse when both have a gateway, WouldBeReserved
    for an end that is held, and rules 9 and 13 for what a child may be.
    """
    current = block_changes.lock(prefix, with_contents=True, with_sibling=True)
    network, was = current.network, block_changes.state(current.network)
    other = block_changes.sibling(current, network.known_prefixes)
    if other is None:
        raise _no_sibling(current)
    halves = [current, other]
    whole = current.cidr.supernet(current.length - 1)[0]
    for half in halves:
        reshaping.lock_free(half)
    errors.raise_all(_hindrances(current, other, whole))
    kept = kept_back(network, halves)
    ended = [half.cidr for half in halves]
    reshaping.join(current, other)
    Prefix.objects.filter(pk=other.pk)._raw_delete("default")
    sets_aside = current.sets_aside or other.sets_aside
    current.revise(gateway=current.gateway or other.gateway, sets_aside=sets_aside, **ends_of(whole))
    exchange_ends(current, kept)
    reshaping.merge_halves(current)
    _tell(Verb.MERGE, network, was, ended, [current], gone=[other])
    return current


def _tell(
    verb: Verb,
    network: Network,
    was: State,
    ended: list[IPNetwork],
    begun: list[Prefix],
    gone: Sequence[Prefix] = (),
) -> None:
    """Let the network know its prefixes, and leave the event."""
    away = {one.pk for one in [*begun, *gone]}
    stayed = [one for one in network.known_prefixes if one.pk not in away]
    network.known_prefixes = network_changes.in_order(sorted([*stayed, *begun], key=lambda one: one.pk))
    network.revise()
    block_changes.record(verb, network, was, ended=ended, begun=begun)


def _check_length(cidr: IPNetwork, length: int) -> None:
    bits = Family.of(cidr).bits
    longest = min(bits, cidr.prefixlen + MAX_PARTS.bit_length() - 1)
    if not cidr.prefixlen < length <= longest:
        known = f"use /{cidr.prefixlen + 1} to /{longest}" if longest > cidr.prefixlen else "it is a single address"
        raise errors.NotResizable(f"{cidr} is not split into /{length}: {known}.", field="length")


def _part(current: Prefix, cidr: IPNetwork) -> Prefix:
    """A part of a prefix, not stored yet, with all that is said of it."""
    gateway = current.gateway if current.gateway is not None and current.gateway in cidr else None
    said = {"reserve_ends": current.reserve_ends, "gateway": gateway}
    place = {"network": current.network, "parent_id": current.parent_id, "namespace_id": current.namespace_id}
    return Prefix.of(cidr, **place, **said)


def _obstacles(current: Prefix, cidrs: Collection[IPNetwork]) -> list[errors.IpamError]:
    """All that keeps a prefix from being these parts, but for their ends."""
    network, length = current.network, next(iter(cidrs)).prefixlen
    others = [one.cidr for one in network.known_prefixes if one.pk != current.pk]
    found: list[errors.IpamError] = []
    if (child := current.children.filter(length__lte=length).order_by("first").first()) is not None:
        detail = f"A /{length} has no room for {whose.prefix(child)} and others. Delete or resize that first."
        found.append(errors.HasChildren(detail, field="length"))
    return [
        *found,
        *rules.violations(network, [*others, *cidrs]),
        *usable_space.violations_of_prefixes(cidrs, field="length"),
    ]


def _hindrances(current: Prefix, other: Prefix, whole: IPNetwork) -> list[errors.IpamError]:
    """All that keeps two halves from being one prefix."""
    found: list[errors.IpamError] = []
    if current.gateway is not None and other.gateway is not None:
        both = f"{current.gateway} and {other.gateway}"
        found.append(errors.InUse(f"Both have a gateway, {both}, and a prefix has one. Take one away first."))
    found += block_changes.violations_of_ends(current, [whole])
    if current.reserve_ends and not other.reserve_ends:
        found += block_changes.violations_of_held(other, [whole])
    if current.parent is not None:
        found += child_rules.violations_of_imported_lengths(current.parent.network, {whole: current.parent})
    return found


def _no_sibling(current: Prefix) -> errors.IpamError:
    """Who has the other half, or that nobody has."""
    for cidr in buddies(current.cidr, current.length - 1) if current.length else ():
        beside = Prefix.objects.filter(parent=current.parent_id, namespace=current.namespace_id)
        holder = beside.exclude(network=current.network).overlapping(cidr).first()
        if holder is not None:
            return errors.Overlap(f"{cidr}, beside {current}, overlaps {whose.prefix(holder)}.")
        return errors.NoSibling(f"{current.network} has no prefix {cidr} beside {current}. Resize it instead.")
    return errors.NoSibling(f"{current} is all there is.")
