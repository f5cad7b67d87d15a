"""Free space: a buddy allocator whose blocks are rows. Taking and giving back cost the same at any fill level.

Locking on PostgreSQL: whoever takes locks one free block and skips those that others hold, so a hot prefix
serves clients in parallel; whoever gives back locks the prefix row first, so merges take turns. Whoever has to
wait does so with empty hands, or in the order that all keep: network, family, prefix, address. SQLite has one
writer at a time (transactions begin IMMEDIATE) and ignores the row locks.

All functions here expect to run inside an operation's transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family, block, blocks_between, buddies, host, merge, split_around
from ipam.domain.core import bulk_insert, lookups
from ipam.domain.core.operations import takes_turns
from ipam.domain.space import usable_space
from ipam.fields import from_bytes, to_bytes
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.prefixes import PrefixQuerySet

M = TypeVar("M", bound=Model)

# The hot path is one statement of plain SQL: DELETE … RETURNING is queue-taking on both databases, and the ORM
# has no words for it. MATERIALIZED: the choice is made once, whatever plan follows.
_LOWEST = """
    SELECT id FROM (
        SELECT id FROM ipam_freeblock WHERE network_id = %s AND family = %s AND namespace_id IS NULL
        ORDER BY prefix_id, first LIMIT %s {lock}
    ) AS lowest
"""
_TAKE_OUT = """
    WITH chosen AS MATERIALIZED ({lowest})
    DELETE FROM ipam_freeblock WHERE id IN (SELECT id FROM chosen)
    RETURNING prefix_id, family, first, length
"""
# Each block by itself in the index. Asked for all of them at once, PostgreSQL may read every free block of the prefix,
# also those that are gone; FOR UPDATE keeps it from taking the join apart.
_LOCK_FREE = """
    SELECT free.id, free.first, free.length
    FROM unnest(%s::bytea[], %s::smallint[]) AS wanted (first, length) CROSS JOIN LATERAL (
        SELECT id, first, length FROM ipam_freeblock
        WHERE prefix_id = %s AND {within} AND length = wanted.length AND first = wanted.first
        FOR UPDATE
    ) AS free
