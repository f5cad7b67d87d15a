"""A prefix grows or shrinks in place (rule 18a): its addresses and children stay, and so does all that is known of it.

What it gains is free and nobody's, of a child the parent's free space; what it loses holds nothing. No row of an
address is touched, so it costs the same for one and for sixty thousand.
"""

from collections.abc import Collection
from functools import partial

from netaddr import IPAddress, IPNetwork, cidr_exclude

from ipam import errors
from ipam.addressing import is_canonical
from ipam.domain.core import access, history
from ipam.domain.core.operations import operation
from ipam.domain.networks import block_changes, child_rules, rules
from ipam.domain.space import allocator, carving, reservations, reshaping, set_aside, usable_space, whose
from ipam.domain.space.carving import Returned
from ipam.models import Prefix, SetAsideBlock
from ipam.models.events import Verb
from ipam.wording import count_of


@operation
def resize(prefix: Prefix, wanted: IPNetwork) -> Prefix:
    """Let a prefix be `wanted`, which holds it or lies in it.

    NotResizable for what does neither, PrefixNotCanonical, ManagedElsewhere. Where something is in the way, all of it
    is told with the `nearest` prefix that would do: Overlap, InRange or Cooling, NotInPrefix for what a child's parent
    has not, 4a, 9, 13, 38; HasIps, HasChildren, HasRanges outside; WouldBeReserved for an end that is held.
    """
    current = block_changes.lock(prefix)
    _check_bounds(current.cidr, wanted)
    if wanted == current.cidr:
        return current
    between = [[one] for one in _between(current.cidr, wanted)]
    block_changes.raise_with_nearest(current, lambda one: _obstacles(current, *one), [wanted], between)
    with block_changes.telling_of_ranges(Verb.RESIZE, current):
        _become(current, wanted)
    return current


def _become(current: Prefix, wanted: IPNetwork) -> None:
    """Let a locked prefix be another, which nothing keeps it from."""
    network, before = current.network, current.cidr
    was, kept = block_changes.state(network), block_changes.kept_back(network, [current])
    gained, lost = list(cidr_exclude(wanted, before)), list(cidr_exclude(before, wanted))
    if lost:
        reshaping.lock_free(current, kept=wanted)
        errors.raise_all(_left_outside(current, wanted))  # what came before it was locked
        reshaping.cut(current, wanted)
        history.record_each(Verb.UPDATE, reshaping.cut_ranges(current, wanted))
    elif current.parent is not None:
        _take(current, current.parent, gained)
    current.revise(**block_changes.ends_of(wanted))
    network.revise()
    block_changes.exchange_ends(current, kept, gained=gained)
    block_changes.record(Verb.RESIZE, network, was, ended=[before], begun=[current])
    if lost and (source := current.parent) is not None:
        returned = [Returned(source.pk, source.length, part, source.sets_aside) for part in lost]
        carving.give_back(source.network_id, returned, current.namespace_id, network.project_id)


def _check_bounds(current: IPNetwork, wanted: IPNetwork) -> None:
    if not is_canonical(wanted):
        raise errors.PrefixNotCanonical(f"{wanted} has host bits set; the prefix is {wanted.cidr}.", field="prefix")
    if current not in wanted and wanted not in current:
        raise errors.NotResizable(
            f"{wanted} neither holds {current} nor lies in it. Name a shorter or longer prefix of it.", field="prefix"
        )


def _between(current: IPNetwork, wanted: IPNetwork) -> list[IPNetwork]:
    """The prefixes between two of which one holds the other, those next to `wanted` first; `current` does at last."""
    if current in wanted:
        return [current.supernet(length)[0] for length in range(wanted.prefixlen + 1, current.prefixlen)] + [current]
    return [wanted.supernet(length)[0] for length in range(wanted.prefixlen - 1, current.prefixlen, -1)] + [current]


def _obstacles(current: Prefix, wanted: IPNetwork) -> list[errors.IpamError]:
    """All that keeps a prefix from being `wanted`, but for its ends."""
    if wanted == current.cidr:
        return []
    network = current.network
    after = [wanted if one.pk == current.pk else one.cidr for one in network.known_prefixes]
    if wanted in current.cidr:
        found = _left_outside(current, wanted)
    else:
        found = _in_the_way(current, wanted) if current.parent is None else _taken_of_parent(current, wanted)
        found += reservations.find_reserved([wanted], field="prefix", network=network).values()
    return [*found, *rules.violations(network, after)]


