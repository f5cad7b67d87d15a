"""The buddy allocator: addresses and children out of free space, at the same cost at any fill level.

Whoever takes locks one free block and skips those that others hold, so a hot prefix serves clients in parallel;
whoever has to wait does so without holding anything, or in the order that all keep: network, family, prefix, address.
All functions here expect to run inside an operation's transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family, block, blocks_between, split_around
from ipam.domain.core import lookups
from ipam.domain.core.operations import waits_for_locks
from ipam.domain.space.free_space import rows
from ipam.fields import from_bytes
from ipam.models import FreeBlock, Network, Prefix

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
            if not blocks and not waits_for_locks():
                _check_holds_nothing(network, family, [*found.values(), *taken.values()])
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
        free = lookups.lock_first(FreeBlock.objects.filter(prefix=prefix, namespace=namespace_id).best_fit(length))
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


def _seek(network: Network, families: Sequence[Family], most: int) -> dict[Family, list[Held]]:
    """The `most` lowest blocks of each family, taken out; those that others hold are passed over by a first try."""
    if waits_for_locks():
        return {family: _wait_for_blocks(network, family, most) for family in families}
    return _take_out(network, families, most)


def _check_holds_nothing(network: Network, family: Family, held: Iterable[Sequence[object]]) -> None:
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
