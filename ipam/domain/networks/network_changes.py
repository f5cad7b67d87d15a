"""Changing a network: the state after the change is judged, then made (rules 17 to 19)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import bulk_insert, history, lookups, states
from ipam.domain.networks import network_fields, rules
from ipam.domain.networks.prefixes import NO_FIELDS, PrefixFields, fields_of, violations_of_fields
from ipam.domain.space import cooling, free_space, set_aside, strictness, usable_space
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.events import Verb
from ipam.wording import count_of, them


def lock(network: Network) -> Network:
    """The network as it is now, locked and knowing its prefixes; NotFound when it has gone, or Stale."""
    current = lookups.get(Network, network.pk, lock=True)
    lookups.check_generation(current, network.expected_generations)
    current.known_prefixes = list(current.prefixes.in_order())
    return current


def change(network: Network, changes: Mapping[str, Any], *, force: bool = False) -> Network:
    """Judge the state after the changes, then make them: fields by their names in the API, and `prefix_fields` of new
    prefixes. `lock` gave the network."""
    _check_changeable(network, changes)
    stored, fields = network.known_prefixes, changes.get("prefix_fields", NO_FIELDS)
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
            *violations_of_prefixes(network, after, added, fields, own=before, removed=removed),
            *_violations_of_dropped_announcable(network, announcable_before, force=force),
        ]
    )
    delete_prefixes(removed)
    new = add_prefixes(network, added, fields)
    network.known_prefixes = in_order([*(prefix for prefix in stored if prefix.cidr in kept), *new])
    _store(network, columns)
    history.record(Verb.UPDATE, network, before=state_before, after=state_with(network, new))
    return network


def state_with(network: Network, new: Iterable[Prefix]) -> states.State:
    """How a network is now, with what its new prefixes say."""
    return states.of(network, prefixes=network.known_prefixes, **fields_of(new))


def _store(network: Network, columns: Iterable[str]) -> None:
    """Save these columns, with what follows from them."""
    if "cluster_ranges" in columns:
        strictness.change(network)
    network.revise(**{column: getattr(network, column) for column in sorted(columns)})
    if "quarantine" in columns:
        cooling.apply(network)


def _check_changeable(network: Network, changes: Mapping[str, Any]) -> None:
    """What this network never takes, whatever it is (rules 2 and 17)."""
    if "prefixes" in changes and network.is_child:
        detail = f"{network} was carved from {network.parent}: its prefixes stay. "
        raise errors.PrefixesImmutable(f"{detail}Add a family to it, or carve another child.", field="prefixes")
    errors.raise_all(network_fields.violations_of_changed_fields(network, changes))


def violations_of_prefixes(
    network: Network,
    prefixes: Sequence[IPNetwork],
    added: Sequence[IPNetwork],
    fields: PrefixFields = NO_FIELDS,
    *,
    own: Sequence[IPNetwork] = (),
    removed: Sequence[Prefix] = (),
) -> list[errors.IpamError]:
    """What is wrong with a network that would have these prefixes, some of them new (rules 4 to 6, 9 and 18)."""
    return [
        *rules.violations(network, prefixes),
        *usable_space.violations_of_prefixes(added),
        *rules.find_overlaps(added, network=network, own=own, removed=removed),
        *(error for cidr in added for error in violations_of_fields(network, cidr, fields.get(cidr, {}))),
    ]


def assign(network: Network, name: str, value: Any) -> set[str]:
    """Set a field, named as in the API, on the instance; returns the columns that hold it."""
    if name in ("prefixes", "prefix_fields"):
        return set()
    if name in ("destination_prefixes", "additional_announcable_cidrs"):
        setattr(network, name, [str(cidr) for cidr in value])
        return {name}
    if name in ("default_child_prefix_length", "min_child_prefix_length"):
        stem = name.replace("_prefix", "")
        for family in Family:
            setattr(network, f"{stem}_{family.key}", value.get(family))
        return {f"{stem}_{family.key}" for family in Family}
    setattr(network, name, {family.key: hours for family, hours in value.items()} if name == "quarantine" else value)
    return {name}


def add_prefixes(network: Network, cidrs: Iterable[IPNetwork], fields: PrefixFields = NO_FIELDS) -> list[Prefix]:
    """Store them in this order, in as many statements as for one, each with its fields if it has any."""
    prefixes = [Prefix.of(cidr, network=network, **fields.get(cidr, {})) for cidr in cidrs]
    if prefixes:
        bulk_insert.bulk_insert(Prefix, prefixes)
        free_space.open_prefixes(prefixes, network)
    return prefixes


def delete_prefixes(prefixes: Sequence[Prefix]) -> None:
    """Remove prefixes that hold nothing, with their free space. What refers to them nevertheless, the database says."""
    keys = [prefix.pk for prefix in prefixes]
    if not keys:
        return
    if any(prefix.sets_aside for prefix in prefixes):
        set_aside.forget(prefixes)
    for rows in (FreeBlock.objects.filter(prefix__in=keys), Prefix.objects.filter(pk__in=keys)):
        rows._raw_delete(rows.db)


def in_order(prefixes: Iterable[Prefix]) -> list[Prefix]:
    """As a network shows them: IPv4 before IPv6, else as they were added."""
    return sorted(prefixes, key=lambda prefix: prefix.family)


def _violations_of_removed_prefixes(
    network: Network, removed: Sequence[Prefix], after: Sequence[IPNetwork]
) -> list[errors.IpamError]:
    """Rules 17 and 18: the last prefix stays; a prefix with addresses or children stays."""
    if not after:
        return [
            errors.LastPrefix(f"{network} would have no prefix left. Delete the network instead.", field="prefixes")
        ]
    kept = set(after)
    # Of a prefix that is made wider, `find_overlaps` says what to do instead.
    gone = [prefix for prefix in removed if kept.isdisjoint(prefix.cidr.supernet())]
    free_space.lock_all(network.prefixes.filter(pk__in=[prefix.pk for prefix in gone]))
    broken: list[errors.IpamError] = []
    addresses, children = _count_by(gone, "addresses"), _count_by(gone, "children")
    for prefix in gone:
        if held := addresses.get(prefix.pk):
            detail = f"{prefix} holds {count_of(held, 'address')}. Release {them(held)} first."
            broken.append(errors.HasIps(detail, field="prefixes"))
        if carved := children.get(prefix.pk):
            detail = f"{prefix} holds {count_of(carved, 'child prefix')}. Delete what has {them(carved)} first."
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
