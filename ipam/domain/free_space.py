"""Free space: a buddy allocator whose blocks are rows. Taking and giving back cost the same at any fill level.

Locking on PostgreSQL: whoever takes locks one free block and skips those that others hold, so a hot prefix
serves clients in parallel; whoever gives back locks the prefix row first, so merges take turns. SQLite has
one writer at a time (transactions begin IMMEDIATE) and ignores the row locks.

All functions here expect to run inside an operation's transaction.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from netaddr import IPAddress, IPNetwork

from ipam.addressing import Family, block, blocks_between, buddies, host, merge, split_around, usable_blocks
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.free_blocks import FreeBlockQuerySet

_FIRST_BATCH = 16  # blocks; a fresh prefix holds its first 65,535 addresses in 16 blocks


class Taken(NamedTuple):
    """An address that was taken out of the free space of a prefix."""

    prefix_id: int
    address: IPAddress


class NoSpace(Exception):
    """Nothing free is left; the caller knows the words for it."""


def open_prefix(prefix: Prefix, network: Network) -> None:
    """Make all of a new prefix free: usable addresses, or of a super network whole blocks for children.

    A namespaced prefix has free space per project: it becomes free for each project that takes from the network.
    """
    if not network.is_namespaced:
        _add(prefix, [prefix.cidr] if network.is_super else usable_blocks(prefix.cidr))
        return
    opened = FreeBlock.objects.filter(network=network).exclude(namespace=None)
    carved = Prefix.objects.filter(parent__network=network)
    namespaces = {*opened.values_list("namespace", flat=True), *carved.values_list("namespace", flat=True)}
    for namespace_id in namespaces:
        _add(prefix, [prefix.cidr], namespace_id)


def open_namespace(network: Network, namespace_id: UUID) -> None:
    """Make a namespaced super network wholly free for a project that has never taken from it."""

    def is_open() -> bool:
        return (
            FreeBlock.objects.filter(network=network, namespace=namespace_id).exists()
            or Prefix.objects.filter(parent__network=network, namespace=namespace_id).exists()
        )

    if is_open():
        return
    Network.objects.select_for_update(no_key=True).get(pk=network.pk)
    if not is_open():  # else another request of the project was first
        for prefix in network.prefixes.all():
            _add(prefix, [prefix.cidr], namespace_id)


def acquire_addresses(network: Network, family: Family, count: int = 1) -> list[Taken]:
    """Take the `count` lowest free addresses, from prefixes in the order in which they were added (rule 23).

    NoSpace when fewer are left; what was taken until then goes back with the transaction.
    """
    blocks = FreeBlock.objects.filter(network=network, family=family, namespace=None).lowest_first()
    taken: list[Taken] = []
    batch = min(count, _FIRST_BATCH)
    while len(taken) < count:
        locked = _lock(blocks, batch)
        if not locked:
            raise NoSpace
        taken += _take_from(locked, count - len(taken))
        batch *= 4
    return taken


def acquire_child(
    prefixes: Sequence[Prefix], length: int, namespace_id: UUID | None = None
) -> tuple[Prefix, IPNetwork]:
    """Carve a block of prefix length `length`: prefixes in order, inside a prefix best fit (rule 14).

    NoSpace if none of the free blocks is large enough.
    """
    for prefix in prefixes:
        found = _lock(FreeBlock.objects.of(prefix, namespace_id).best_fit(length), 1)
        if found:
            child = block(Family(prefix.family), found[0].first.value, length)
            _replace(found[0], split_around(found[0].cidr, child))
            return prefix, child
    raise NoSpace


def acquire_exactly(prefix: Prefix, wanted: IPNetwork, namespace_id: UUID | None = None) -> bool:
    """Take just `wanted` out of the prefix's free space; False, and nothing taken, when not all of it is free."""
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


def release(prefix: Prefix, released: Iterable[IPNetwork], namespace_id: UUID | None = None) -> None:
    """Give blocks back to a prefix and merge them with their free buddies, in four statements for any number."""
    released = list(released)
    Prefix.objects.select_for_update(no_key=True).get(pk=prefix.pk)
    candidates = {buddy for part in released for buddy in buddies(part, prefix.length)}
    free = {
        stored.cidr: stored.pk
        for stored in FreeBlock.objects.of(prefix, namespace_id)
        .filter(first__in=[IPAddress(buddy.first, buddy.version) for buddy in candidates])
        .order_by("pk")
        .select_for_update()
        if stored.cidr in candidates
    }
    gone, new = merge(released, free, prefix.length)
    if gone:
        FreeBlock.objects.filter(pk__in=[free[cidr] for cidr in gone]).delete()
    _add(prefix, sorted(new), namespace_id)


def release_addresses(prefix: Prefix, addresses: Iterable[IPAddress]) -> None:
    """Give addresses back to their prefix."""
    release(prefix, [host(address) for address in addresses])


def _lock(blocks: FreeBlockQuerySet, most: int) -> list[FreeBlock]:
    """Lock up to `most` of these blocks, in their order; empty only when nothing is free.

    Blocks that others hold are passed over; only when nothing else is left do we wait for them. Whoever
    held a block may have split it into new rows that our statement could not see: then look again.
    """
    while True:
        locked = list(blocks.select_for_update(skip_locked=True)[:most])
        locked = locked or list(blocks.select_for_update()[:most])
        if locked or not blocks.exists():
            return locked


def _take_from(locked: list[FreeBlock], wanted: int) -> list[Taken]:
    """Take up to `wanted` addresses from locked blocks, lowest first, and store what is left of the blocks."""
    taken: list[Taken] = []
    emptied: list[int] = []
    for free in locked:
        cidr = free.cidr
        count = min(cidr.size, wanted - len(taken))
        if count == 0:
            break
        version = cidr.version
        taken += [Taken(free.prefix_id, IPAddress(cidr.first + step, version)) for step in range(count)]
        if count == cidr.size:
            emptied.append(free.pk)
        else:
            _replace(free, blocks_between(Family(version), cidr.first + count, cidr.last))
    if emptied:
        FreeBlock.objects.filter(pk__in=emptied).delete()
    return taken


def _replace(free: FreeBlock, parts: list[IPNetwork]) -> None:
    """Put `parts` in the place of a block: the lowest into its row, the others into new rows."""
    if not parts:
        FreeBlock.objects.filter(pk=free.pk).delete()
        return
    FreeBlock.objects.filter(pk=free.pk).update(
        first=IPAddress(parts[0].first, parts[0].version), length=parts[0].prefixlen
    )
    _insert(free.network_id, free.prefix_id, free.namespace_id, parts[1:])


def _add(prefix: Prefix, parts: Iterable[IPNetwork], namespace_id: UUID | None = None) -> None:
    _insert(prefix.network_id, prefix.pk, namespace_id, parts)


def _insert(network_id: str, prefix_id: int, namespace_id: UUID | None, parts: Iterable[IPNetwork]) -> None:
    rows = [
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
    if rows:
        FreeBlock.objects.bulk_create(rows)
