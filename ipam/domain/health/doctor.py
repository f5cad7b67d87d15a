"""Whether all that is stored is true, and what can be derived anew where it is not.

The checks here are of prefixes and of what is derived: free space and free numbers. Other rooms have their own.
"""

from collections.abc import Iterator
from functools import partial
from itertools import groupby, islice, pairwise
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ipam import errors
from ipam.domain.core import access, checks, history
from ipam.domain.core.checks import Finding, Remedy, check, same
from ipam.domain.core.operations import snapshot
from ipam.domain.core.permissions import Permission
from ipam.domain.health import consistency, rebuilding
from ipam.domain.health.consistency import FREE, TAKEN, Piece
from ipam.domain.space.number_pools import Pool
from ipam.models import FreeBlock, IPAddress, NumberRange, Prefix, Tenure, guards
from ipam.models.events import Kind, Verb
from ipam.models.number_ranges import BOUNDS
from ipam.models.tenures import addresses_untold, blocks_untold

_MAX_ALIKE = 3  # sentences; a prefix that lost its free blocks would have thousands


def examine() -> Iterator[Finding]:
    """All findings of all checks, on one snapshot of the data: others may go on working."""
    access.require(Permission.READ)
    with snapshot():
        yield from checks.run_all()


@check
def violations_of_guards() -> Iterator[Finding]:
    """The database itself refuses overlapping siblings."""
    if not guards.are_installed(connection):
        yield Finding(
            "The database does not refuse overlapping prefixes: its guards are missing.",
            Remedy("the guards against overlapping prefixes", _install_guards),
        )


@check
def violations_of_prefixes() -> Iterator[Finding]:
    """A prefix is the block that its length says, in the namespace of its network."""
    for prefix in Prefix.objects.order_by("pk").iterator():
        if (prefix.first.value, prefix.last.value) != (prefix.cidr.first, prefix.cidr.last):
            yield Finding(f"{_name(prefix)}: it reaches from {prefix.first} to {prefix.last}, which is no such block.")
    for prefix in Prefix.objects.exclude(same("namespace", "network__namespace")).order_by("pk"):
        yield Finding(f"{_name(prefix)}: its namespace is not that of its network.")


@check
def violations_of_roots() -> Iterator[Finding]:
    """Prefixes that were not carved out of another overlap nothing."""
    roots = Prefix.objects.roots().order_by("first").iterator()
    for lower, upper in pairwise(roots):
        if upper.first <= lower.last:
            yield Finding(f"{_name(lower)} and {_name(upper)} overlap.")


@check
def violations_of_children() -> Iterator[Finding]:
    """A parent contains its child, in the same family, and belongs to the parent of the child's network."""
    outside = Q(first__lt=F("parent__first")) | Q(last__gt=F("parent__last")) | ~Q(family=F("parent__family"))
    strayed = Prefix.objects.exclude(parent=None).select_related("parent").order_by("pk")
    for child in strayed.filter(outside):
        yield Finding(f"{_name(child)}: it does not lie in {child.parent}, which it was carved from.")
    for child in strayed.exclude(same("parent__network", "network__parent")):
        yield Finding(f"{_name(child)}: {child.parent}, which it was carved from, is not of its network's parent.")
    for orphan in Prefix.objects.roots().exclude(network__parent=None).order_by("pk"):
        yield Finding(f"{_name(orphan)}: it is a child's, but was carved from nothing.")


@check
def violations_of_roles() -> Iterator[Finding]:
    """Rule 16: a prefix has addresses or children, never both."""
    holding = Exists(IPAddress.objects.filter(prefix=OuterRef("pk")))
    carved = Exists(Prefix.objects.filter(parent=OuterRef("pk")))
    for prefix in Prefix.objects.filter(holding, carved).order_by("pk"):
        yield Finding(f"{_name(prefix)}: it holds addresses and children at once.")


@check
def violations_of_free_blocks() -> Iterator[Finding]:
    """A free block lies in its prefix and says the same network and family."""
    outside = Q(first__lt=F("prefix__first")) | Q(first__gt=F("prefix__last"))
    differs = ~Q(network=F("prefix__network")) | ~Q(family=F("prefix__family"))
    for free in FreeBlock.objects.filter(outside | differs).select_related("prefix").order_by("pk").iterator():
        yield Finding(f"{_name(free.prefix)}: the free block {free} does not belong to it.", _remedy(free.prefix))


@check
def violations_of_spaces() -> Iterator[Finding]:
    """Free blocks, children, addresses and reserved addresses are the prefix, and free blocks are merged."""
    for prefix, found in groupby(consistency.faults_of_prefixes(), key=lambda pair: pair[0]):
        for _, fault in islice(found, _MAX_ALIKE):
            yield Finding(f"{_name(prefix)}: {fault}.", _remedy(prefix))
        if more := sum(1 for _ in found):
            yield Finding(f"{_name(prefix)}: {more:,} more faults like these.", _remedy(prefix))


@check
def violations_of_pools() -> Iterator[Finding]:
    """The free ranges of a pool, however many there are, and the numbers in use are the pool."""
    for pool in Pool:
        ranges = NumberRange.objects.filter(pool=pool).order_by("first")
        free = (Piece(one.first, one.last, FREE) for one in ranges)
        used = (Piece(number, number, TAKEN) for number in rebuilding.drawn(pool))
        pieces = sorted([*free, *used])
        remedy = Remedy(f"the free ranges of the {pool.label} pool", partial(rebuilding.rebuild_pool, pool))
        for fault in consistency.find_gaps_and_overlaps(
            *BOUNDS[pool], pieces, show=_numbers, merges=lambda lower, upper: False
        ):
            yield Finding(f"{pool.label} pool: {fault}.", remedy)


@check
def violations_of_tenures() -> Iterator[Finding]:
    """The open tenures are the addresses that are held, and the child prefixes."""
    remedy = Remedy("the tenures of what is held", rebuilding.rebuild_tenures)
    held_against_told: list[tuple[QuerySet[Any], str]] = [
        *((untold, "no tenure says who holds it") for untold in (addresses_untold(), blocks_untold())),
        *((untrue, "its tenure has not ended, but nobody holds it so") for untrue in Tenure.objects.untrue()),
    ]
    for rows, fault in held_against_told:
        for row in rows.order_by("pk")[:_MAX_ALIKE]:
            yield Finding(f"{row} of {row.network_id}: {fault}.", remedy)
        if (more := rows.count() - _MAX_ALIKE) > 0:
            yield Finding(f"{more:,} more such addresses or blocks: {fault}.", remedy)


def _install_guards() -> None:
    try:
        with transaction.atomic():
            guards.install(using=DEFAULT_DB_ALIAS, apps=apps)
            history.write(Verb.REPAIR, Kind.INSTALLATION, object_name="the guards against overlapping prefixes")
    except IntegrityError:
        raise errors.Overlap(
            "The guards cannot be installed while prefixes overlap. Remove one of each overlapping pair, then repair."
        ) from None


def _remedy(prefix: Prefix) -> Remedy:
    return Remedy(f"the free blocks of {_name(prefix)}", partial(rebuilding.rebuild_prefix, prefix.pk))


def _name(prefix: Prefix) -> str:
    return f"{prefix} of {prefix.network_id}"


def _numbers(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"