"""
_MOST_AT_ONCE = 250  # addresses: each has up to 128 possible buddies, and SQLite takes 32,766 values in a statement
_RACES = 100  # looks at a block that changes hands while we look, before we call the data damaged
_FIRST_BATCH = 16  # blocks; a fresh prefix holds its first 65,535 addresses in 16 blocks


class Taken(NamedTuple):
    """An address that was taken out of the free space of a prefix."""

    prefix_id: int
    address: IPAddress


class Held(NamedTuple):
    """A free block that was taken out, until what is left of it is put back."""

    prefix_id: int
    cidr: IPNetwork


class NoSpace(Exception):
    """Nothing free is left; the caller knows the words for it."""


def open_prefixes(prefixes: Sequence[Prefix], network: Network) -> None:
    """Make all of new prefixes free that can be used: addresses, or of a super network blocks for children.

    A namespaced prefix has free space per project: it becomes free for each project that takes from the network.
    Any number of prefixes costs about as many statements as one.
    """
    given = namespaces(network) if network.is_namespaced else [None]
    bulk_insert.store(
        FreeBlock,
        (
            row
            for prefix in prefixes
            for namespace_id in given
            for row in rows(
                network.pk, prefix.pk, namespace_id, usable_space.parts(prefix.cidr, is_super=network.is_super)
            )
        ),
    )


def open_prefix(prefix: Prefix, network: Network) -> None:
    """Make all of one new prefix free."""
    open_prefixes([prefix], network)


def namespaces(network: Network) -> set[UUID]:
    """The projects that have taken from a namespaced network, each from a copy of its space."""
    opened = FreeBlock.objects.filter(network=network).exclude(namespace=None)
    carved = Prefix.objects.filter(parent__network=network).exclude(namespace=None)
    return {*opened.values_list("namespace", flat=True), *carved.values_list("namespace", flat=True)}


def open_namespace(network: Network, namespace_id: UUID) -> None:
    """Make a namespaced super network wholly free for a project that has never taken from it."""
    if not is_untouched(network, namespace_id):
        return
    lookups.get(Network, network.pk, field="parent", lock=True)
    if is_untouched(network, namespace_id):  # else another request of the project was first
        for prefix in network.prefixes.all():
            _add(prefix, usable_space.parts(prefix.cidr, is_super=True), namespace_id)


def is_untouched(network: Network, namespace_id: UUID | None) -> bool:
    """Whether a namespaced network is wholly free, without rows that say so: for a project that has never taken
    from it, and for no project in particular. Never for other networks.

    Invalid for the project of a network that gives all projects the same space.
    """
    if not network.is_namespaced:
        if namespace_id is not None:
            raise errors.Invalid(
                f"{network.pk} gives all projects the same space. Leave the namespace out.", field="namespace"
            )
        return False
    return namespace_id is None or (
        not FreeBlock.objects.filter(network=network, namespace=namespace_id).exists()
        and not Prefix.objects.filter(parent__network=network, namespace=namespace_id).exists()
    )


def acquire_addresses(network: Network, families: Iterable[Family], count: int = 1) -> dict[Family, list[Taken]]:
    """Take the `count` lowest free addresses of each family, from prefixes in the order in which they were added (23).

    A family that the network does not have is left out; one that has fewer than `count` left gives those: the
    caller decides, and the transaction undoes. A pair costs one statement, and at every second one an INSERT of
    what is left of the blocks, at any fill level.
    """
    taken: dict[Family, list[Taken]] = {family: [] for family in sorted(families)}
    unfinished = list(taken)
    batch = min(count, _FIRST_BATCH)
    while unfinished:
        left: list[FreeBlock] = []
        found = _seek(network, unfinished, batch)
        for family, blocks in found.items():
            if not blocks and not network.prefixes.filter(family=family).exists():
                del taken[family]
                unfinished.remove(family)
                continue
            if not blocks and not takes_turns():
                _check_hands_are_empty(network, family, [*found.values(), *taken.values()])
                blocks = _wait_for_blocks(network, family, batch)
            addresses, parts = _split(network, blocks, count - len(taken[family]))
            taken[family] += addresses
            left += parts
            if not blocks or len(taken[family]) == count:
                unfinished.remove(family)
        FreeBlock.objects.bulk_create(left)
        batch *= 4
    return taken


def acquire_child(
    prefixes: Sequence[Prefix], length: int, namespace_id: UUID | None = None
) -> tuple[Prefix, IPNetwork]:
    """Carve a block of prefix length `length`: prefixes in order, inside a prefix best fit (rule 14).

    NoSpace if none of the free blocks is large enough.
    """
    for prefix in prefixes:
        # By prefix and namespace alone: told the network as well, PostgreSQL expects one block and sorts thousands.
        free = lock_first(FreeBlock.objects.filter(prefix=prefix, namespace=namespace_id).best_fit(length))
        if free is not None:
            child = block(Family(prefix.family), free.first.value, length)
            _replace(free, split_around(free.cidr, child))
            return prefix, child
    raise NoSpace


def acquire_exactly(
    prefix: Prefix,
    wanted: IPNetwork,
    namespace_id: UUID | None = None,
    *,
    find_holder: Callable[[], errors.IpamError | None],
    field: str,
) -> None:
    """Take just `wanted` out of the prefix's free space, or raise what `find_holder` has to say of who holds it.

    What goes from hand to hand is seen with nobody: a holder that comes after our look at the blocks, or goes before
    that at the holders. So both are looked at again, before `unaccounted` says what it is.
    """
    for _ in range(_RACES):
        if _cut_out(prefix, wanted, namespace_id):
            return
        if (held := find_holder()) is not None:
            raise held
    raise unaccounted(prefix.pk, wanted, field=field)


def unaccounted(prefix_id: int, wanted: IPNetwork | IPAddress, *, field: str) -> errors.IpamError:
    """Why a part of a prefix is neither free nor taken: somebody has just removed the prefix, or data are damaged."""
    if not Prefix.objects.filter(pk=prefix_id).exists():
        return errors.NotFound(f"The prefix that {wanted} lies in has just been removed. Choose another.", field=field)
    return errors.InUse(f"{wanted} is neither free nor taken. Run `manage.py doctor --repair`.", field=field)


def _cut_out(prefix: Prefix, wanted: IPNetwork, namespace_id: UUID | None) -> bool:
    """Take `wanted` out of the one block that holds it; False, and nothing taken, when there is none."""
    first = IPAddress(wanted.first, wanted.version)
    holder = (
        FreeBlock.objects.of(prefix, namespace_id)
        .filter(first__lte=first)
        .order_by("-first")
        .select_for_update()
        .first()
    )
    if holder is None or wanted not in holder.cidr:
        return False
    _replace(holder, split_around(holder.cidr, wanted))
    return True


def release(prefix_id: int, released: Iterable[IPNetwork], namespace_id: UUID | None = None) -> None:
    """Give blocks back to a prefix and merge them with their free buddies, in five statements for any number.

    Space that is never used was taken before rule 4a held, and does not become free.
    """
    released = [part for one in released for part in usable_space.parts(one, is_super=True)]
    prefix = Prefix.objects.select_for_update(no_key=True).get(pk=prefix_id)
    candidates = sorted({buddy for part in released for buddy in buddies(part, prefix.length)})
    free: dict[IPNetwork, int] | None = None
    # Who takes several addresses puts blocks back that it did not need, as new rows: look until nothing changes.
    while (found := _lock_free(prefix, namespace_id, candidates)) != free:
        free = found
    gone, new = merge(released, free, prefix.length)
    if gone:
        FreeBlock.objects.filter(pk__in=[free[cidr] for cidr in gone]).delete()
    _add(prefix, sorted(new), namespace_id)


def release_addresses(prefix_id: int, addresses: Iterable[IPAddress]) -> None:
    """Give addresses back to their prefix."""
    blocks = [host(address) for address in addresses]
    for start in range(0, len(blocks), _MOST_AT_ONCE):
        release(prefix_id, blocks[start : start + _MOST_AT_ONCE])


def hold(prefixes: PrefixQuerySet) -> None:
    """Wait until nobody takes from these prefixes or gives back to them, and keep it so until the transaction ends."""
    lookups.lock_all(prefixes.in_order(), no_key=True)  # who gives back locks the prefix
    blocks = FreeBlock.objects.filter(prefix__in=prefixes).order_by("family", "prefix", "first")
    lookups.lock_all(blocks.values_list("pk", flat=True))


def lock_first(rows: QuerySet[M]) -> M | None:
    """Lock the first of these rows that nobody holds, or wait for one; None only when there is none.

    Whoever held one may have put others in its place that our statement could not see: then look again.
    """
    while (found := rows.select_for_update(skip_locked=True).first() or rows.select_for_update().first()) is None:
        if not rows.exists():
            return None
    return found


def _take_out(
    network: Network, families: Sequence[Family], most: int, *, wait: bool = False
) -> dict[Family, list[Held]]:
    """Remove the `most` lowest blocks of each family and return them, in one statement for all families.

    Blocks that others hold are passed over, or waited for.
    """
    lock = "" if connection.vendor == "sqlite" else "FOR UPDATE" if wait else "FOR UPDATE SKIP LOCKED"
    lowest = " UNION ALL ".join([_LOWEST.format(lock=lock)] * len(families))
    parameters = [value for family in families for value in (network.pk, int(family), most)]
    found: dict[Family, list[Held]] = {family: [] for family in families}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT.format(lowest=lowest), parameters)
        for prefix_id, family, first, length in sorted(cursor.fetchall()):
            start = from_bytes(first).value
            found[Family(family)].append(Held(prefix_id, block(Family(family), start, length)))
    return found


def _lock_free(prefix: Prefix, namespace_id: UUID | None, blocks: Sequence[IPNetwork]) -> dict[IPNetwork, int]:
    """Those of these blocks that are free, locked in the order given, with the keys of their rows."""
    starts = [IPAddress(one.first, one.version) for one in blocks]
    if connection.vendor == "sqlite":  # which looks each one up by itself
        stored = FreeBlock.objects.of(prefix, namespace_id).filter(first__in=starts)
        wanted = set(blocks)
        return {one.cidr: one.pk for one in stored if one.cidr in wanted}
    within, namespace = ("namespace_id IS NULL", []) if namespace_id is None else ("namespace_id = %s", [namespace_id])
    lengths = [one.prefixlen for one in blocks]
    with connection.cursor() as cursor:
        parameters: list[Any] = [[to_bytes(start) for start in starts], lengths, prefix.pk, *namespace]
        cursor.execute(_LOCK_FREE.format(within=within), parameters)
        return {
            block(prefix.address_family, from_bytes(first).value, length): key
            for key, first, length in cursor.fetchall()
        }


def _seek(network: Network, families: Sequence[Family], most: int) -> dict[Family, list[Held]]:
    """The `most` lowest blocks of each family, taken out; those that others hold are passed over by a first try."""
    if takes_turns():
        return {family: _wait_for_blocks(network, family, most) for family in families}
    return _take_out(network, families, most)


def _check_hands_are_empty(network: Network, family: Family, held: Iterable[Sequence[object]]) -> None:
    """Refuse to wait for free space while holding some that others may wait for: that is how deadlocks are made."""
    if any(held) and FreeBlock.objects.filter(network=network, family=family, namespace=None).exists():
        raise errors.Busy("Others take the last addresses at this moment. Nothing was changed; send it again.")


def _wait_for_blocks(network: Network, family: Family, most: int) -> list[Held]:
    """Blocks that others hold at this moment; empty only when nothing is free.

    Whoever held a block may have put new ones in its place that our statement could not see: then look again.
    """
    while FreeBlock.objects.filter(network=network, family=family, namespace=None).exists():
        if blocks := _take_out(network, [family], most, wait=True)[family]:
            return blocks
    return []


def _split(network: Network, blocks: Iterable[Held], wanted: int) -> tuple[list[Taken], list[FreeBlock]]:
    """The `wanted` lowest addresses of blocks that were taken out, and new rows for what is left of them."""
    taken: list[Taken] = []
    left: list[FreeBlock] = []
    for prefix_id, cidr in blocks:
        count = min(cidr.size, wanted - len(taken))
        taken += [Taken(prefix_id, IPAddress(cidr.first + step, cidr.version)) for step in range(count)]
        parts = blocks_between(Family(cidr.version), cidr.first + count, cidr.last)
        left += rows(network.pk, prefix_id, None, parts)
    return taken, left


def _replace(free: FreeBlock, parts: list[IPNetwork]) -> None:
    """Put `parts` in the place of a block."""
    free.delete()
    FreeBlock.objects.bulk_create(rows(free.network_id, free.prefix_id, free.namespace_id, parts))


def _add(prefix: Prefix, parts: Iterable[IPNetwork], namespace_id: UUID | None = None) -> None:
    FreeBlock.objects.bulk_create(rows(prefix.network_id, prefix.pk, namespace_id, parts))


def rows(network_id: str, prefix_id: int, namespace_id: UUID | None, parts: Iterable[IPNetwork]) -> list[FreeBlock]:
    """Rows, not stored yet, that say that these parts of a prefix are free."""
    return [
        FreeBlock(
            network_id=network_id,
            prefix_id=prefix_id,
            namespace_id=namespace_id,
            family=part.version,
            first=IPAddress(part.first, part.version),
            length=part.prefixlen,
        )
        for part in parts
    ]
