"""How full a network or prefix is, per family, in exact integers: sums over free blocks, no counters that can drift."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Aggregate, BigIntegerField, Count, F, Func, IntegerField, Q, QuerySet, Value

from ipam.addressing import Family, fitting, size, utilization
from ipam.domain.space import aside, usable_space
from ipam.domain.space.aside import Held, Keyed, Lengths, SetAside
from ipam.models import FreeBlock, Network, Prefix, SetAsideBlock
from ipam.models.prefixes import PrefixRow


class _LongestOfBand(Func):
    """Of a prefix length the next multiple of 32: one integer can sum sizes that differ by no more."""

    template = "((%(expressions)s + 31) / 32 * 32)"
    output_field = IntegerField()


class _Blocks(Aggregate):
    """How many blocks of the prefix length that comes first those of the lengths that come second are together."""

    function, template, arg_joiner = "SUM", "%(function)s(CAST(1 AS bigint) << (%(expressions)s))", " - "
    output_field = BigIntegerField()


@dataclass(frozen=True, kw_only=True)
class FamilyUse:
    """The use of one family, counted in addresses: total = used + reserved + cooling + available, always.

    Reserved is what is never taken by itself: `usable_space.held_back`, gateways and ranges while nobody holds them. In
    a super network an address is used when it lies in a child's prefix. Of a namespaced super, whose space starts again
    for each project, it is the use by the project that has taken most.
    `available_prefixes` counts the children of the default length that still fit; None outside super networks.
    """

    family: Family
    total_ips: int
    reserved_ips: int
    available_ips: int
    used_prefixes: int
    available_prefixes: int | None
    cooling_ips: int = 0

    @property
    def used_ips(self) -> int:
        return self.total_ips - self.reserved_ips - self.cooling_ips - self.available_ips

    @property
    def takeable_ips(self) -> int:
        """All that could be taken; what cools among it, as it may be again."""
        return self.total_ips - self.reserved_ips

    @property
    def left(self) -> int:
        """What is left until it is full: children of a super network, else addresses, what cools among them."""
        return self.available_ips + self.cooling_ips if self.available_prefixes is None else self.available_prefixes

    @property
    def utilization(self) -> float:
        """Taken space over all space that could be taken, 0..1."""
        return utilization(self.used_ips, self.takeable_ips)


def of_networks(
    networks: Iterable[Network], prefixes: Mapping[str, Sequence[PrefixRow]] | None = None
) -> dict[str, list[FamilyUse]]:
    """The use of each network, by its id, IPv4 first; at most three statements however many networks.

    Whoever has read their `prefixes` as rows (`rows_of`) gives them.
    """
    by_id = {network.pk: network for network in networks}
    held: dict[Keyed, list[PrefixRow]] = {}
    for rows in (Prefix.objects.rows_of(by_id) if prefixes is None else prefixes).values():
        for row in rows:
            held.setdefault((row.network_id, row.family), []).append(row)
    found: dict[str, list[FamilyUse]] = {key: [] for key in by_id}
    for (key, _), use in _uses(held, {key: network for key, network in by_id.items() if network.is_super}).items():
        found[key].append(use)
    return found


def of_network(network: Network) -> list[FamilyUse]:
    """The use of one network per family, IPv4 first."""
    return of_networks([network])[network.pk]


def of_new(network: Network) -> list[FamilyUse]:
    """The use of a network that has just been made and knows its prefixes: all of it is free; no statement."""
    free: dict[int, Counter[int]] = {}
    for one in network.known_prefixes:
        is_super = network.is_super or not one.reserve_ends
        parts = usable_space.parts(one.cidr, is_super=is_super, gateway=one.gateway)
        free.setdefault(one.family, Counter()).update(part.prefixlen for part in parts)
    return of_counted(network, network.known_prefixes, free)


def of_counted(network: Network, prefixes: Iterable[Prefix], free: Mapping[Any, Lengths]) -> list[FamilyUse]:
    """As `of_network`, of one without children whose free blocks are counted: a statement for gateways, for ranges."""
    held: dict[Keyed, list[PrefixRow]] = {}
    for one in prefixes:
        held.setdefault((network.pk, one.family), []).append(PrefixRow.of(one))
    super_network = network if network.is_super else None
    kept, reserved = aside.of_prefixes(held), aside.reserved_gateways(held.values())
    return [_use(super_network, held[one], free[one[1]], 0, kept[one], reserved) for one in sorted(held)]


def of_prefixes(prefixes: Sequence[Prefix], network: Network | None = None) -> dict[int, FamilyUse]:
    """The use of each prefix, by its id; at most three statements, one fewer of a network that is known."""
    found = [network] if network else Network.objects.supers().filter(pk__one_of={one.network_id for one in prefixes})
    supers = {one.pk: one for one in found if one.is_super}
    rows = [PrefixRow.of(one) for one in prefixes]
    held = {(row.pk, row.family): [row] for row in rows}
    uses = _uses(held, {row.pk: supers[row.network_id] for row in rows if row.network_id in supers})
    return {key: use for (key, _), use in uses.items()}


def _uses(held: Held, supers: Mapping[Any, Network]) -> dict[Keyed, FamilyUse]:
    """The use of prefixes together; `supers` says which keys are of super networks, and of which."""
    carved = {keyed: rows for keyed, rows in held.items() if keyed[0] in supers}
    children = _children(carved)
    fullest = {keyed: _fullest_namespace(Family(keyed[1]), found) for keyed, found in children.items()}
    free, kept, reserved = _free_and_aside(held, fullest)
    for (key, family), rows in carved.items():
        if supers[key].is_namespaced and fullest[key, family] is None:  # nobody has taken anything yet
            free[key, family], kept[key, family] = aside.of_untouched(rows)
    return {
        keyed: _use(
            supers.get(keyed[0]),
            rows,
            free[keyed],
            children[keyed][fullest[keyed]].total() if children.get(keyed) else 0,
            kept[keyed],
            reserved,
        )
        for keyed, rows in held.items()
    }


def _children(supers: Held) -> dict[Keyed, dict[UUID | None, Counter[int]]]:
    """{namespace: {prefix length: how many children}} of each; None is outside of all.

    There may be thousands, so the database counts. By prefix: asked by network, PostgreSQL would join all prefixes
    with all.
    """
    keys = {row.pk: keyed for keyed, held in supers.items() for row in held}
    found: dict[Keyed, dict[UUID | None, Counter[int]]] = {keyed: {} for keyed in supers}
    rows = Prefix.objects.filter(parent__pk__one_of=list(keys)).order_by().values_list("parent", "namespace", "length")
    for parent, namespace, length, number in rows.annotate(number=Count("*")) if keys else ():
        found[keys[parent]].setdefault(namespace, Counter())[length] += number
    return found


def _free_and_aside(
    held: Held, fullest: Mapping[Keyed, UUID | None]
) -> tuple[dict[Keyed, Counter[int]], dict[Keyed, SetAside], set[int]]:
    """{prefix length: how many free blocks} of each, and what is set aside; of a namespaced super, in the namespace
    that has taken most; and the prefixes with a gateway that nobody holds. One statement.
    """
    keys = {row.pk: keyed for keyed, rows in held.items() for row in rows}
    found: dict[Keyed, Counter[int]] = {keyed: Counter() for keyed in held}
    kept: dict[Keyed, Counter[str]] = {keyed: Counter() for keyed in held}
    sums, gateways = _sums_of_all(held, keys, fullest), aside.with_gateway(held.values())
    if gateways:
        whole = aside.held_gateways(gateways).values_list("prefix", "prefix__namespace", Value(0), Value("gateway"))
        sums.append(whole.annotate(blocks=Value(1, BigIntegerField())))
    for prefix, namespace, length, word, number in sums[0].union(*sums[1:], all=True) if sums else ():
        keyed = keys[prefix]
        if word == "gateway":
            gateways.discard(prefix)
        elif namespace == fullest.get(keyed) and word == "free":
            found[keyed][length] += number
        elif namespace == fullest.get(keyed):
            kept[keyed][word] += number * size(Family(keyed[1]), length)
    return found, {keyed: SetAside(**words) for keyed, words in kept.items()}, gateways


def _sums_of_all(
    held: Held, keys: Mapping[int, Keyed], fullest: Mapping[Keyed, UUID | None]
) -> list[QuerySet[Any, Any]]:
    """What is free of prefixes, by their keys, and what is set aside.

    Only of supers, which are those with a `fullest`, is it told as it is, for children have to fit in: other networks
    have up to a hundred lengths, which the database adds up to blocks of at most five.
    """
    supers = {pk: fullest[keyed] for pk, keyed in keys.items() if keyed in fullest}
    parts: list[tuple[Any, Q, list[int]]] = [  # apart, as each then goes along an index, in its order
        (_LongestOfBand("length"), Q(namespace=None), [pk for pk in keys if pk not in supers]),
        (F("length"), Q(namespace=None), [pk for pk, namespace in supers.items() if not namespace]),
        (F("length"), Q(namespace__in=set(supers.values())), [pk for pk, namespace in supers.items() if namespace]),
    ]
    sums = [
        _sums(FreeBlock.objects.filter(shown, prefix__pk__one_of=those), of_length, Value("free"))
        for of_length, shown, those in parts
        if those
    ]
    if setting_aside := [row.pk for rows in held.values() for row in rows if row.sets_aside]:
        blocks = SetAsideBlock.objects.filter(prefix__pk__one_of=setting_aside)
        sums.append(_sums(blocks, _LongestOfBand("length"), aside.word()))
    return sums


def _sums(blocks: QuerySet[Any], length: Any, word: Any) -> QuerySet[Any, Any]:
    counted = blocks.order_by().values_list("prefix", "namespace", length, word)
    summed: QuerySet[Any, Any] = counted.annotate(blocks=_Blocks(length, "length"))
    return summed


def _fullest_namespace(family: Family, children: Mapping[UUID | None, Lengths]) -> UUID | None:
    return max(children, key=lambda namespace: _count(family, children[namespace]), default=None)


def _count(family: Family, blocks: Lengths) -> int:
    """How many addresses there are in blocks of these lengths."""
    return sum([size(family, length) * number for length, number in blocks.items()])


def _use(
    super_network: Network | None,
    prefixes: Sequence[PrefixRow],
    free: Lengths,
    children: int,
    kept: SetAside,
    gateways: Collection[int],
) -> FamilyUse:
    family, is_super = Family(prefixes[0].family), super_network is not None
    default_length = super_network.default_child_prefix_length.get(family) if super_network else None
    held_back = [
        usable_space.count_held_back(family, prefix.value, prefix.length, is_super=is_super or not prefix.reserve_ends)
        for prefix in prefixes
    ]
    return FamilyUse(
        family=family,
        total_ips=sum([size(family, prefix.length) for prefix in prefixes]),
        reserved_ips=kept.reserved + sum(held_back) + sum(prefix.pk in gateways for prefix in prefixes),
        available_ips=_count(family, free) + kept.available,
        used_prefixes=children,
        available_prefixes=None if default_length is None else fitting(free, default_length),
        cooling_ips=kept.cooling,
    )
