"""What is free in a network or prefix, as blocks that a person can use."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from uuid import UUID

from django.db.models import Count, F, QuerySet
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block, fitting, size
from ipam.domain.space import free_space, usable_space
from ipam.domain.space.gaps import free_range
from ipam.models import FreeBlock, Prefix


@dataclass(frozen=True, kw_only=True)
class FreeSpace:
    """The free space of one family: its largest blocks, and all of it counted by prefix length.

    `of_prefix` is the free space of each prefix, by its id, counted by prefix length too.
    `fits` counts the blocks of the length that was asked about; `next` is the one that a child would get.
    """

    family: Family
    blocks: list[IPNetwork]
    lengths: dict[int, int]  # {prefix length: how many free blocks}
    of_prefix: dict[int, dict[int, int]]
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
    it is the space of the project `namespace`; without one, of a project that has taken nothing yet. Two
    statements, and one for each length that is asked about.
    """
    asked = lengths or {}
    _check_lengths(asked)
    free = FreeBlock.objects.filter(prefix__in=prefixes, namespace=namespace)
    spaces = _stored(free, most)
    is_touched = bool(spaces) and prefixes[0].network.is_namespaced  # what is stored says so by itself
    untouched = not is_touched and free_space.is_untouched(prefixes[0].network, namespace)
    if untouched:
        spaces = _whole_prefixes(prefixes)
    found = {}
    for family in sorted({prefix.address_family for prefix in prefixes}):
        found[family] = spaces.get(family, FreeSpace(family=family, blocks=[], lengths={}, of_prefix={}))
        if family in asked:
            length, stored = asked[family], free.filter(family=family)
            following = _next_of_whole_prefixes(prefixes, family, length) if untouched else _next_stored(stored, length)
            found[family] = _answer_length(found[family], length, following)
    return found


def _check_lengths(lengths: Mapping[Family, int]) -> None:
    for family, length in lengths.items():
        if not 0 <= length <= family.bits:
            detail = f"/{length} is no {family.label} prefix length; use 0 to {family.bits}."
            raise errors.Invalid(detail, field="length")


def _stored(free: QuerySet[FreeBlock], most: int) -> dict[Family, FreeSpace]:
    lengths: dict[Family, Counter[int]] = defaultdict(Counter)
    of_prefix: dict[Family, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in free.order_by().values("prefix", "family", "length").annotate(blocks=Count("pk")):
        family = Family(row["family"])
        lengths[family][row["length"]] += row["blocks"]
        of_prefix[family][row["prefix"]][row["length"]] = row["blocks"]
    blocks = _largest(free, lengths, most)
    return {
        family: FreeSpace(
            family=family, blocks=blocks[family], lengths=dict(lengths[family]), of_prefix=dict(of_prefix[family])
        )
        for family in lengths
    }


def _largest(
    free: QuerySet[FreeBlock], lengths: Mapping[Family, Mapping[int, int]], most: int
) -> dict[Family, list[IPNetwork]]:
    """The `most` largest blocks of each family, largest first; one statement.

    Only those lengths are asked for that hold so many: of a crowded prefix that is one, and its lowest blocks are the
    beginning of an index.
    """
    chosen = FreeBlock.objects.none()
    for family, counted in lengths.items():
        larger = accumulate((blocks for _, blocks in sorted(counted.items())), initial=0)
        needed = [length for length, before in zip(sorted(counted), larger, strict=False) if before < most]
        # All are of one namespace: ordering by it changes nothing, but PostgreSQL only then goes by the index.
        largest_first = free.filter(family=family, length__in=needed).order_by(
            "length", "namespace_id", "prefix", "first"
        )
        chosen = chosen.union(FreeBlock.objects.filter(pk__in=largest_first.values("pk")[:most]).order_by(), all=True)
    blocks: dict[Family, list[IPNetwork]] = defaultdict(list)
    for one in sorted(chosen, key=lambda one: (one.length, one.prefix_id, one.first)):
        blocks[Family(one.family)].append(one.cidr)
    return blocks


def _whole_prefixes(prefixes: Sequence[Prefix]) -> dict[Family, FreeSpace]:
    """A namespaced super as a project sees it that has taken nothing: all that can be used of its prefixes."""
    whole: dict[Family, list[IPNetwork]] = defaultdict(list)
    of_prefix: dict[Family, dict[int, dict[int, int]]] = defaultdict(dict)
    for prefix in prefixes:
        usable = usable_space.parts(prefix.cidr, is_super=True)
        whole[prefix.address_family] += usable
        of_prefix[prefix.address_family][prefix.pk] = dict(Counter(part.prefixlen for part in usable))
    return {
        family: FreeSpace(
            family=family,
            blocks=sorted(cidrs, key=lambda cidr: cidr.prefixlen),
            lengths=dict(Counter(cidr.prefixlen for cidr in cidrs)),
            of_prefix=of_prefix[family],
        )
        for family, cidrs in whole.items()
    }


def _next_stored(free: QuerySet[FreeBlock], length: int) -> IPNetwork | None:
    best = free.filter(length__lte=length).order_by("prefix", "namespace_id", F("length").desc(), "first").first()
    return best and block(Family(best.family), best.first.value, length)


def _next_of_whole_prefixes(prefixes: Sequence[Prefix], family: Family, length: int) -> IPNetwork | None:
    whole = [prefix.cidr for prefix in prefixes if prefix.family == family]
    return free_range(whole, [never for cidr in whole for never in usable_space.never_used_blocks(cidr)], length)


def _answer_length(space: FreeSpace, length: int, following: IPNetwork | None) -> FreeSpace:
    """The space with the answer for one length; the next block is what rule 14 would choose."""
    return replace(space, length=length, fits=fitting(space.lengths, length), next=following)
