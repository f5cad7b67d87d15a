"""Blocks for children: taken out of the prefixes of a super network and given back, for all families at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block, buddies, split_around
from ipam.domain.core import writes
from ipam.domain.core.operations import waits_for_locks
from ipam.domain.space import cooling, free_rows, free_space, usable_space
from ipam.domain.space.free_rows import Part
from ipam.fields import from_bytes
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.super_networks import ChildChoice

# The first prefix with room. What is free is asked for by prefix and namespace alone, and ordered as the index of best
# fit is, here and below: else PostgreSQL sorts thousands, or reads those that have gone.
_SOURCE = """
    SELECT id, length FROM ipam_prefix WHERE network_id = %(parent)s AND family = {family} {only} AND (
        SELECT 1 FROM ipam_freeblock
        WHERE prefix_id = ipam_prefix.id AND {within} AND length <= %(length{family})s
        ORDER BY namespace_id, length DESC LIMIT 1
    ) = 1 ORDER BY id LIMIT 1
"""
# Best fit (rule 14).
_BEST_FIT = """
    SELECT id FROM (
        SELECT id FROM ipam_freeblock
        WHERE {within} AND length <= %(length{family})s AND prefix_id = (SELECT id FROM ({source}) AS source)
        ORDER BY namespace_id, length DESC, first LIMIT 1 {lock}
    ) AS best
"""
# The other choices are among the lowest block of each length, each of which the same index finds at once.
_LOWEST = """
    SELECT id FROM (
        SELECT free.id FROM (
            SELECT source.id AS prefix_id, column1 AS length, (
                SELECT first FROM ipam_freeblock WHERE prefix_id = source.id AND {within} AND length = column1
                ORDER BY namespace_id, first LIMIT 1
            ) AS first FROM ({source}) AS source JOIN (VALUES {lengths}) AS lengths ON column1 >= source.length
        ) AS lowest JOIN ipam_freeblock AS free ON free.prefix_id = lowest.prefix_id AND {within}
            AND free.length = lowest.length AND free.first = lowest.first
        ORDER BY {order} LIMIT 1 {lock}
    ) AS best
"""
_ORDERS: dict[str, str] = {ChildChoice.SPARSE: "free.length, free.first", ChildChoice.FIRST_FIT: "free.first"}
_TAKE_OUT = """
    WITH chosen AS MATERIALIZED ({best})
    DELETE FROM ipam_freeblock WHERE id IN (SELECT id FROM chosen)
    RETURNING prefix_id, family, first, length
"""
# Of each prefix the buddies that merge with the block that comes back: those that are free, as far as one follows
# another.
_MERGING = """
    WITH wanted (prefix_id, place, first, length) AS ({wanted}),
    free AS (
        SELECT prefix_id, place, (
            SELECT id FROM ipam_freeblock
            WHERE prefix_id = wanted.prefix_id AND {within} AND length = wanted.length AND first = wanted.first
        ) AS id FROM wanted
    ),
    ranked AS (
        SELECT id, place, row_number() OVER (PARTITION BY prefix_id ORDER BY place) AS follows
        FROM free WHERE id IS NOT NULL
    ),
    merging AS MATERIALIZED (SELECT id FROM ranked WHERE place = follows)
