"""Free space as rows: a prefix is opened, what comes back merges with its free buddies. `allocator` takes from it.

Whoever gives back locks the prefix row first, so merges take turns. SQLite has one writer at a time (transactions
begin IMMEDIATE) and ignores the row locks. All functions here expect to run inside an operation's transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import block, buddy_starts, host, merge
from ipam.domain.core import lookups, writes
from ipam.domain.space import free_rows, set_aside, usable_space
from ipam.domain.space.free_rows import Part
from ipam.fields import from_bytes
from ipam.models import FreeBlock, Network, Prefix, SetAsideBlock
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
_FIND_FREE = """
    SELECT id, first, length FROM ipam_freeblock
    WHERE network_id = %s AND family = %s AND prefix_id = %s AND {within} AND first IN ({marks})
"""  # as the index has it that says where a block begins
_MAX_AT_ONCE = 250  # blocks: each has up to 128 possible buddies, and SQLite takes 32,766 values in a statement


def open_prefixes(prefixes: Sequence[Prefix], network: Network) -> None:
    """Make all of new prefixes free that can be used: addresses, or of a super network blocks for children.

    A namespaced prefix has free space per project: it becomes free for each project that takes from the network.
    Any number of prefixes costs about as many statements as one.
    """
    given = namespaces(network) if network.is_namespaced else [None]
    _open(prefixes, given, is_super=network.is_super)


def open_children(prefixes: Iterable[Prefix]) -> None:
    """The same for new prefixes of any number of children."""
    _open(prefixes, [None], is_super=False)


def namespaces(network: Network) -> set[UUID]:
    """The projects that have taken from a namespaced network, each from a copy of its space."""
    opened = FreeBlock.objects.filter(network=network).exclude(namespace=None)
    kept = SetAsideBlock.objects.filter(network=network).exclude(namespace=None)
    carved = Prefix.objects.filter(parent__network=network).exclude(namespace=None)
    found = (one.order_by().values_list("namespace", flat=True) for one in (opened, kept, carved))
    return set(next(found).union(*found))


def open_namespace(network: Network, namespace_id: UUID) -> None:
    """Make a namespaced super network wholly free for a project that has never taken from it."""
    if not is_untouched(network, namespace_id):
        return
    current = lookups.get(Network, network.pk, field="parent", lock=True)
    if is_untouched(current, namespace_id):  # else another request of the project was first
        _open(current.prefixes.all(), [namespace_id], is_super=True)


def opened(networks: Collection[Network], namespaces: Collection[UUID]) -> set[tuple[str, UUID]]:
    """Which of these projects have taken from which of these namespaced networks, by their ids; two statements."""
    free = FreeBlock.objects.filter(network__in=networks, namespace__in=namespaces).order_by()
    kept = SetAsideBlock.objects.filter(network__in=networks, namespace__in=namespaces).order_by()
    carved = Prefix.objects.filter(parent__network__in=networks, namespace__in=namespaces).order_by()
    return {
        *free.values_list("network", "namespace").union(kept.values_list("network", "namespace")),
        *carved.values_list("parent__network", "namespace").distinct(),
    }


def is_untouched(network: Network, namespace_id: UUID | None) -> bool:
    """Whether a namespaced network is wholly free, without rows that say so: for a project that has never taken
    from it, and for no project in particular. Never for other networks.

    Invalid for the project of a network that gives all projects the same space.
    """
    if not network.is_namespaced:
        if namespace_id is not None:
            raise errors.Invalid(
                f"{network} gives all projects the same space. Leave the namespace out.", field="namespace"
            )
        return False
    return namespace_id is None or (
        not FreeBlock.objects.filter(network=network, namespace=namespace_id).exists()
        and not Prefix.objects.filter(parent__network=network, namespace=namespace_id).exists()
        and not SetAsideBlock.objects.filter(network=network, namespace=namespace_id).exists()
    )


def release(
    prefix_id: int, released: Iterable[IPNetwork], namespace_id: UUID | None = None, project_id: UUID | None = None
) -> None:
    """Give blocks back to a prefix and merge them with their free buddies, in five statements for 250 of any number.

    Space that is never used was taken before rule 4a held, and does not become free; nor does the gateway. What lies in
    a range goes to that, and what a project has held may have to cool (`set_aside.keep`).
    """
    prefix = Prefix.objects.select_for_update(no_key=True).get(pk=prefix_id)
    kept = prefix.gateway and host(prefix.gateway)
    released = [part for one in released if one != kept for part in usable_space.parts(one, is_super=True)]
    if prefix.sets_aside:
        released = set_aside.keep(prefix, released, namespace_id, project_id)
    whole = sorted(merge(released, (), prefix.length)[1])
    for start in range(0, len(whole), _MAX_AT_ONCE):
        _merge_into(prefix, whole[start : start + _MAX_AT_ONCE], namespace_id)


def _merge_into(prefix: Prefix, released: Sequence[IPNetwork], namespace_id: UUID | None) -> None:
    """Make blocks of a locked prefix free, merged with their free buddies."""
    family = prefix.address_family
    starts = (buddy_starts(family, part.first, part.prefixlen, prefix.length) for part in released)
    candidates = sorted({(first, length) for one in starts for length, first in one})
    free: dict[IPNetwork, int] | None = None
    # Who takes several addresses puts blocks back that it did not need, as new rows: look until nothing changes.
    while (found := _lock_free(prefix, namespace_id, candidates)) != free:
        free = found
    gone, new = merge(released, free, prefix.length)
    if gone:
        FreeBlock.objects.filter(pk__in=[free[cidr] for cidr in gone]).delete()
    _add(prefix, sorted(new), namespace_id)


def release_addresses(prefix_id: int, addresses: Iterable[IPAddress], project_id: UUID | None = None) -> None:
    """Give addresses back to their prefix, which a project has held."""
    release(prefix_id, map(host, addresses), project_id=project_id)


def lock_all(prefixes: PrefixQuerySet) -> None:
    """Wait until nobody takes from these prefixes or gives back to them, and keep it so until the transaction ends."""
    lookups.lock_all(prefixes.in_order(), no_key=True)  # who gives back locks the prefix
    blocks = FreeBlock.objects.filter(prefix__in=prefixes).order_by("family", "prefix", "first")
    lookups.lock_all(blocks.values_list("pk", flat=True))


def _lock_free(prefix: Prefix, namespace_id: UUID | None, blocks: Sequence[tuple[int, int]]) -> dict[IPNetwork, int]:
    """Those of these blocks (first, prefix length) that are free, locked in the order given, with the keys of their
    rows.
    """
    family = prefix.address_family
    within, namespace = ("namespace_id IS NULL", []) if namespace_id is None else ("namespace_id = %s", [namespace_id])
    starts = [free_rows.stored_address(family, first) for first, _ in blocks]
    if connection.vendor == "sqlite":  # which looks each start up by itself
        starts = list(dict.fromkeys(starts))
        statement = _FIND_FREE.format(within=within, marks=", ".join(["%s"] * len(starts)))
        place = [prefix.network_id, prefix.family, prefix.pk, *map(writes.stored_uuid, namespace)]
        parameters: list[Any] = [*place, *starts]
    else:
        statement = _LOCK_FREE.format(within=within)
        parameters = [starts, [length for _, length in blocks], prefix.pk, *namespace]
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        wanted = set(blocks)
        rows = ((key, from_bytes(bytes(first)).value, length) for key, first, length in cursor.fetchall())
        return {block(family, first, length): key for key, first, length in rows if (first, length) in wanted}


def _open(prefixes: Iterable[Prefix], given: Collection[UUID | None], *, is_super: bool) -> None:
    free_rows.store(part for prefix in prefixes for part in _opened(prefix, given, is_super=is_super))


def _opened(prefix: Prefix, given: Collection[UUID | None], *, is_super: bool) -> list[Part]:
    """What becomes free of a prefix; what its ranges keep is stored."""
    cidrs = usable_space.parts(prefix.cidr, is_super=is_super or not prefix.reserve_ends, gateway=prefix.gateway)
    parts = [Part(prefix.network_id, prefix.pk, namespace_id, cidr) for namespace_id in given for cidr in cidrs]
    return set_aside.without_ranges(prefix, parts)


def _add(prefix: Prefix, parts: Iterable[IPNetwork], namespace_id: UUID | None = None) -> None:
    free_rows.store(Part(prefix.network_id, prefix.pk, namespace_id, cidr) for cidr in parts)
