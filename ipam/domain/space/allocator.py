"""The buddy allocator: addresses out of free space, at the same cost at any fill level. Children: `carving`.

Whoever takes locks one free block and skips those that others hold, so a hot prefix serves clients in parallel;
whoever has to wait does so without holding anything, or in the order that all keep: network, family, prefix, address.
All functions here expect to run inside an operation's transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.addressing import Family, block, blocks_between, host, split_around
from ipam.domain.core import writes
from ipam.domain.core.constraints import raced
from ipam.domain.core.operations import waits_for_locks
from ipam.domain.space import cooling, free_rows, set_aside
from ipam.domain.space.free_rows import Part
from ipam.fields import from_bytes
from ipam.models import FreeBlock, Network, Prefix

# The hot path is one statement of plain SQL: DELETE … RETURNING is queue-taking on both databases, and the ORM
# has no words for it. MATERIALIZED: the choice is made once, whatever plan follows.
_LOWEST = """
    SELECT id FROM (
        SELECT id FROM ipam_freeblock WHERE network_id = %s AND family = %s AND namespace_id IS NULL {within}
        ORDER BY prefix_id, first LIMIT %s {lock}
    ) AS lowest
"""
_TAKE_OUT = """
    WITH chosen AS MATERIALIZED ({lowest})
    DELETE FROM ipam_freeblock WHERE id IN (SELECT id FROM chosen)
    RETURNING prefix_id, family, first, length, (SELECT length FROM ipam_prefix WHERE id = prefix_id)
