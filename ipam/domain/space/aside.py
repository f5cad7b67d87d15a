"""How much of prefixes is set aside, in exact integers: sums over rows, only of prefixes that say they have any."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, CharField, Count, F, QuerySet, Value, When
from django.utils import timezone
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family, block, size, some
from ipam.domain.core import access
from ipam.domain.space import set_aside, usable_space
from ipam.domain.space.free_rows import Part
from ipam.models import AddressRange, IPAddress, Network, Prefix, SetAsideBlock
from ipam.models.prefixes import PrefixRow

Lengths = Mapping[int, int]  # {prefix length: how many blocks of it}
Keyed = tuple[Any, int]  # of a network or prefix, and the family
Held = Mapping[Keyed, Sequence[PrefixRow]]


class SetAside(NamedTuple):
    """Addresses that nobody holds: reserved by ranges, cooling, or available since their time has come."""

    reserved: int = 0
    cooling: int = 0
    available: int = 0


def of_prefixes(held: Held) -> dict[Keyed, SetAside]:
    """What is set aside of prefixes together, outside of all copies."""
    keys = {row.pk: keyed for keyed, rows in held.items() for row in rows if row.sets_aside}
    found: dict[Keyed, Counter[str]] = defaultdict(Counter)
    counted = SetAsideBlock.objects.filter(prefix__pk__one_of=keys, namespace=None).order_by()
    rows = counted.values_list("prefix", "length", word()).annotate(number=Count("pk")) if keys else ()
    for prefix, length, kind, number in rows:
        found[keys[prefix]][kind] += number * size(Family(keys[prefix][1]), length)
    return {keyed: SetAside(**found[keyed]) for keyed in held}


def untouched(prefix: Prefix | PrefixRow) -> tuple[list[IPNetwork], list[IPNetwork]]:
    """What is free of a prefix of a namespaced super for a project that has taken nothing, and what ranges keep."""
    family = Family(prefix.family)
    first = prefix.value if isinstance(prefix, PrefixRow) else prefix.first.value
    cidrs = usable_space.parts(block(family, first, prefix.length), is_super=True)
    parts = [Part(prefix.network_id, prefix.pk, None, cidr) for cidr in cidrs]
    ranges = AddressRange.objects.filter(prefix=prefix.pk).order_by("first") if prefix.sets_aside else ()
    free, kept = set_aside.divide(parts, list(ranges))
    return [part.cidr for part in free], [one.part.cidr for one in kept]


def holding(prefix: Prefix, address: Address) -> SetAsideBlock | None:
    """The block that an address of a prefix is set aside in, outside of all copies."""
    mine = SetAsideBlock.objects.filter(network=prefix.network_id, family=prefix.family, prefix=prefix, namespace=None)
    near = mine.filter(first__lte=address).order_by("-first").first() if prefix.sets_aside else None
    if near is None or address not in near.cidr or (near.until and near.until <= timezone.now()):
        return None
    return near


def of_untouched(rows: Sequence[PrefixRow]) -> tuple[Counter[int], SetAside]:
    """What is free, by prefix length, and set aside of prefixes of a namespaced super of which nobody has a copy."""
    free: Counter[int] = Counter()
    reserved = 0
    for row in rows:
        left, kept = untouched(row)
        free.update(cidr.prefixlen for cidr in left)
        reserved += sum(cidr.size for cidr in kept)
    return free, SetAside(reserved=reserved)


def reserved_gateways(held: Iterable[Sequence[PrefixRow]]) -> set[int]:
    """Those of these prefixes, by id, that have a gateway which nobody holds."""
    named = with_gateway(held)
    return named - set(held_gateways(named).values_list("prefix", flat=True)) if named else named


def with_gateway(held: Iterable[Sequence[PrefixRow]]) -> set[int]:
    """Those of these prefixes, by id, that have a gateway."""
    return {row.pk for rows in held for row in rows if row.gateway}


def held_gateways(prefixes: set[int]) -> QuerySet[IPAddress]:
    """The gateways of these prefixes that somebody holds."""
    return IPAddress.objects.filter(prefix__pk__one_of=prefixes, address=F("prefix__gateway")).order_by()


def sentences(network: Network, family: Family, namespace_id: UUID | None = None) -> str:
    """What else there is of a family that has no room, for people; empty where nothing is."""
    mine = SetAsideBlock.objects.filter(network=network, family=family, namespace=namespace_id).order_by()
    kept: Counter[Any] = Counter()
    for key, length, number in mine.values_list("range", "length").annotate(number=Count("pk")):
        kept[key] += number * size(family, length)
    cooling, said = kept.pop(None, 0), ""
    if kept:
        seen = access.visible(AddressRange.objects.filter(network=network, family=family)).only("name", "first", "last")
        names = [one.name or str(one) for one in seen if one.pk in kept]
        ranges = f"range{'s' if len(names) > 1 else ''} {some(names)}" if names else "ranges of others"
        said += f" {kept.total():,} more {'is' if kept.total() == 1 else 'are'} reserved by {ranges}."
    if cooling and (first := mine.filter(until__isnull=False).order_by("until").first()):
        said += (
            f" {cooling:,} more cool{'s' * (cooling == 1)} until {first.until:%Y-%m-%d %H:%M:%S} UTC at the earliest."
        )
    return said


def word() -> Case:
    """The word for a block, as `SetAside` has it."""
    return Case(
        When(range__isnull=False, then=Value("reserved")),
        When(until__gt=timezone.now(), then=Value("cooling")),
        default=Value("available"),
        output_field=CharField(),
    )
