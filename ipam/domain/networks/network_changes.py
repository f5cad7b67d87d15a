"""Changing a network: the state after the change is judged, then made (rules 17 to 19)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import bulk_insert, history, states
from ipam.domain.networks import network_fields, rules
from ipam.domain.space import free_space, usable_space
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.events import Verb


def change(network: Network, changes: Mapping[str, Any], *, force: bool = False) -> Network:
    """Judge the state after the changes, then make them: fields by their names in the API. The network is locked."""
    if "prefixes" in changes and network.is_child:
        raise errors.PrefixesImmutable(
            f"{network.pk} was carved from {network.parent_id}: its prefixes stay. "
            "Add a family to it, or carve another child.",
            field="prefixes",
        )
    errors.raise_all(network_fields.violations_of_changed_fields(network, changes))
    stored = list(network.prefixes.in_order())
    before = [prefix.cidr for prefix in stored]
    after: Sequence[IPNetwork] = changes.get("prefixes", before)
    known, kept = set(before), set(after)
    added = [cidr for cidr in after if cidr not in known]
    removed = [prefix for prefix in stored if prefix.cidr not in kept]
    announcable_before = network.additional_announcable_cidrs
    state_before = states.of(network, prefixes=before)
    columns = {column for name, value in changes.items() for column in assign(network, name, value)}
    errors.raise_all(
        [
            *_violations_of_removed_prefixes(network, removed, after),  # first: what is in use is what has to go first
            *violations_of_prefixes(network, after, added, own=before, removed=removed),
            *_violations_of_dropped_announcable(network, announcable_before, force=force),
        ]
    )
    delete_prefixes(removed)
    add_prefixes(network, added)
    network.revise(**{column: getattr(network, column) for column in sorted(columns)})
    history.record(Verb.UPDATE, network, before=state_before, after=states.of(network, prefixes=in_order(after)))
    return network


def violations_of_prefixes(
    network: Network,
    prefixes: Sequence[IPNetwork],
    added: Sequence[IPNetwork],
    *,
    own: Sequence[IPNetwork] = (),
    removed: Sequence[Prefix] = (),
) -> list[errors.IpamError]:
    """What is wrong with a network that would have these prefixes, some of them new (rules 4 to 6, 9 and 18)."""
    return [
        *rules.violations(network, prefixes),
        *usable_space.violations_of_prefixes(added),
        *rules.find_overlaps(added, own=own, removed=removed),
    ]


def assign(network: Network, name: str, value: Any) -> set[str]:
    """Set a field, named as in the API, on the instance; returns the columns that hold it."""
    if name == "prefixes":
        return set()
    if name in ("destination_prefixes", "additional_announcable_cidrs"):
        setattr(network, name, [str(cidr) for cidr in value])
        return {name}
    if name in ("default_child_prefix_length", "min_child_prefix_length"):
        stem = name.replace("_prefix", "")
        for family in Family:
            setattr(network, f"{stem}_{family.key}", value.get(family))
        return {f"{stem}_{family.key}" for family in Family}
    setattr(network, name, value)
    return {name}


def add_prefixes(network: Network, cidrs: Iterable[IPNetwork]) -> None:
    """Store them in this order, in as many statements as for one."""
    prefixes = [Prefix.of(cidr, network=network) for cidr in cidrs]
    bulk_insert.bulk_insert(Prefix, prefixes)
    free_space.open_prefixes(prefixes, network)


def delete_prefixes(prefixes: Sequence[Prefix]) -> None:
    """Remove prefixes that hold nothing, with their free space."""
    keys = [prefix.pk for prefix in prefixes]
    FreeBlock.objects.filter(prefix__in=keys).delete()
    Prefix.objects.filter(pk__in=keys).delete()


def in_order(cidrs: Iterable[IPNetwork]) -> list[IPNetwork]:
    """As a network shows them: IPv4 before IPv6, else as they were added."""
    return sorted(cidrs, key=lambda cidr: cidr.version)


def _violations_of_removed_prefixes(
    network: Network, removed: Sequence[Prefix], after: Sequence[IPNetwork]
) -> list[errors.IpamError]:
    """Rules 17 and 18: the last prefix stays; a prefix with addresses or children stays."""
    if not after:
        return [
            errors.LastPrefix(f"{network.pk} would have no prefix left. Delete the network instead.", field="prefixes")
        ]
    kept = set(after)
    # Of a prefix that is made wider, `find_overlaps` says what to do instead.
    gone = [prefix for prefix in removed if kept.isdisjoint(prefix.cidr.supernet())]
    free_space.lock_all(network.prefixes.filter(pk__in=[prefix.pk for prefix in gone]))
    broken: list[errors.IpamError] = []
    addresses, children = _count_by(gone, "addresses"), _count_by(gone, "children")
    for prefix in gone:
        if held := addresses.get(prefix.pk):
            detail = f"{prefix} holds {held:,} addresses. Release them first."
            broken.append(errors.HasIps(detail, field="prefixes"))
        if carved := children.get(prefix.pk):
            detail = f"{prefix} holds {carved:,} child prefixes. Delete their networks first."
            broken.append(errors.HasChildren(detail, field="prefixes"))
    return broken


def _count_by(prefixes: Sequence[Prefix], what: str) -> dict[int, int]:
    """How many addresses or children each of these prefixes has, of those that have any."""
    counted = Prefix.objects.filter(pk__in=[prefix.pk for prefix in prefixes], **{f"{what}__isnull": False})
    return dict(counted.order_by().values("pk").annotate(number=Count(what)).values_list("pk", "number"))


def _violations_of_dropped_announcable(
    network: Network, before: Sequence[str], *, force: bool
) -> list[errors.IpamError]:
    """Rule 19: clusters may announce from these CIDRs, so dropping one needs force."""
    dropped = set(before) - set(network.additional_announcable_cidrs)
    if not dropped or force:
        return []
    return [
        errors.AnnouncableCidrNeedsForce(
            f"Clusters may still announce addresses of {', '.join(sorted(dropped))}; switches would drop them. "
            "Send force: true if none do.",
            field="additional_announcable_cidrs",
        )
    ]