"""
_RACES = 100  # looks at a block that changes hands while we look, before we call the data damaged
_FIRST_BATCH = 16  # blocks; a fresh prefix holds its first 65,535 addresses in 16 blocks


class Taken(NamedTuple):
    """An address that was taken out of the free space of a prefix."""

    prefix: Prefix
    address: IPAddress


class Held(NamedTuple):
    """A free block that was taken out, until what is left of it is put back."""

    prefix: Prefix
    cidr: IPNetwork


def acquire_addresses(
    network: Network, families: Iterable[Family], count: int = 1, *, within: Prefix | None = None
) -> dict[Family, list[Taken]]:
    """Take the `count` lowest free addresses of each family, from prefixes as they were added (23), or `within` one.

    A family that the network does not have is left out; one that has fewer than `count` left gives those: the
    caller decides. A pair costs one statement, at every second one another for what is left of the blocks.
    """
    taken: dict[Family, list[Taken]] = {family: [] for family in sorted(families)}
    unfinished, batch = list(taken), min(count, _FIRST_BATCH)
    while unfinished:
        left: list[FreeBlock] = []
        found = _seek(network, unfinished, batch, within)
        for family, blocks in found.items():
            if not blocks and not network.prefixes.filter(family=family).exists():
                unfinished.remove(family)
                del taken[family]
                continue
            if not blocks and not waits_for_locks():
                _check_holds_nothing(_free(network, family, within), [*found.values(), *taken.values()])
                blocks = _wait_for_blocks(network, family, batch, within)
            if not blocks and cooling.give_way(network, family, count - len(taken[family]), within=within):
                blocks = _wait_for_blocks(network, family, batch, within)
            addresses, parts = _split(network, blocks, count - len(taken[family]))
            taken[family], left = taken[family] + addresses, left + parts
            if not blocks or len(taken[family]) == count:
                unfinished.remove(family)
        writes.insert(left)
        batch *= 4
    return taken


def acquire_exactly(
    prefix: Prefix,
    wanted: IPNetwork,
    namespace_id: UUID | None = None,
    project_id: UUID | None = None,
    *,
    find_holder: Callable[[], errors.IpamError | None],
    field: str,
    is_named: bool = True,
) -> None:
    """Take just `wanted` out of the prefix's free space, or raise what `find_holder` has to say of who holds it.

    Of what is set aside the project gets what is kept for whoever names it, or cools for it; else InRange or Cooling,
    but where nobody names it: then it is kept otherwise.

    What goes from hand to hand is seen with nobody: a holder that comes after our look at the blocks, or goes before
    that at the holders. So both are looked at again, before `unaccounted` says what it is.
    """
    for _ in range(_RACES):
        if _cut_out(prefix, wanted, namespace_id):
            return
        judged = partial(set_aside.check_may_name, project_id=project_id, field=field) if is_named else None
        if set_aside.take(prefix, wanted, namespace_id, judged):
            return
        if (held := find_holder()) is not None:
            raise held
    raise unaccounted(prefix, wanted, field=field)


def unaccounted(known: Prefix, wanted: IPNetwork | IPAddress, *, field: str) -> errors.IpamError:
    """Why a part of a prefix is neither free nor taken: it is another's by now, or set aside, or data are damaged.

    A prefix that has gone was merged with another, or removed: who looks again finds out.
    """
    prefix = Prefix.objects.filter(pk=known.pk).first()
    if prefix is None:
        detail = f"The prefix that {wanted} lay in has just been removed or merged. Look again."
        return raced(errors.NotFound(detail, field=field))
    if (
        wanted not in prefix.cidr
        or wanted in [*prefix.ends, *map(host, prefix.ends)]
        or prefix.sets_aside is not known.sets_aside
    ):
        return errors.Busy(f"What {wanted} lies in changes at this moment. Nothing was changed; send it again.")
    return errors.InUse(f"{wanted} is neither free nor taken. Run `manage.py doctor --repair`.", field=field)


def _cut_out(prefix: Prefix, wanted: IPNetwork, namespace_id: UUID | None) -> bool:
    """Take `wanted` out of the one block that holds it; False, and nothing taken or locked, when there is none."""
    mine = FreeBlock.objects.of(prefix, namespace_id)
    holder = mine.filter(first__lte=IPAddress(wanted.first, wanted.version)).order_by("-first").first()
    if holder is None or wanted not in holder.cidr:
        return False
    if not mine.filter(pk=holder.pk, length=holder.length).delete()[0]:  # somebody was first
        return False
    free_rows.store(
        Part(prefix.network_id, prefix.pk, namespace_id, part) for part in split_around(holder.cidr, wanted)
    )
    return True


def _take_out(
    network: Network, families: Sequence[Family], most: int, within: Prefix | None, *, wait: bool = False
) -> dict[Family, list[Held]]:
    """Remove the `most` lowest blocks of each family and return them, in one statement for all families.

    Blocks that others hold are passed over, or waited for.
    """
    lock = "" if connection.vendor == "sqlite" else "FOR UPDATE" if wait else "FOR UPDATE SKIP LOCKED"
    only = "" if within is None else "AND prefix_id = %s"
    lowest = " UNION ALL ".join([_LOWEST.format(lock=lock, within=only)] * len(families))
    known = [] if within is None else [within.pk]
    parameters = [value for family in families for value in (network.pk, int(family), *known, most)]
    found: dict[Family, list[Held]] = {family: [] for family in families}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_OUT.format(lowest=lowest), parameters)
        for prefix_id, family, first, length, prefix_length in sorted(cursor.fetchall()):
            start = from_bytes(first)
            prefix = (  # else a prefix was split or merged while this waited: this statement does not see the new one
                Prefix.objects.get(pk=prefix_id)
                if prefix_length is None
                else known_prefix(prefix_id, network, start, prefix_length)
            )
            found[Family(family)].append(Held(prefix, block(Family(family), start.value, length)))
    return found


def known_prefix(key: int, network: Network, address: IPAddress, length: int) -> Prefix:
    """The prefix of this length that an address lies in; of what is not known here it asks when it is asked."""
    host_bits = Family.of(address).bits - length
    start = address.value >> host_bits << host_bits
    values = [key, network.pk, address.version, IPAddress(start, address.version), length]
    return Prefix.from_db(DEFAULT_DB_ALIAS, ["id", "network_id", "family", "first", "length"], values)


def _free(network: Network, family: Family, within: Prefix | None) -> QuerySet[FreeBlock]:
    blocks = FreeBlock.objects.filter(network=network, family=family, namespace=None)
    return blocks if within is None else blocks.filter(prefix=within)


def _seek(network: Network, families: Sequence[Family], most: int, within: Prefix | None) -> dict[Family, list[Held]]:
    """The `most` lowest blocks of each family, taken out; those that others hold are passed over by a first try."""
    if waits_for_locks():
        return {family: _wait_for_blocks(network, family, most, within) for family in families}
    return _take_out(network, families, most, within)


def _check_holds_nothing(free: QuerySet[FreeBlock], held: Iterable[Sequence[object]]) -> None:
    """Refuse to wait for free space while holding some that others may wait for: that is how deadlocks are made."""
    if any(held) and free.exists():
        raise errors.Busy("Others take the last addresses at this moment. Nothing was changed; send it again.")


def _wait_for_blocks(network: Network, family: Family, most: int, within: Prefix | None) -> list[Held]:
    """Blocks that others hold at this moment; empty only when nothing is free.

    Whoever held a block may have put new ones in its place that our statement could not see: then look again.
    """
    while _free(network, family, within).exists():
        if blocks := _take_out(network, [family], most, within, wait=True)[family]:
            return blocks
    return []


def _split(network: Network, blocks: Iterable[Held], wanted: int) -> tuple[list[Taken], list[FreeBlock]]:
    """The `wanted` lowest addresses of blocks that were taken out, and new rows for what is left of them."""
    taken: list[Taken] = []
    left: list[FreeBlock] = []
    for prefix, cidr in blocks:
        count = min(cidr.size, wanted - len(taken))
        taken += [Taken(prefix, IPAddress(cidr.first + step, cidr.version)) for step in range(count)]
        parts = blocks_between(Family(cidr.version), cidr.first + count, cidr.last)
        left += [_row(prefix, part) for part in parts]
    return taken, left


def _row(prefix: Prefix, part: IPNetwork) -> FreeBlock:
    """A row, not stored yet. Values go in by place, as the model has them: by name it takes three times as long."""
    first = IPAddress(part.first, part.version)
    return FreeBlock(None, prefix.network_id, prefix.pk, None, part.version, first, part.prefixlen)  # type: ignore[misc]
