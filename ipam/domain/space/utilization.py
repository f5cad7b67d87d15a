"""How full a network or prefix is, per family, in exact integers: sums over free blocks, no counters that can drift."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    FloatField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Cast, Coalesce, Greatest, Power

from ipam.addressing import Family, fitting, reserved_count, size, utilization
from ipam.domain.space import usable_space
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.networks import SUPER_TYPES

Lengths = Mapping[int, int]  # {prefix length: how many blocks of it}
Keyed = tuple[Any, Family]  # of a network or prefix
_BANDS = {32: 0, 64: 33, 96: 65, 128: 97}  # {longest: shortest} prefix lengths whose sizes one integer can sum
_SHAPES = Prefix.objects.in_order().defer("created_at", "updated_at", "generation")  # a page may need thousands
_ONE: Any = Cast(Value(1), BigIntegerField())
_SIZES = {
    f"in_{longest}": Sum(
        _ONE.bitleftshift(longest - F("length")), filter=Q(length__range=(shortest, longest)), default=0
    )
    for longest, shortest in _BANDS.items()
}


@dataclass(frozen=True, kw_only=True)
class FamilyUse:
    """The use of one family, counted in addresses: total = used + reserved + available, always.

    Reserved is what can never be taken: `usable_space.held_back`.

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
    prefetch_related_objects(list(by_id.values()), Prefetch("prefixes", _SHAPES))
    prefixes: dict[Keyed, list[Prefix]] = {
        (key, family): held
        for key, network in by_id.items()
        for family in Family
        if (held := [prefix for prefix in network.prefixes.all() if prefix.family == family])
    }
    found: dict[str, list[FamilyUse]] = {key: [] for key in by_id}
    for (key, _), use in _uses(prefixes, "network").items():
        found[key].append(use)
    return found


def of_network(network: Network) -> list[FamilyUse]:
    """The use of one network per family, IPv4 first."""
    return of_networks([network])[network.pk]


def of_prefixes(prefixes: Iterable[Prefix]) -> dict[int, FamilyUse]:
    """The use of each prefix, by its id; at most two statements, if each prefix comes with its network."""
    uses = _uses({(prefix.pk, prefix.address_family): [prefix] for prefix in prefixes}, "prefix")
    return {key: use for (key, _), use in uses.items()}


def _uses(prefixes: Mapping[Keyed, Sequence[Prefix]], column: str) -> dict[Keyed, FamilyUse]:
    """The use of prefixes together; `column` says what their keys are."""
    children = _children(prefixes)
    fullest = {keyed: _fullest_namespace(found) for keyed, found in children.items()}
    free = _free_lengths(prefixes, column, fullest)
    return {
        keyed: _use(held, free[keyed], sum(one.number for one in children[keyed] if one.namespace == fullest[keyed]))
        for keyed, held in prefixes.items()
    }


@dataclass(frozen=True)
class _Children:
    """How many child prefixes there are in a namespace, and how many addresses they take; None is outside of all."""

    namespace: UUID | None
    number: int
    taken: int


def _children(prefixes: Mapping[Keyed, Sequence[Prefix]]) -> dict[Keyed, list[_Children]]:
    """The children by namespace, of which there may be thousands, so the database counts.

    By prefix: asked by network, PostgreSQL would join all prefixes with all. It sums sizes of up to 128 bits band by
    band, each in units of its longest length.
    """
    keys = {prefix.pk: keyed for keyed, held in prefixes.items() for prefix in held if prefix.network.is_super}
    found: dict[Keyed, list[_Children]] = {keyed: [] for keyed in prefixes}
    rows = Prefix.objects.filter(parent__in=list(keys)).order_by().values_list("parent", "namespace")
    for parent, namespace, number, *bands in rows.annotate(number=Count("*"), **_SIZES) if keys else ():
        taken = sum(units << (128 - band) for units, band in zip(bands, _BANDS, strict=True))
        found[keys[parent]].append(_Children(namespace, number, taken))
    return found