def _in_the_way(current: Prefix, wanted: IPNetwork) -> list[errors.IpamError]:
    """What other networks have of what a root would be."""
    found = list(usable_space.violations_of_prefixes([wanted], field="prefix"))
    holder = Prefix.objects.overlapping_roots([wanted], apart_from=[current.pk]).get(wanted)
    return [*found, _overlap(wanted, holder)] if holder else found


def _taken_of_parent(current: Prefix, wanted: IPNetwork) -> list[errors.IpamError]:
    """What the parent of a child has not free of what it would be."""
    source = current.parent
    if source is None or wanted not in source.cidr:
        detail = f"{wanted} lies in no prefix that {current} was carved from: that is {source}. Name a longer one."
        return [errors.NotInPrefix(detail, field="prefix")]
    access.require_own(source.network)
    found = list(usable_space.violations_of_taken([wanted], field="prefix"))
    found += child_rules.violations_of_imported_lengths(source.network, {wanted: source}, field="prefix")
    siblings = source.children.filter(namespace=current.namespace_id).exclude(pk=current.pk)
    if (holder := siblings.overlapping(wanted).order_by("first").first()) is not None:
        found.append(_overlap(wanted, holder))
    kept = set_aside.meeting(SetAsideBlock.objects, source, wanted.first, wanted.last, current.namespace_id)
    try:
        set_aside.check_may_name(wanted, kept, project_id=current.network.project_id, field="prefix")
    except (errors.InRange, errors.Cooling) as refusal:
        found.append(refusal)
    return found


def _left_outside(current: Prefix, wanted: IPNetwork) -> list[errors.IpamError]:
    """What a prefix holds that would lie outside of it."""
    found: list[errors.IpamError] = []
    held = current.addresses.filter(reshaping.outside(wanted, "address")).order_by("address")
    if count := held.count():
        detail = f"{count_of(count, 'address is', 'addresses are')} held outside of {wanted}: {held[0]}{_more(count)}."
        found.append(errors.HasIps(f"{detail} Release what is outside, or move it.", field="prefix"))
    kept = current.children.filter(first__gte=IPAddress(wanted.first, wanted.version), length__gt=wanted.prefixlen)
    kept = kept.filter(last__lte=IPAddress(wanted.last, wanted.version))
    children = current.children.exclude(pk__in=kept.values("pk")).order_by("first")
    if count := children.count():
        first = children[0]
        outside = count_of(count, "child prefix is", "child prefixes are")
        detail = f"{outside} not inside of {wanted}: {whose.prefix(first)}{_more(count)}."
        found.append(errors.HasChildren(f"{detail} Delete or resize them first.", field="prefix"))
    lost = current.ranges.filter(
        last__lt=IPAddress(wanted.first, wanted.version)
    ) | current.ranges.filter(first__gt=IPAddress(wanted.last, wanted.version))  # fmt: skip
    if (one := lost.order_by("first").first()) is not None:
        detail = f"Outside of {wanted} lies {whose.address_range(one)}. Remove it first."
        found.append(errors.HasRanges(detail, field="prefix"))
    if current.gateway is not None and current.gateway not in wanted:
        detail = f"The gateway {current.gateway} lies outside of {wanted}. Give the prefix another first, or none."
        found.append(errors.NotInPrefix(detail, field="prefix"))
    return found


def _take(current: Prefix, source: Prefix, parts: Collection[IPNetwork]) -> None:
    """Take what a child gains out of what it was carved from."""
    namespace_id, project_id = current.namespace_id, current.network.project_id
    for part in parts:
        held = partial(child_rules.overlap, source, part, namespace_id, field="prefix")
        allocator.acquire_exactly(source, part, namespace_id, project_id, find_holder=held, field="prefix")


def _overlap(wanted: IPNetwork, holder: Prefix) -> errors.IpamError:
    return errors.Overlap(f"{wanted} overlaps {whose.prefix(holder)}.", field="prefix")


def _more(count: int) -> str:
    return f" and {count - 1:,} more" if count > 1 else ""