"""
_TAKE_MERGING = {
    "sqlite": """
    DELETE FROM ipam_freeblock WHERE id IN (SELECT id FROM merging) RETURNING prefix_id, first, length, NULL
    """,
    # Locked in the order that all keep. The last column says how many there were before this waited for any.
    "postgresql": """
    , held AS MATERIALIZED (
        SELECT id FROM ipam_freeblock WHERE id IN (SELECT id FROM merging) ORDER BY family, prefix_id, first FOR UPDATE
    ),
    gone AS (DELETE FROM ipam_freeblock WHERE id IN (SELECT id FROM held) RETURNING prefix_id, first, length)
    SELECT gone.*, seen.number FROM (SELECT count(*) AS number FROM merging) AS seen LEFT JOIN gone ON TRUE
    """,
}
_WANTED = "SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::bytea[], %s::smallint[])"


class NoSpace(Exception):
    """None of the free blocks is large enough for a child of this family; the caller knows the words for it."""

    def __init__(self, family: Family) -> None:
        super().__init__(family)
        self.family = family


class Carved(NamedTuple):
    """A block that was taken out of the free space of a prefix, and what is left of the free block that it was in."""

    prefix_id: int
    cidr: IPNetwork
    left: list[IPNetwork]


class Returned(NamedTuple):
    """A block that comes back to a prefix, whose prefix length is `outermost`."""

    prefix_id: int
    outermost: int
    cidr: IPNetwork
    sets_aside: bool


def acquire(
    parent: Network, lengths: Mapping[Family, int], namespace_id: UUID | None = None, source: Prefix | None = None
) -> dict[Family, Carved]:
    """Take a block of each family out of the free space, by prefix lengths: prefixes in order, or the `source` alone,
    inside a prefix best fit (rule 14). What is left is not stored.

    NoSpace if a family has no room. Blocks that others hold are passed over; while nothing else is left in the first
    prefix with room, this waits.
    """
    found = {} if waits_for_locks() else _take(parent, lengths, namespace_id, source)
    for family, length in sorted(lengths.items()):
        free = FreeBlock.objects.filter(network=parent, family=family, namespace=namespace_id, length__lte=length)
        free = free if source is None else free.filter(prefix=source)
        while family not in found:
            if not free.exists() and not cooling.give_way(
                parent, family, 1, within=source, length=length, namespace_id=namespace_id
            ):
                raise NoSpace(family)
            if any(held > family for held in found):  # who waits holds nothing that comes after it
                raise errors.Busy("Others take the last blocks at this moment. Nothing was changed; send it again.")
            # Whoever held a block may have put others in its place that this statement does not see: then look again.
            found |= _take(parent, {family: length}, namespace_id, source, wait=True)
    return dict(sorted(found.items()))  # IPv4 first, in whatever order the database gave them


def give_back(
    parent_id: str, returned: Iterable[Returned], namespace_id: UUID | None = None, project_id: UUID | None = None
) -> None:
    """Make blocks of the prefixes of a super network free again, merged with their free buddies; at the same cost
    however many holes there are.

    The caller has locked the prefixes. Space that is never used was taken before rule 4a held, and does not become
    free; what of it a prefix sets aside, `set_aside` says, for the project that has held it.
    """
    parts = [one._replace(cidr=cidr) for one in returned for cidr in usable_space.parts(one.cidr, is_super=True)]
    keeps = any(part.sets_aside for part in parts)
    if parts and not keeps and len({part.prefix_id for part in parts}) == len(parts):
        merging, seen = _take_merging(parts, namespace_id)
        if len(merging) == seen:
            free_rows.store(Part(parent_id, one.prefix_id, namespace_id, _merged(one, merging)) for one in parts)
            return
        # Somebody took one of them meanwhile: they stay as they are, and are looked at one by one.
        free_rows.store(Part(parent_id, prefix_id, namespace_id, cidr) for prefix_id, cidr in merging)
    for part in parts:
        free_space.release(part.prefix_id, [part.cidr], namespace_id, project_id)


def _take(
    parent: Network,
    lengths: Mapping[Family, int],
    namespace_id: UUID | None,
    source: Prefix | None,
    *,
    wait: bool = False,
) -> dict[Family, Carved]:
    """Take the block that fits best for each family, as far as nobody holds it; or wait for it."""
    best = " UNION ALL ".join(
        _choice(parent, family, lengths[family], namespace_id, source, wait) for family in lengths
    )
    values = {f"length{int(family)}": length for family, length in lengths.items()} | {
        "parent": parent.pk,
        "namespace": writes.stored_uuid(namespace_id),
        "source": source and source.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT.format(best=best), values)
        rows = cursor.fetchall()
    found = {}
    for prefix_id, version, first, length in rows:
        family, start = Family(version), from_bytes(first).value
        child = block(family, start, lengths[family])
        found[family] = Carved(prefix_id, child, split_around(block(family, start, length), child))
    return found


def _choice(
    parent: Network, family: Family, length: int, namespace_id: UUID | None, source: Prefix | None, wait: bool
) -> str:
    """The statement that chooses a block of a family."""
    within = "namespace_id IS NULL" if namespace_id is None else "namespace_id = %(namespace)s"
    only = "" if source is None else "AND id = %(source)s"
    parts = {"within": within, "source": _SOURCE.format(within=within, only=only, family=int(family))}
    is_best_fit = parent.child_choice == ChildChoice.BEST_FIT
    lock = "FOR UPDATE" if is_best_fit else "FOR UPDATE OF free"
    parts["lock"] = "" if connection.vendor == "sqlite" else lock if wait else f"{lock} SKIP LOCKED"
    if is_best_fit:
        return _BEST_FIT.format(family=int(family), **parts)
    lengths = ", ".join(f"({one})" for one in range(length + 1))
    return _LOWEST.format(order=_ORDERS[parent.child_choice], lengths=lengths, **parts)


def _take_merging(parts: Sequence[Returned], namespace_id: UUID | None) -> tuple[list[tuple[int, IPNetwork]], int]:
    """Take out the free buddies, by prefix, that merge with what comes back; and how many there were to take."""
    within, namespace = _within(namespace_id)
    wanted, parameters = _wanted(
        [
            (part.prefix_id, place, free_rows.first(buddy), buddy.prefixlen)
            for part in parts
            for place, buddy in enumerate(buddies(part.cidr, part.outermost), 1)
        ]
    )
    with connection.cursor() as cursor:
        statement = _MERGING.format(wanted=wanted, within=within) + _TAKE_MERGING[connection.vendor]
        cursor.execute(statement, [*parameters, *namespace])
        rows = cursor.fetchall()
    taken = []
    for prefix_id, first, length, _ in rows:
        if prefix_id is not None:
            start = from_bytes(first)
            taken.append((prefix_id, block(Family.of(start), start.value, length)))
    return taken, rows[0][-1] if connection.vendor == "postgresql" else len(taken)


def _merged(part: Returned, merging: Iterable[tuple[int, IPNetwork]]) -> IPNetwork:
    """The block that one is with its buddies; each makes it twice as large."""
    buddies_of = sum(prefix_id == part.prefix_id for prefix_id, _ in merging)
    return block(Family.of(part.cidr), part.cidr.first, part.cidr.prefixlen - buddies_of).cidr


def _wanted(rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """Rows, at least one, in SQL: on PostgreSQL as arrays; and the parameters."""
    if connection.vendor == "postgresql":
        return _WANTED, [list(column) for column in zip(*rows, strict=True)]
    marks = f"({', '.join(['%s'] * len(rows[0]))})"
    return f"VALUES {', '.join([marks] * len(rows))}", [value for row in rows for value in row]


def _within(namespace_id: UUID | None) -> tuple[str, list[Any]]:
    """The namespace as a condition of free blocks, and its parameters."""
    return (
        ("namespace_id IS NULL", [])
        if namespace_id is None
        else ("namespace_id = %s", [writes.stored_uuid(namespace_id)])
    )
