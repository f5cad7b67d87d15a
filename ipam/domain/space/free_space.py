"""Free space as rows: a prefix is opened, what comes back merges with its free buddies. `allocator` takes from it.

Whoever gives back locks the prefix row first, so merges take turns. SQLite has one writer at a time (transactions
begin IMMEDIATE) and ignores the row locks. All functions here expect to run inside an operation's transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import block, buddies, host, merge
from ipam.domain.core import bulk_insert, lookups
from ipam.domain.space import usable_space
from ipam.fields import from_bytes, to_bytes
from ipam.models import FreeBlock, Network, Prefix
from ipam.models.prefixes import PrefixQuerySet

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
_MAX_AT_ONCE = 250  # addresses: each has up to 128 possible buddies, and SQLite takes 32,766 values in a statement


def open_prefixes(prefixes: Sequence[Prefix], network: Network) -> None:
    """Make all of new prefixes free that can be used: addresses, or of a super network blocks for children.

    A namespaced prefix has free space per project: it becomes free for each project that takes from the network.
    Any number of prefixes costs about as many statements as one.
    """
    given = namespaces(network) if network.is_namespaced else [None]
    bulk_insert.bulk_insert(
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
    for start in range(0, len(blocks), _MAX_AT_ONCE):
        release(prefix_id, blocks[start : start + _MAX_AT_ONCE])


def lock_all(prefixes: PrefixQuerySet) -> None:
    """Wait until nobody takes from these prefixes or gives back to them, and keep it so until the transaction ends."""
    lookups.lock_all(prefixes.in_order(), no_key=True)  # who gives back locks the prefix
    blocks = FreeBlock.objects.filter(prefix__in=prefixes).order_by("family", "prefix", "first")
    lookups.lock_all(blocks.values_list("pk", flat=True))


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
