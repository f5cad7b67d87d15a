"""What ranges keep and what cools, told apart anew from what nobody holds."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile
from uuid import UUID

from django.db.models import Q

from ipam.addressing import Family, blocks_between
from ipam.domain.space import cooling, set_aside
from ipam.domain.space.free_rows import Part
from ipam.domain.space.gaps import gaps
from ipam.domain.space.set_aside import Kept
from ipam.models import AddressRange, SetAsideBlock
from ipam.models.prefixes import PrefixQuerySet


class Keepers:
    """The ranges of some prefixes and what cools in them, which divide their space that nobody holds.

    What a range keeps follows from it and is made anew. What cools cannot: it stays, as far as nobody holds it.
    """

    def __init__(self, prefixes: PrefixQuerySet) -> None:
        self._prefixes = prefixes
        self._ranges: dict[int, list[AddressRange]] = defaultdict(list)
        self._cooling: dict[tuple[int, UUID | None], list[SetAsideBlock]] = defaultdict(list)
        self._kept: list[Kept] = []
        for one in AddressRange.objects.filter(prefix__in=prefixes).order_by("prefix", "first"):
            self._ranges[one.prefix_id].append(one)
        for block in SetAsideBlock.objects.filter(prefix__in=prefixes, until__isnull=False).order_by("first"):
            self._cooling[block.prefix_id, block.namespace_id].append(block)

    def free(self, parts: list[Part]) -> list[Part]:
        """What is free of the space of one copy of a prefix that nobody holds."""
        if not parts:
            return []
        left, kept = set_aside.divide(parts, self._ranges.get(parts[0].prefix_id, []))
        self._kept += kept
        cooling = self._cooling.get((parts[0].prefix_id, parts[0].namespace_id), [])
        return [free for part in left for free in self._warm(part, cooling)]

    def store(self) -> None:
        """Set aside what was divided, in the place of what was; each prefix says whether it has any."""
        SetAsideBlock.objects.filter(prefix__in=self._prefixes).delete()
        set_aside.store(self._kept)
        may_be = Q(pk__in=list(self._ranges)) | Q(sets_aside=True) | ~Q(network__quarantine={})
        for prefix in self._prefixes.filter(may_be).select_related("network"):
            cooling.settle(prefix.network, [prefix])

    def _warm(self, part: Part, cooling: Sequence[SetAsideBlock]) -> Iterator[Part]:
        family, spans = Family.of(part.cidr), []
        near = bisect_left(cooling, part.cidr.first, key=lambda block: block.cidr.last)
        for block in takewhile(lambda block: block.cidr.first <= part.cidr.last, cooling[near:]):
            first, last = max(block.cidr.first, part.cidr.first), min(block.cidr.last, part.cidr.last)
            for cidr in blocks_between(family, first, last):
                kept = Kept(part._replace(cidr=cidr), until=block.until, project_id=block.project_id)
                self._kept.append(kept)
                spans.append((cidr.first, cidr.last))
        for first, last in gaps(part.cidr.first, part.cidr.last, spans):
            yield from (part._replace(cidr=cidr) for cidr in blocks_between(family, first, last))
