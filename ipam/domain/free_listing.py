"""What is free in a network or prefix, as blocks that a person can use."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block, fitting, size
from ipam.domain import free_space
from ipam.models import FreeBlock, Prefix

MOST_BLOCKS = 1000


@dataclass(frozen=True, kw_only=True)
class FreeSpace:
    """The free space of one family: its largest blocks, and all of it counted by prefix length.

    `fits` counts the blocks of the length that was asked about; `next` is the one that a child would get.
    """

    family: Family
    blocks: list[IPNetwork]
    lengths: dict[int, int]  # {prefix length: how many free blocks}, shortest first
    length: int | None = None
    fits: int | None = None
    next: IPNetwork | None = None

    @property
    def available_ips(self) -> int:
        return sum(size(self.family, length) * blocks for length, blocks in self.lengths.items())


def of_prefixes(
    prefixes: Sequence[Prefix],
    family: Family,
    *,
    length: int | None = None,
    namespace: UUID | None = None,
    most: int = 100,
) -> FreeSpace:
    """The free space of these prefixes of one family, its `most` (1..1000) largest blocks named.

    `length` asks how many blocks of that prefix length fit and which comes next. In a namespaced super it is the
    space of the project `namespace`; without one, of a project that has taken nothing yet.
    """
    if length is not None and not 0 <= length <= family.bits:
        raise errors.Invalid(f"/{length} is no {family.label} prefix length; use 0 to {family.bits}.", field="length")
    own = [prefix for prefix in prefixes if prefix.family == family]
    if own and free_space.is_untouched(own[0].network, namespace):
        whole = [prefix.cidr for prefix in own]
        blocks = sorted(whole, key=lambda cidr: cidr.prefixlen)[:most]
        lengths = dict(sorted(Counter(cidr.prefixlen for cidr in whole).items()))
        following = None if length is None else _start(whole, length)
    else:
        free = FreeBlock.objects.filter(prefix__in=own, namespace=namespace)
        blocks = [one.cidr for one in free.order_by("length", "prefix", "first")[:most]]
        lengths = dict(free.order_by("length").values_list("length").annotate(blocks=Count("pk")))
        following = None if length is None else _next(own, length, namespace)
    return FreeSpace(
        family=family,
        blocks=blocks,
        lengths=lengths,
        length=length,
        fits=None if length is None else fitting(lengths, length),
        next=following,
    )


def _next(prefixes: Sequence[Prefix], length: int, namespace: UUID | None) -> IPNetwork | None:
    """What a child of this length would get (rule 14)."""
    for prefix in prefixes:
        best = FreeBlock.objects.of(prefix, namespace).best_fit(length).first()
        if best is not None:
            return _start([best.cidr], length)
    return None


def _start(blocks: Sequence[IPNetwork], length: int) -> IPNetwork | None:
    return next((block(Family.of(free), free.first, length) for free in blocks if free.prefixlen <= length), None)
