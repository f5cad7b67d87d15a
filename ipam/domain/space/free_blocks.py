"""What is free in a network or prefix, as blocks that a person can use."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from uuid import UUID

from django.db.models import Count, F, QuerySet
from django.db.models.expressions import OrderBy
from django.utils import timezone
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block, fitting, size
from ipam.domain.space import aside, free_space
from ipam.models import FreeBlock, Prefix, SetAsideBlock
from ipam.models.super_networks import ChildChoice

# The order in which a super network chooses among the blocks of a prefix that have room (rule 14), and their rank in
# it, by prefix length and first address.
_ORDERS: dict[str, Sequence[str | OrderBy]] = {
    ChildChoice.BEST_FIT: [F("length").desc(), "first"],
    ChildChoice.SPARSE: ["length", "first"],
    ChildChoice.FIRST_FIT: ["first"],
}
_RANKS: dict[str, Callable[[int, int], tuple[int, int]]] = {
    ChildChoice.BEST_FIT: lambda length, first: (-length, first),
    ChildChoice.SPARSE: lambda length, first: (length, first),
    ChildChoice.FIRST_FIT: lambda length, first: (first, length),
}


@dataclass(frozen=True, kw_only=True)
class FreeSpace:
    """The free space of one family: its largest blocks, and all of it counted by prefix length.

    `fits` counts the blocks of the length that was asked about; `next` is the one that a child would get.
    """

    family: Family
    blocks: list[IPNetwork]
    lengths: dict[int, int]  # {prefix length: how many free blocks}
    length: int | None = None
    fits: int | None = None
    next: IPNetwork | None = None

    @property
    def available_ips(self) -> int:
        return sum(size(self.family, length) * blocks for length, blocks in self.lengths.items())


def by_family(
    prefixes: Sequence[Prefix],
    *,
    lengths: Mapping[Family, int] | None = None,
    namespace: UUID | None = None,
    most: int = 100,
) -> dict[Family, FreeSpace]:
    """The free space of these prefixes of one network, per family, its `most` (1..1000) largest blocks named.

    `lengths` asks per family how many blocks of that prefix length fit and which comes next. In a namespaced super
    it is the space of the project `namespace`; without one, of a project that has taken nothing yet. Two statements.
    """
    asked = lengths or {}
    _check_lengths(asked)
    free = FreeBlock.objects.filter(prefix__in=prefixes, namespace=namespace)
    spaces, following = _stored(free, most, asked, prefixes[0].network.child_choice)
    if any(prefix.sets_aside and prefix.network.cools_for(prefix.address_family) for prefix in prefixes):
        _add_cooled(spaces, prefixes, namespace, most)
    is_touched = bool(spaces) and prefixes[0].network.is_namespaced  # what is stored says so by itself
    untouched = not is_touched and free_space.is_untouched(prefixes[0].network, namespace)
    if untouched:
        spaces = _whole_prefixes(prefixes)
    found = {}
    for family in sorted({prefix.address_family for prefix in prefixes}):
        found[family] = spaces.get(family, FreeSpace(family=family, blocks=[], lengths={}))
        if family in asked:
            length = asked[family]
            coming = _next_of_whole_prefixes(prefixes, family, length) if untouched else following.get(family)
            found[family] = _answer_length(found[family], length, coming)
    return found


def _check_lengths(lengths: Mapping[Family, int]) -> None:
    for family, length in lengths.items():
        if not 0 <= length <= family.bits:
            detail = f"/{length} is no {family.label} prefix length; use 0 to {family.bits}."
            raise errors.Invalid(detail, field="length")


def _stored(
    free: QuerySet[FreeBlock], most: int, asked: Mapping[Family, int], choice: str
) -> tuple[dict[Family, FreeSpace], dict[Family, IPNetwork | None]]:
    """The free space of each family, and the block of the length asked about that comes next."""
    lengths: dict[Family, Counter[int]] = defaultdict(Counter)
    # By prefix too, as the index of best fit has it.
    for row in free.order_by().values("prefix", "family", "length").annotate(blocks=Count("pk")):
        lengths[Family(row["family"])][row["length"]] += row["blocks"]
    named = _named(free, lengths, most, asked, choice)
    spaces = {
        family: FreeSpace(
            family=family,
            blocks=[one.cidr for one in named[family][:most]],
            lengths=dict(lengths[family]),
        )
        for family in lengths
    }
    coming = {family: _next(named[family], length, choice) for family, length in asked.items() if family in named}
    return spaces, coming


def _add_cooled(spaces: dict[Family, FreeSpace], prefixes: Sequence[Prefix], namespace: UUID | None, most: int) -> None:
    """Count what has cooled as free, before anybody has made it so; one statement."""
    cooled = SetAsideBlock.objects.filter(prefix__in=prefixes, namespace=namespace, until__lte=timezone.now())
    for one in cooled.order_by("prefix", "first"):
        space = spaces.setdefault(one.address_family, FreeSpace(family=one.address_family, blocks=[], lengths={}))
        space.lengths[one.length] = space.lengths.get(one.length, 0) + 1
        space.blocks[:] = sorted([*space.blocks, one.cidr], key=lambda cidr: cidr.prefixlen)[:most]


def _named(
    free: QuerySet[FreeBlock],
    lengths: Mapping[Family, Mapping[int, int]],
    most: int,
    asked: Mapping[Family, int],
    choice: str,
) -> dict[Family, list[FreeBlock]]:
    """The `most` largest blocks of each family, and that which the length asked about would come from; largest first.

    One statement. Only those lengths are asked for that hold so many: of a crowded prefix that is one, and its lowest
    blocks are the beginning of an index.
    """
    parts = []
    for family, counted in lengths.items():
        larger = accumulate((blocks for _, blocks in sorted(counted.items())), initial=0)
        needed = [length for length, before in zip(sorted(counted), larger, strict=False) if before < most]
        # All are of one namespace: ordering by it changes nothing, but PostgreSQL only then goes by the index.
        parts.append(
            free.filter(family=family, length__in=needed).order_by("length", "namespace_id", "prefix", "first")[:most]
        )
        if family in asked:
            fitting_ones = free.filter(family=family, length__lte=asked[family])
            parts.append(fitting_ones.order_by("prefix", "namespace_id", *_ORDERS[choice])[:1])
    single = [FreeBlock.objects.filter(pk__in=part.values("pk")).order_by() for part in parts]
    found: dict[Family, list[FreeBlock]] = defaultdict(list)
    for one in sorted(
        set(FreeBlock.objects.none().union(*single, all=True)), key=lambda one: (one.length, one.prefix_id, one.first)
    ):
        found[Family(one.family)].append(one)
    return found


def _next(blocks: Iterable[FreeBlock], length: int, choice: str) -> IPNetwork | None:
    """The lowest block of this length in the one that is chosen."""
    fits, rank = [one for one in blocks if one.length <= length], _RANKS[choice]
    best = min(fits, key=lambda one: (one.prefix_id, rank(one.length, one.first.value)), default=None)
    return best and block(Family(best.family), best.first.value, length)


def _whole_prefixes(prefixes: Sequence[Prefix]) -> dict[Family, FreeSpace]:
    """A namespaced super as a project sees it that has taken nothing: all that can be used of its prefixes."""
    whole: dict[Family, list[IPNetwork]] = defaultdict(list)
    for prefix in prefixes:
        whole[prefix.address_family] += aside.untouched(prefix)[0]
    return {
        family: FreeSpace(
            family=family,
            blocks=sorted(cidrs, key=lambda cidr: cidr.prefixlen),
            lengths=dict(Counter(cidr.prefixlen for cidr in cidrs)),
        )
        for family, cidrs in whole.items()
    }


def _next_of_whole_prefixes(prefixes: Sequence[Prefix], family: Family, length: int) -> IPNetwork | None:
    for prefix in prefixes:
        usable = aside.untouched(prefix)[0] if prefix.family == family else []
        fitting_ones = [part for part in usable if part.prefixlen <= length]
        if fitting_ones:
            rank = _RANKS[prefix.network.child_choice]
            best = min(fitting_ones, key=lambda one: rank(one.prefixlen, one.first))
            return block(family, best.first, length)
    return None


def _answer_length(space: FreeSpace, length: int, following: IPNetwork | None) -> FreeSpace:
    """The space with the answer for one length; the next block is what rule 14 would choose."""
    return replace(space, length=length, fits=fitting(space.lengths, length), next=following)
