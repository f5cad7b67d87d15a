"""A prefix as a row of equal cells, each with how much of it is taken: the data behind the picture."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, Count, F, Func, OuterRef, QuerySet, Subquery, Value
from django.utils import timezone
from netaddr import IPAddress as Address
from netaddr import IPNetwork, spanning_cidr

from ipam import errors
from ipam.addressing import Family, block, blocks_between, size, utilization
from ipam.domain.space import aside, free_space, usable_space
from ipam.domain.space.gaps import gaps
from ipam.models import FreeBlock, IPAddress, Prefix, SetAsideBlock, Tenure
from ipam.models.prefixes import PrefixQuerySet
from ipam.models.tenures import TenureQuerySet
from ipam.special_ranges import Span

MAX_CELLS = 4096

FreeSlice = tuple[bytes, int, int]  # whole bytes of the first address that tell cells apart, length, number of blocks


@dataclass(frozen=True)
class Cell:
    """One of the equal blocks that a prefix is drawn as; `used` is taken over takeable space, 0..1."""

    cidr: IPNetwork
    state: str  # free, partial, full; reserved: nothing in it is given by itself; cooling: it was released lately
    used: float


@dataclass(frozen=True)
class Drawing:
    """The cells of what is drawn, and the free blocks in it: {prefix length: how many}."""

    cells: list[Cell]
    free_lengths: dict[int, int]


def of_prefix(
    prefix: Prefix,
    *,
    cells: int = 256,
    within: IPNetwork | None = None,
    namespace: UUID | None = None,
    at: datetime | None = None,
) -> Drawing:
    """Draw a prefix, or the block `within` it, as `cells` (a power of two, 1..4096) equal blocks.

    Fewer when it has fewer addresses. One statement for a prefix, two for a block within it: free blocks are grouped
    in the database by the leading bytes that tell one cell from the next. Of a namespaced super, `namespace` names
    the project. With `at` it is drawn as it was at that moment, by tenures; Invalid for one that has not come.
    """
    whole = within or prefix.cidr
    _check(prefix, whole, cells, at)
    reserved = _held_back(prefix, _unheld_gateway(prefix))
    length = min(whole.prefixlen + int(math.log2(cells)), Family.of(whole).bits)
    if at is not None:
        free = _free_at(prefix, whole, namespace, at)
        return Drawing(draw(whole, length, free, reserved), dict(Counter(found for _, found, _ in free)))
    set_aside = [SetAsideBlock.objects.annotate(word=aside.word())] if prefix.sets_aside else []
    kept = _slices([FreeBlock.objects.annotate(word=Value("free")), *set_aside], prefix, whole, length, namespace)
    free = kept.pop("free", []) + kept.pop("available", [])
    is_touched = bool(free) and prefix.network.is_namespaced  # what is stored says so by itself
    if not is_touched and free_space.is_untouched(prefix.network, namespace):
        free, kept["reserved"] = ([_whole(part) for part in parts] for parts in aside.untouched(prefix))
    return Drawing(draw(whole, length, free, reserved, **kept), _lengths(free))


def _lengths(free: Iterable[FreeSlice]) -> dict[int, int]:
    """How many blocks of each prefix length there are."""
    lengths: Counter[int] = Counter()
    for _, block_length, blocks in free:
        lengths[block_length] += blocks
    return dict(lengths)


def _held_back(prefix: Prefix, gateway: Address | None) -> list[Span]:
    """What of a prefix is never free."""
    is_super = prefix.network.is_super or not prefix.reserve_ends
    return usable_space.held_back(prefix.cidr, is_super=is_super, gateway=gateway)


def _whole(part: IPNetwork) -> FreeSlice:
    return Address(part.first, part.version).packed, part.prefixlen, 1


def _unheld_gateway(prefix: Prefix) -> Address | None:
    """The gateway while nobody holds it; a statement where there is one."""
    is_held = prefix.gateway is not None and prefix.addresses.filter(address=prefix.gateway).exists()
    return None if is_held else prefix.gateway


def _check(prefix: Prefix, whole: IPNetwork, cells: int, at: datetime | None) -> None:
    if at is not None and at > timezone.now():
        raise errors.Invalid("That moment has not come yet. Give one that has passed.", field="at")
    if not (1 <= cells <= MAX_CELLS and cells & (cells - 1) == 0):
        raise errors.Invalid(f"cells is a power of two from 1 to {MAX_CELLS}.", field="cells")
    if whole not in prefix.cidr:
        raise errors.NotInPrefix(f"{whole} does not lie in {prefix}.", field="within")


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


def draw(
    whole: IPNetwork,
    length: int,
    free: Iterable[FreeSlice],
    never_free: Iterable[Span] = (),
    *,
    reserved: Iterable[FreeSlice] = (),
    cooling: Iterable[FreeSlice] = (),
) -> list[Cell]:
    """The cells of prefix length `length` of a block, given its free space, what is never free, what ranges keep and
    what cools; pure arithmetic.
    """
    family = Family.of(whole)
    shift = family.bits - length
    first, count = whole.first >> shift, 1 << (length - whole.prefixlen)
    available, held_back, cool = (_by_cell(whole, length, blocks) for blocks in (free, reserved, cooling))
    for lowest, highest in never_free:
        for cell in range(max(lowest >> shift, first), min(highest >> shift, first + count - 1) + 1):
            held_back[cell] += min(highest, (cell + 1 << shift) - 1) - max(lowest, cell << shift) + 1
    return [
        _cell(family, cell, length, available[cell], cool[cell], (1 << shift) - held_back[cell])
        for cell in range(first, first + count)
    ]


def _by_cell(whole: IPNetwork, length: int, blocks: Iterable[FreeSlice]) -> Counter[int]:
    """How many addresses of blocks lie in each cell."""
    family = Family.of(whole)
    shift = family.bits - length
    first, count = whole.first >> shift, 1 << (length - whole.prefixlen)
    found: Counter[int] = Counter()
    for cut, block_length, number in blocks:
        start = int.from_bytes(cut.ljust(family.bits // 8, b"\0"), "big") >> shift
        if block_length > length:
            found[start] += number * size(family, block_length)
            continue
        end = start + (1 << (length - block_length))  # a block of one or more whole cells
        for cell in range(max(start, first), min(end, first + count)):
            found[cell] = 1 << shift
    return found


def _cell(family: Family, number: int, length: int, available: int, cool: int, takeable: int) -> Cell:
    taken = takeable - available - cool
    if takeable == 0 or takeable == cool:
        state = "cooling" if takeable else "reserved"
    else:
        state = "free" if takeable == available else "partial" if available or cool else "full"
    return Cell(block(family, number << (family.bits - length), length), state, utilization(taken, takeable))


def held_at(prefix: Prefix, whole: IPNetwork, namespace: UUID | None, moment: datetime) -> TenureQuerySet:
    """Who held addresses, or children, of a prefix at a moment: those in `whole`, and a child that holds all of it.

    By where they lie: a prefix may have been another block then, or a part of one.
    """
    is_super = prefix.network.is_super
    space = namespace if is_super else prefix.namespace_id
    held = Tenure.objects.held_at(moment).filter(namespace_id=space)
    if is_super:
        return (held.of_blocks().within(whole) | held.around(whole)).order_by("address")
    return held.of_addresses().within(whole).order_by("address")


def _free_at(prefix: Prefix, whole: IPNetwork, namespace: UUID | None, moment: datetime) -> list[FreeSlice]:
    """The free blocks in `whole` at a moment: what the addresses, or children, that were held then left over."""
    family = prefix.address_family
    taken = [
        (first.value, first.value + (1 if length is None else size(family, length)) - 1)
        for first, length in held_at(prefix, whole, namespace, moment).values_list("address", "length").iterator()
    ]
    held_back = _held_back(prefix, prefix.gateway)
    return [
        (Address(part.first, part.version).packed, part.prefixlen, 1)
        for first, last in gaps(whole.first, whole.last, merge(taken, held_back))
        for part in blocks_between(family, first, last)
    ]


def _slices(
    kinds: list[QuerySet[Any]], prefix: Prefix, whole: IPNetwork, length: int, namespace: UUID | None
) -> dict[str, list[FreeSlice]]:
    """The blocks in `whole` by their `word`, counted by length and by as many leading bytes as tell cells apart.

    All that is read lies in the index of best fit, and of that only what is in sight: told all the lengths that there
    may be, the database looks for the range once per length instead of reading every free block of the prefix.
    """
    kinds = [rows.filter(prefix=prefix, namespace=namespace) for rows in kinds]
    found: dict[str, list[FreeSlice]] = defaultdict(list)
    if whole != prefix.cidr:
        first, last = Address(whole.first, whole.version), Address(whole.last, whole.version)
        known = {"network": prefix.network_id, "family": prefix.family}
        for rows in kinds:
            before = rows.filter(first__lte=first, **known).order_by("-first").first()
            if before is not None and whole in before.cidr:
                return {before.word: [(before.first.packed, before.length, 1)]}
        lengths = range(whole.prefixlen, prefix.address_family.bits + 1)
        kinds = [rows.filter(length__in=lengths, first__gte=first, first__lte=last) for rows in kinds]
    bytes_of_cell = Value(1 + math.ceil(length / 8))  # the stored value begins with the byte of its family
    cut = Func(F("first"), Value(1), bytes_of_cell, function="SUBSTR", output_field=BinaryField())
    grouped = (rows.order_by().annotate(cut=cut).values_list("cut", "length", "word") for rows in kinds)
    counted, *others = (rows.annotate(blocks=Count("*")) for rows in grouped)
    for start, block_length, of_word, blocks in counted.union(*others, all=True) if others else counted:
        found[of_word].append((bytes(start)[1:], block_length, blocks))
    return found
