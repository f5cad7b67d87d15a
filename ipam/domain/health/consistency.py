"""The proof that pieces make a whole: free blocks, addresses, children and what is held back are the prefix.

The arithmetic is on integers; what it needs is read in one pass over each table, in order, so that memory stays
flat and no prefix costs a statement of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, CharField, ExpressionWrapper, F, Value, When
from netaddr import IPAddress as Address

from ipam.addressing import Family, size
from ipam.domain.space import free_space, usable_space
from ipam.models import FreeBlock, IPAddress, Network, Prefix, SetAsideBlock
from ipam.models.networks import NetworkType

_CHUNK = 5_000  # rows that are read at once
_OPENING = -1  # sorts a prefix before all of its pieces


class Piece(NamedTuple):
    """A part of a whole, first..last inclusive, and its kind, such as “free”."""

    first: int
    last: int
    kind: str


FREE, TAKEN, CHILD, RESERVED, NEVER, GATEWAY = "free", "taken", "a child", "reserved", "never used", "the gateway"
IN_RANGE, COOLING = "kept by a range", "cooling"
_MAY_BE_BOTH = ({GATEWAY, TAKEN}, {NEVER, TAKEN}, {NEVER, CHILD})  # of what is older than rule 4a `older_data` tells
Show = Callable[[int, int], str]
Merges = Callable[[Piece, Piece], bool]


def find_gaps_and_overlaps(
    first: int, last: int, pieces: Iterable[Piece], *, show: Show, merges: Merges
) -> Iterator[str]:
    """What keeps `pieces`, in ascending order, from being exactly first..last without overlap: a sentence for each.

    `show` writes a range for people. `merges` says whether two free neighbours should have been one piece.
    Pieces that start outside first..last are passed over: they belong to another check.
    """
    expected = first
    before = None
    for piece in pieces:
        if not first <= piece.first <= last:
            continue
        if piece.first > expected:
            yield f"{show(expected, piece.first - 1)} is neither free nor taken"
        elif before and piece.first < expected and {before.kind, piece.kind} not in _MAY_BE_BOTH:
            yield f"{show(piece.first, min(piece.last, expected - 1))} is {before.kind} and {piece.kind} at once"
        elif before and before.kind == piece.kind == FREE and merges(before, piece):
            yield f"{show(*before[:2])} and {show(*piece[:2])} are free, but not merged"
        if piece.last >= expected:
            expected, before = piece.last + 1, piece
    if expected <= last:
        yield f"{show(expected, last)} is neither free nor taken"
    elif expected > last + 1:
        yield f"{show(last + 1, expected - 1)} lies beyond its end"


def are_buddies(lower: Piece, upper: Piece) -> bool:
    """Whether two neighbouring blocks are the halves of one."""
    length = upper.last - upper.first + 1
    return lower.last - lower.first + 1 == length and lower.first % (2 * length) == 0


def faults_of_prefixes() -> Iterator[tuple[Prefix, str]]:
    """Every fault in the space of every prefix; of namespaced prefixes, in the copy of each project."""
    copies = copies_of_space()
    rows = merge(prefixes(), addresses(), children(), free_blocks(), blocks_set_aside())
    for _, of_prefix in groupby(rows, key=itemgetter(0)):
        prefix: Prefix = next(of_prefix)[-1]
        unseen = set(copies.get(prefix.network_id, {""}))
        for namespace, of_copy in groupby(of_prefix, key=itemgetter(1)):
            if namespace in unseen:
                unseen.remove(namespace)
                yield from _violations_of_copy(prefix, namespace, (Piece(*row[2:]) for row in of_copy))
            else:
                yield prefix, f"it has free space or children{_of_project(namespace)} where it should have none"
        for namespace in sorted(unseen):
            yield from _violations_of_copy(prefix, namespace, ())


def copies_of_space() -> dict[str, set[str]]:
    """For each namespaced network, the projects (as hexadecimal text) that have taken from it."""
    return {
        network.pk: {namespace_id.hex for namespace_id in free_space.namespaces(network)}
        for network in Network.objects.filter(type=NetworkType.SUPER_NAMESPACED)
    }


def _violations_of_copy(prefix: Prefix, namespace: str, pieces: Iterable[Piece]) -> Iterator[tuple[Prefix, str]]:
    cidr, is_super = prefix.cidr, prefix.network.is_super or not prefix.reserve_ends
    all_pieces = merge(
        pieces,
        (Piece(value, value, RESERVED) for value in usable_space.edges(cidr, is_super=is_super)),
        (Piece(first, last, NEVER) for first, last in usable_space.never_used(cidr)),
        (Piece(one.value, one.value, GATEWAY) for one in [prefix.gateway] if one),
    )

    def show(first: int, last: int) -> str:
        lowest, highest = Address(first, cidr.version), Address(last, cidr.version)
        return str(lowest) if first == last else f"{lowest} to {highest}"

    for fault in find_gaps_and_overlaps(cidr.first, cidr.last, all_pieces, show=show, merges=are_buddies):
        yield prefix, f"{fault}{_of_project(namespace)}"


def _of_project(namespace: str) -> str:
    return f" in the copy of project {UUID(namespace)}" if namespace else ""


# Each row is (prefix, namespace, first, last, …): of one order in all streams, so that they can be merged.
def prefixes() -> Iterator[Any]:
    """The opening row of each prefix, with the prefix as its last value."""
    for prefix in Prefix.objects.select_related("network").order_by("pk").iterator(chunk_size=_CHUNK):
        yield prefix.pk, "", _OPENING, _OPENING, prefix


def addresses() -> Iterator[Any]:
    """A row for each address that is taken."""
    rows: Any = IPAddress.objects.order_by("prefix", "address").values_list("prefix", "address")
    for prefix_id, address in rows.iterator(chunk_size=_CHUNK):
        yield prefix_id, "", address.value, address.value, TAKEN


def children() -> Iterator[Any]:
    """A row for each child prefix, in the parent and the copy that it was carved from."""
    rows: Any = (
        Prefix.objects.exclude(parent=None)
        .order_by("parent", F("namespace").asc(nulls_first=True), "first")
        .values_list("parent", "namespace", "first", "last")
    )
    for prefix_id, namespace_id, first, last in rows.iterator(chunk_size=_CHUNK):
        yield prefix_id, namespace_id.hex if namespace_id else "", first.value, last.value, CHILD


def free_blocks() -> Iterator[Any]:
    """A row for each free block."""
    yield from _blocks(FreeBlock, Value(FREE))


def blocks_set_aside() -> Iterator[Any]:
    """A row for each block that a range keeps, or that cools."""
    yield from _blocks(SetAsideBlock, Case(When(until=None, then=Value(IN_RANGE)), default=Value(COOLING)))


def _blocks(model: type[FreeBlock | SetAsideBlock], kind: Case | Value) -> Iterator[Any]:
    rows: Any = model._default_manager.order_by("prefix", F("namespace").asc(nulls_first=True), "first").values_list(
        "prefix", "namespace", "first", "length", ExpressionWrapper(kind, output_field=CharField())
    )
    for prefix_id, namespace_id, first, length, word in rows.iterator(chunk_size=_CHUNK):
        last = first.value + size(Family.of(first), length) - 1
        yield prefix_id, namespace_id.hex if namespace_id else "", first.value, last, word
