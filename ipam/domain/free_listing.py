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
from ipam.domain import free_space
from ipam.models import FreeBlock, Prefix


@dataclass(frozen=True, kw_only=True)
class FreeSpace:
    """The free space of one family: its largest blocks, and all of it counted by prefix length.

    `of_prefix` is how many addresses are free in each prefix, by its id.
    `fits` counts the blocks of the length that was asked about; `next` is the one that a child would get.
    """

    family: Family
    blocks: list[IPNetwork]
    lengths: dict[int, int]  # {prefix length: how many free blocks}
    of_prefix: dict[int, int]
    length: int | None = None
    fits: int | None = None
    next: IPNetwork | None = None

    @property
    def available_ips(self) -> int:
        return sum(size(self.family, length) * blocks for length, blocks in self.lengths.items())


def of_prefixes(
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
    for family, length in (lengths or {}).items():
        if not 0 <= length <= family.bits:
            raise errors.Invalid(
                f"/{length} is no {family.label} prefix length; use 0 to {family.bits}.", field="length"
            )
    free = FreeBlock.objects.filter(prefix__in=prefixes, namespace=namespace)
    spaces = _stored(free, most)
    is_touched = bool(spaces) and prefixes[0].network.is_namespaced  # what is stored says so by itself
    untouched = not is_touched and free_space.is_untouched(prefixes[0].network, namespace)
    if untouched:
        spaces = _untouched(prefixes)
    found = {}
    for family in sorted({prefix.address_family for prefix in prefixes}):
        space = spaces.get(family, FreeSpace(family=family, blocks=[], lengths={}, of_prefix={}))
        asked = (lengths or {}).get(family)
        stored = FreeBlock.objects.none() if untouched else free.filter(family=family)
        found[family] = space if asked is None else _asked(space, asked, stored)
    return found


def _stored(free: QuerySet[FreeBlock], most: int) -> dict[Family, FreeSpace]:
    lengths: dict[Family, Counter[int]] = defaultdict(Counter)
    of_prefix: dict[Family, Counter[int]] = defaultdict(Counter)
    for row in free.order_by().values("prefix", "family", "length").annotate(blocks=Count("pk")):
        family = Family(row["family"])
        lengths[family][row["length"]] += row["blocks"]
        of_prefix[family][row["prefix"]] += row["blocks"] * size(family, row["length"])
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


def _untouched(prefixes: Sequence[Prefix]) -> dict[Family, FreeSpace]:
    """A namespaced super as a project sees it that has taken nothing: whole prefixes."""
    whole: dict[Family, list[IPNetwork]] = defaultdict(list)
    for prefix in sorted(prefixes, key=lambda one: one.length):
        whole[prefix.address_family].append(prefix.cidr)
    return {
        family: FreeSpace(
            family=family,
            blocks=cidrs,
            lengths=dict(Counter(cidr.prefixlen for cidr in cidrs)),
            of_prefix={prefix.pk: prefix.cidr.size for prefix in prefixes if prefix.family == family},
        )
        for family, cidrs in whole.items()
    }


def _asked(space: FreeSpace, length: int, free: QuerySet[FreeBlock]) -> FreeSpace:
    """The space with the answer for one length; the next block is what rule 14 would choose."""
    stored = free.filter(length__lte=length).order_by("prefix", "namespace_id", F("length").desc(), "first").first()
    large_enough = [cidr for cidr in space.blocks if cidr.prefixlen <= length]
    best = stored.cidr if stored else large_enough[-1] if large_enough else None
    following = block(space.family, best.first, length) if best else None
    return replace(space, length=length, fits=fitting(space.lengths, length), next=following)