def _free_lengths(
    prefixes: Mapping[Keyed, Sequence[Prefix]], column: str, fullest: Mapping[Keyed, UUID | None]
) -> dict[Keyed, Lengths]:
    """{prefix length: how many free blocks} of each; of a namespaced super, in the namespace that has taken most."""
    found: dict[Keyed, Counter[int]] = {keyed: Counter() for keyed in prefixes}
    blocks = FreeBlock.objects.filter(**{f"{column}__in": {key for key, _ in prefixes}}).order_by()
    shown = blocks.filter(Q(namespace=None) | Q(namespace__in=set(fullest.values())))
    rows = shown.values_list(column, "family", "namespace", "length").annotate(blocks=Count("*"))
    for key, family, namespace, length, number in rows:
        if namespace == fullest[key, Family(family)]:
            found[key, Family(family)][length] = number
    for keyed, held in prefixes.items():
        if held[0].network.is_namespaced and fullest[keyed] is None:  # nobody has taken anything yet
            found[keyed].update(
                part.prefixlen for prefix in held for part in usable_space.parts(prefix.cidr, is_super=True)
            )
    return {**found}


def _fullest_namespace(children: Iterable[_Children]) -> UUID | None:
    taken: Counter[UUID | None] = Counter()
    for one in children:
        taken[one.namespace] += one.taken
    return max(taken, key=lambda namespace: taken[namespace], default=None)


def _use(prefixes: Sequence[Prefix], free: Lengths, children: int) -> FamilyUse:
    network, family = prefixes[0].network, prefixes[0].address_family
    default_length = network.default_child_prefix_length.get(family)
    return FamilyUse(
        family=family,
        total_ips=sum(size(family, prefix.length) for prefix in prefixes),
        reserved_ips=sum(
            usable_space.count_held_back(family, prefix.first.value, prefix.length, is_super=network.is_super)
            for prefix in prefixes
        ),
        available_ips=sum(size(family, length) * blocks for length, blocks in free.items()),
        used_prefixes=children,
        available_prefixes=None if default_length is None else fitting(free, default_length),
    )


def fullness() -> Any:
    """To order networks by: the utilization of their fullest family, in whole billionths, as the database finds it."""
    return Cast(Greatest(*map(_share_taken, Family)) * 1e9, BigIntegerField())


def _share_taken(family: Family) -> Any:
    """The taken share of one family, 0..1, in a namespaced super by the fullest project; 0 without prefixes."""
    prefixes = Prefix.objects.filter(network=OuterRef("pk"), family=family)
    children = Prefix.objects.filter(parent__network=OuterRef("pk"), family=family)
    blocks = FreeBlock.objects.filter(network=OuterRef("pk"), family=family)
    ends = Case(When(length__lt=family.bits - 1, then=Value(float(reserved_count(family, 0)))), default=Value(0.0))
    carved = _addresses_of(children, family, "namespace") / _addresses_of(prefixes, family, "network")
    free = _addresses_of(blocks, family, "network") / _addresses_of(prefixes, family, "network", less=ends)
    shares = Case(When(type__in=SUPER_TYPES, then=Coalesce(carved, 0.0)), default=1.0 - Coalesce(free, 0.0))
    return Case(When(Exists(prefixes), then=shares), default=Value(0.0), output_field=FloatField())


def _addresses_of(blocks: QuerySet[Any], family: Family, group: str, *, less: Any = 0.0) -> Any:
    """How many addresses these blocks have together, of the largest group; floats, as an order needs no more."""
    size_of = Sum(
        Power(Value(2.0), family.bits - F("length"), output_field=FloatField()) - less, output_field=FloatField()
    )
    largest = blocks.order_by().values(group).annotate(addresses=size_of).order_by("-addresses")
    return Subquery(largest.values("addresses")[:1], output_field=FloatField())


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
