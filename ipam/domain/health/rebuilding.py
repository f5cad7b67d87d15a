"""What is derived from other rows, derived anew: the free blocks of a prefix, the free ranges of a number pool."""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from ipam.domain.core import access, history, lookups
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.health import consistency, keeping
from ipam.domain.space import free_rows, free_space
from ipam.domain.space.free_rows import Part
from ipam.domain.space.gaps import Range, free_parts, gaps
from ipam.domain.space.number_pools import ASN_BASE, Pool
from ipam.models import VRF, FreeBlock, Machine, NumberRange, Prefix
from ipam.models.events import Kind, Verb
from ipam.models.number_ranges import BOUNDS


@operation
def rebuild_prefix(key: int) -> None:
    """Replace the free blocks of the prefix with this id by what its addresses and children leave free; NotFound."""
    access.require(Permission.OPERATE)
    free_space.lock_all(Prefix.objects.filter(pk=key))
    prefix = lookups.get(Prefix, key)
    FreeBlock.objects.filter(prefix=prefix).delete()
    network = prefix.network
    keepers = keeping.Keepers(Prefix.objects.filter(pk=key))
    namespaces: Iterable[UUID | None] = free_space.namespaces(network) if network.is_namespaced else [None]
    for namespace_id in namespaces:
        parts = _parts(prefix, _taken(prefix, namespace_id), namespace_id)
        free_rows.store(keepers.free(parts))
    keepers.store()
    history.write(
        Verb.REPAIR, Kind.PREFIX, object_id=str(prefix.pk), object_name=str(prefix.cidr), network_id=network.pk
    )


@operation
def build_all() -> None:
    """Make the free blocks of every prefix of an installation that has none yet, in one pass over each table."""
    access.require(Permission.OPERATE)
    keepers = keeping.Keepers(Prefix.objects.all())
    free_rows.store(_all_free_blocks(keepers))
    keepers.store()
    history.write(Verb.REPAIR, Kind.INSTALLATION)


@operation
def rebuild_pool(pool: Pool) -> None:
    """Replace the free ranges of a pool by what its VRFs or machines leave free."""
    access.require(Permission.OPERATE)
    _hold_pools()
    NumberRange.objects.filter(pool=pool).delete()
    taken = ((number, number) for number in drawn(pool))
    NumberRange.objects.bulk_create(
        NumberRange(pool=pool, first=first, last=last) for first, last in gaps(*BOUNDS[pool], taken)
    )
    history.write(Verb.REPAIR, Kind.POOL, object_id=pool.value)


@operation
def rebuild_tenures() -> None:
    """End open tenures of what nobody holds so, and begin those that are missing; who held it when is lost."""
    access.require(Permission.OPERATE)
    history.record_filled(Verb.REPAIR, object_name="tenures")


def drawn(pool: Pool) -> Iterator[int]:
    """The numbers of the pool that are in use, ascending; a VNI or ASN beyond its bounds is none of its numbers."""
    column, base, rows = ("id", 0, VRF.objects.all()) if pool == Pool.VRF else ("asn", ASN_BASE, Machine.objects.all())
    first, last = BOUNDS[pool]
    within: Any = {f"{column}__gte": base + first, f"{column}__lte": base + last}
    numbers = rows.filter(**within).order_by(column).values_list(column, flat=True)
    return (number - base for number in numbers.iterator())


def _taken(prefix: Prefix, namespace_id: UUID | None) -> Iterator[Range]:
    """What is taken from a prefix, in one namespace if its space is namespaced: children and addresses, ascending."""
    children = prefix.children.order_by("first")
    if namespace_id is not None:
        children = children.filter(namespace=namespace_id)
    addresses: Any = prefix.addresses.order_by("address").values_list("address", flat=True)
    return merge(
        ((child.first.value, child.last.value) for child in children.iterator()),
        ((address.value, address.value) for address in addresses.iterator()),
    )


def _all_free_blocks(keepers: keeping.Keepers) -> Iterator[Part]:
    copies = consistency.copies_of_space()
    rows = merge(consistency.prefixes(), consistency.addresses(), consistency.children())
    for _, of_prefix in groupby(rows, key=itemgetter(0)):
        prefix: Prefix = next(of_prefix)[-1]
        network = prefix.network
        untouched = set(copies.get(network.pk, {""}))
        for namespace, taken in groupby(of_prefix, key=itemgetter(1)):
            untouched.discard(namespace)
            yield from keepers.free(_free_blocks(prefix, namespace, [(row[2], row[3]) for row in taken]))
        for namespace in sorted(untouched):
            yield from keepers.free(_free_blocks(prefix, namespace, []))


def _free_blocks(prefix: Prefix, namespace: str, taken: Iterable[Range]) -> list[Part]:
    return _parts(prefix, taken, UUID(namespace) if namespace else None)


def _parts(prefix: Prefix, taken: Iterable[Range], namespace_id: UUID | None) -> list[Part]:
    """What nobody holds of a copy of a prefix."""
    is_super = prefix.network.is_super or not prefix.reserve_ends
    parts = free_parts(prefix.cidr, taken, is_super=is_super, gateway=prefix.gateway)
    return [Part(prefix.network_id, prefix.pk, namespace_id, part) for part in parts]


def _hold_pools() -> None:
    """Wait until nobody draws numbers or gives them back, and keep it so until the transaction ends.

    Of rows it would not be enough: whoever gives a number back adds one, and waits for nobody.
    """
    if connection.vendor == "postgresql":  # SQLite has one writer at a time
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {NumberRange._meta.db_table} IN EXCLUSIVE MODE")
