"""A prefix as a row of equal cells, each with how much of it is taken: the data behind the picture."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import BinaryField, Count, F, Func, OuterRef, Subquery, Value
from netaddr import IPAddress as Address
from netaddr import IPNetwork, spanning_cidr

from ipam import errors
from ipam.addressing import Family, block, size, utilization
from ipam.domain.space import free_space, usable_space
from ipam.models import FreeBlock, IPAddress, Prefix
from ipam.models.prefixes import PrefixQuerySet
from ipam.special_ranges import Span

MAX_CELLS = 4096

# (bytes of the first address, cut to whole bytes that tell cells apart; prefix length; how many such blocks)
FreeSlice = tuple[bytes, int, int]


@dataclass(frozen=True)
class Cell:
    """One of the equal blocks that a prefix is drawn as; `used` is taken over takeable space, 0..1."""

    cidr: IPNetwork
    state: str  # free, partial, full, or reserved: nothing in it can ever be taken
    used: float


@dataclass(frozen=True)
class Drawing:
    """The cells of what is drawn, and the free blocks in it: {prefix length: how many}."""

    cells: list[Cell]
    free_lengths: dict[int, int]


def of_prefix(
    prefix: Prefix, *, cells: int = 256, within: IPNetwork | None = None, namespace: UUID | None = None
) -> Drawing:
    """Draw a prefix, or the block `within` it, as `cells` (a power of two, 1..4096) equal blocks.

    Fewer when it has fewer addresses. One statement for a prefix, two for a block within it: free blocks are grouped
    in the database by the leading bytes that tell one cell from the next. Of a namespaced super, `namespace` names
    the project.
    """
    if not (1 <= cells <= MAX_CELLS and cells & (cells - 1) == 0):
        raise errors.Invalid(f"cells is a power of two from 1 to {MAX_CELLS}.", field="cells")
    whole = within or prefix.cidr
    if whole not in prefix.cidr:
        raise errors.NotInPrefix(f"{whole} does not lie in {prefix}.", field="within")
    length = min(whole.prefixlen + int(math.log2(cells)), Family.of(whole).bits)
    free = _free(prefix, whole, length, namespace)
    is_touched = bool(free) and prefix.network.is_namespaced  # what is stored says so by itself
    if not is_touched and free_space.is_untouched(prefix.network, namespace):
        usable = usable_space.parts(prefix.cidr, is_super=True)
        free = [(Address(part.first, part.version).packed, part.prefixlen, 1) for part in usable]
    reserved = usable_space.held_back(prefix.cidr, is_super=prefix.network.is_super)
    lengths: Counter[int] = Counter()
    for _, block_length, blocks in free:
        lengths[block_length] += blocks
    return Drawing(draw(whole, length, free, reserved), dict(lengths))


def children_in_sight(prefix: Prefix, whole: IPNetwork, length: int) -> PrefixQuerySet:
    """The child prefixes that fill at least one cell of prefix length `length` of `whole`, largest first.

    There may be 100,000 smaller ones; those are not looked at.
    """
    filling = Prefix.objects.filter(parent=prefix, length__in=range(prefix.length, length + 1))
    return filling.overlapping(whole).order_by("length", "first")


def taken_spans(prefixes: Iterable[Prefix], namespace: UUID | None = None) -> dict[int, IPNetwork]:
    """The smallest block of each prefix that holds all that was taken from it, by its id; one statement.

    Prefixes from which nothing was taken are left out. Each end is one look at an index, at any fill level.
    """
    # Siblings do not overlap, so the one that starts last ends last. All are of one namespace: ordering by it changes
    # nothing, but PostgreSQL only then reads an end off the index.
    children = Prefix.objects.filter(parent=OuterRef("pk"), namespace=namespace).order_by("namespace_id", "first")
    held = IPAddress.objects.filter(prefix=OuterRef("pk")).order_by("address")
    ends = Prefix.objects.filter(pk__in=[prefix.pk for prefix in prefixes]).values_list(
        "pk",
        Subquery(children.values("first")[:1]),
        Subquery(children.reverse().values("last")[:1]),
        Subquery(held.values("address")[:1]),
        Subquery(held.reverse().values("address")[:1]),
    )
    spans = {}
    for key, first_child, last_child, first_held, last_held in ends:
        first, last = first_child or first_held, last_child or last_held
        if first is not None:
            spans[key] = spanning_cidr([first, last])
    return spans


def draw(whole: IPNetwork, length: int, free: Iterable[FreeSlice], reserved: Iterable[Span] = ()) -> list[Cell]:
    """The cells of prefix length `length` of a block, given its free space and what is never free; pure arithmetic."""
    family = Family.of(whole)
    shift = family.bits - length
    first, count = whole.first >> shift, 1 << (length - whole.prefixlen)
    available: Counter[int] = Counter()
    for cut, block_length, blocks in free:
        start = int.from_bytes(cut.ljust(family.bits // 8, b"\0"), "big") >> shift
        if block_length > length:
            available[start] += blocks * size(family, block_length)
            continue
        end = start + (1 << (length - block_length))  # a free block of one or more whole cells
        for cell in range(max(start, first), min(end, first + count)):
            available[cell] = 1 << shift
    held_back: Counter[int] = Counter()
    for lowest, highest in reserved:
        for cell in range(max(lowest >> shift, first), min(highest >> shift, first + count - 1) + 1):
            held_back[cell] += min(highest, (cell + 1 << shift) - 1) - max(lowest, cell << shift) + 1
    return [
        _cell(family, cell, length, available[cell], (1 << shift) - held_back[cell])
        for cell in range(first, first + count)
    ]


def _cell(family: Family, number: int, length: int, available: int, takeable: int) -> Cell:
    taken = takeable - available
    state = "reserved" if takeable == 0 else "free" if taken == 0 else "full" if available == 0 else "partial"
    return Cell(block(family, number << (family.bits - length), length), state, utilization(taken, takeable))


def _free(prefix: Prefix, whole: IPNetwork, length: int, namespace: UUID | None) -> list[FreeSlice]:
    """The free blocks in `whole`, counted by length and by as many leading bytes as tell cells apart.

    All that is read lies in the index of best fit, and of that only what is in sight: told all the lengths that there
    may be, the database looks for the range once per length instead of reading every free block of the prefix.
    """
    free = FreeBlock.objects.filter(prefix=prefix, namespace=namespace)
    if whole != prefix.cidr:
        first, last = Address(whole.first, whole.version), Address(whole.last, whole.version)
        before = FreeBlock.objects.of(prefix, namespace).filter(first__lte=first).order_by("-first").first()
        if before is not None and whole in before.cidr:
            return [(before.first.packed, before.length, 1)]
        lengths = range(whole.prefixlen, prefix.address_family.bits + 1)
        free = free.filter(length__in=lengths, first__gte=first, first__lte=last)
    significant = 1 + math.ceil(length / 8)  # the stored value begins with the byte of its family
    cut = Func(F("first"), Value(1), Value(significant), function="SUBSTR", output_field=BinaryField())
    counted = free.order_by().annotate(cut=cut).values("cut", "length").annotate(blocks=Count("*"))
    return [(bytes(row["cut"])[1:], row["length"], row["blocks"]) for row in counted]
