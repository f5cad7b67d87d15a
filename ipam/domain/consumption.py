"""How full a network or prefix is, per family, in exact integers: sums over free blocks, no counters that can drift."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Prefetch, prefetch_related_objects

from ipam.addressing import Family, fitting, reserved_count, size, utilization
from ipam.models import FreeBlock, Network, Prefix

Lengths = Mapping[int, int]  # {prefix length: how many blocks of it}


@dataclass(frozen=True, kw_only=True)
class FamilyUse:
    """The use of one family, counted in addresses: total = used + reserved + available, always.

    In a super network an address is used when it lies in a child's prefix. Of a namespaced super, whose space
    starts again for each project, it is the use by the project that has taken most.
    `available_prefixes` counts the children of the default length that still fit; None outside super networks.
    """

    family: Family
    total_ips: int
    reserved_ips: int
    available_ips: int
    used_prefixes: int
    available_prefixes: int | None

    @property
    def used_ips(self) -> int:
        return self.total_ips - self.reserved_ips - self.available_ips

    @property
    def utilization(self) -> float:
        """Taken space over all space that could be taken, 0..1."""
        return utilization(self.used_ips, self.total_ips - self.reserved_ips)


def of_networks(networks: Iterable[Network]) -> dict[str, list[FamilyUse]]:
    """The use of each network, by its id, IPv4 first; at most three statements however many networks.

    The networks' prefixes are fetched with them, in their order, unless they already are.
    """
    by_id = {network.pk: network for network in networks}
    prefetch_related_objects(list(by_id.values()), Prefetch("prefixes", Prefix.objects.in_order()))
    prefixes = defaultdict(list)
    for network in by_id.values():
        for prefix in network.prefixes.all():
            prefixes[network.pk, prefix.address_family].append(prefix)
    free = _free_lengths(by_id, "network")
    parents = [prefix.pk for (key, _), held in prefixes.items() if by_id[key].is_super for prefix in held]
    children = _children(parents) if parents else {}
    return {
        key: [
            _use(network, family, prefixes[key, family], free[key, family], children)
            for family in Family
            if prefixes[key, family]
        ]
        for key, network in by_id.items()
    }


def of_network(network: Network) -> list[FamilyUse]:
    """The use of one network per family, IPv4 first."""
    return of_networks([network])[network.pk]


def of_prefixes(prefixes: Iterable[Prefix]) -> dict[int, FamilyUse]:
    """The use of each prefix, by its id; two statements, if each prefix comes with its network."""
    by_id = {prefix.pk: prefix for prefix in prefixes}
    free = _free_lengths(by_id, "prefix")
    children = _children(by_id)
    return {
        key: _use(prefix.network, prefix.address_family, [prefix], free[key, prefix.address_family], children)
        for key, prefix in by_id.items()
    }


def _free_lengths(keys: Iterable[Any], column: str) -> dict[tuple[Any, Family], dict[Any, dict[int, int]]]:
    """{(key, family): {namespace: {prefix length: how many free blocks}}}"""
    found: dict[tuple[Any, Family], dict[Any, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    counted = FreeBlock.objects.filter(**{f"{column}__in": list(keys)}).order_by()
    rows = counted.values_list(column, "family", "namespace", "length").annotate(blocks=Count("*"))
    for key, family, namespace, length, blocks in rows:
        found[key, family][namespace][length] = blocks
    return found


def _children(parents: Iterable[int]) -> dict[int, int]:
    """How many children each prefix has. By prefix: asked by network, PostgreSQL would join all prefixes with all."""
    counted = Prefix.objects.filter(parent__in=list(parents)).order_by().values_list("parent")
    return dict(counted.annotate(number=Count("*")))


def _use(
    network: Network, family: Family, prefixes: list[Prefix], free: Mapping[Any, Lengths], children: Mapping[int, int]
) -> FamilyUse:
    total = sum(size(family, prefix.length) for prefix in prefixes)
    if network.is_namespaced:
        nothing_taken = Counter(prefix.length for prefix in prefixes)
        lengths = min(free.values(), key=lambda part: _addresses(family, part), default=nothing_taken)
    else:
        lengths = free.get(None, {})
    default_length = network.default_child_prefix_length.get(family)
    return FamilyUse(
        family=family,
        total_ips=total,
        reserved_ips=0 if network.is_super else sum(reserved_count(family, prefix.length) for prefix in prefixes),
        available_ips=_addresses(family, lengths),
        used_prefixes=sum(children.get(prefix.pk, 0) for prefix in prefixes),
        available_prefixes=None if default_length is None else fitting(lengths, default_length),
    )


def _addresses(family: Family, lengths: Lengths) -> int:
    return sum(size(family, length) * blocks for length, blocks in lengths.items())


@dataclass(frozen=True)
class Room:
    """How much more a network can give to those who want all of its families at once.

    `count` is children of the default lengths for a super network, else addresses or pairs; `family` runs out first,
    and is None when only one family is there to run out.
    """

    count: int
    family: Family | None


def room(uses: Iterable[FamilyUse]) -> Room | None:
    """What is left of a network, and which family limits it; None for a network without prefixes."""
    left = [
        (use.available_ips if use.available_prefixes is None else use.available_prefixes, use.family) for use in uses
    ]
    if not left:
        return None
    count, family = min(left)
    return Room(count, family if len(left) > 1 else None)
