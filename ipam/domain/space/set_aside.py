"""Space that nobody holds and that is not free: reserved by a range, or cooling after its release.

It is rows beside free blocks (`SetAsideBlock`), so whoever takes the lowest free ones never meets it. A prefix says
whether it `sets_aside` anything; only then does somebody who gives back come here. Whoever moves space between the
two has locked the prefix. All functions here expect to run inside an operation's transaction.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Manager, Q
from django.utils import timezone
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, blocks_between
from ipam.domain.core.operations import waits_for_locks
from ipam.domain.space import free_rows, whose
from ipam.domain.space.free_rows import Part
from ipam.domain.space.gaps import gaps
from ipam.models import AddressRange, FreeBlock, Network, Prefix, SetAsideBlock

B = TypeVar("B", FreeBlock, SetAsideBlock)

Judge = Callable[[IPNetwork, Sequence[SetAsideBlock]], None]

_STORED_AT_ONCE = 2_000  # SQLite takes 32,766 values in a statement


class Kept(NamedTuple):
    """A part of a prefix, and what keeps it: a range, or that it cools until a moment for its last holder's project."""

    part: Part
    range_id: UUID | None = None
    until: datetime | None = None
    project_id: UUID | None = None


def store(kept: Iterable[Kept]) -> None:
    """Set parts of prefixes aside."""
    SetAsideBlock.objects.bulk_create(
        (
            SetAsideBlock(
                network_id=one.part.network_id,
                prefix_id=one.part.prefix_id,
                namespace_id=one.part.namespace_id,
                family=one.part.cidr.version,
                first=Address(one.part.cidr.first, one.part.cidr.version),
                length=one.part.cidr.prefixlen,
                range_id=one.range_id,
                until=one.until,
                project_id=one.project_id,
            )
            for one in kept
        ),
        batch_size=_STORED_AT_ONCE,
    )


def divide(parts: Iterable[Part], ranges: Sequence[AddressRange]) -> tuple[list[Part], list[Kept]]:
    """What of parts of one prefix lies in none of its ranges, which come in order, and what lies in each."""
    starts, ends = [one.first.value for one in ranges], [one.last.value for one in ranges]
    free: list[Part] = []
    kept: list[Kept] = []
    for part in parts:
        cidr, family = part.cidr, Family.of(part.cidr)
        near = slice(bisect_left(ends, cidr.first), bisect_right(starts, cidr.last))
        spans = list(zip(starts[near], ends[near], strict=True))
        for first, last in gaps(cidr.first, cidr.last, spans):
            free += [part._replace(cidr=one) for one in blocks_between(family, first, last)]
        for held, (first, last) in zip(ranges[near], spans, strict=True):
            inside = blocks_between(family, max(first, cidr.first), min(last, cidr.last))
            kept += [Kept(part._replace(cidr=one), held.pk) for one in inside]
    return free, kept


def without_ranges(prefix: Prefix, parts: list[Part]) -> list[Part]:
    """What of parts of a prefix that are opened becomes free; what its ranges keep is stored here."""
    if not prefix.sets_aside:
        return parts
    free, kept = divide(parts, list(prefix.ranges.order_by("first")))
    store(kept)
    return free


def keep(
    prefix: Prefix, released: Sequence[IPNetwork], namespace_id: UUID | None, project_id: UUID | None
) -> list[IPNetwork]:
    """Of blocks that come back to a locked prefix that sets aside: what becomes free. The rest is stored here.

    What lies in a range goes to it. Other space cools, as the network says, for the project that has held it; nothing
    does where nobody has (no project).
    """
    if not released:
        return []
    ends = [Address(value, prefix.family) for value in (min(c.first for c in released), max(c.last for c in released))]
    ranges = list(AddressRange.objects.meeting(prefix.pk, *ends))
    parts = [Part(prefix.network_id, prefix.pk, namespace_id, one) for one in released]
    free, kept = divide(parts, ranges)
    if free and project_id is not None:
        network = Network.objects.only("quarantine").get(pk=prefix.network_id)
        if span := network.cools_for(prefix.address_family):
            until = timezone.now() + span
            kept += [Kept(part, until=until, project_id=project_id) for part in free]
            free = []
    store(kept)
    return [part.cidr for part in free]


def take(prefix: Prefix, wanted: IPNetwork, namespace_id: UUID | None, judge: Judge | None) -> bool:
    """Take just `wanted`, as its free parts and those that are set aside; False, and nothing taken, where one is held.

    What is set aside is judged before: `check_may_name`, but where nobody names it. A first try may hold free blocks,
    so it does not wait for the prefix: Busy where somebody else holds that.
    """
    if not meeting(SetAsideBlock.objects, prefix, wanted.first, wanted.last, namespace_id, is_locked=False):
        return False
    lock = Prefix.objects.select_for_update(no_key=True, skip_locked=not waits_for_locks())
    if lock.filter(pk=prefix.pk).first() is None:
        raise errors.Busy(f"Others give back to {prefix} at this moment. Nothing was changed; send it again.")
    kept = meeting(SetAsideBlock.objects, prefix, wanted.first, wanted.last, namespace_id)
    if judge is not None:
        judge(wanted, kept)
    free = hold_free(prefix, wanted.first, wanted.last, namespace_id)
    blocks = [one.cidr for one in [*kept, *free]]
    if sum(min(one.last, wanted.last) - max(one.first, wanted.first) + 1 for one in blocks) != wanted.size:
        return False
    beside = [(wanted.first, wanted.last)]
    FreeBlock.objects.filter(pk__in=[one.pk for one in free]).delete()
    SetAsideBlock.objects.filter(pk__in=[one.pk for one in kept]).delete()
    free_rows.store(part for one in free for part in _outside(one, beside))
    store(Kept(part, one.range_id, one.until, one.project_id) for one in kept for part in _outside(one, beside))
    return True


def check_may_name(wanted: IPNetwork, kept: Sequence[SetAsideBlock], *, project_id: UUID | None, field: str) -> None:
    """Raise InRange or Cooling where a project may not name what is set aside so."""
    now = timezone.now()
    for held in AddressRange.objects.filter(pk__in={one.range_id for one in kept if one.range_id}).order_by("first"):
        if held.use != AddressRange.Use.BY_NAME or held.project_id not in (None, project_id):
            raise in_range(wanted, held, field=field)
    for one in kept:
        if one.until is not None and one.until > now and one.project_id != project_id:
            raise errors.Cooling(
                f"{_text(wanted)} was released a short time ago and stays out of use until "
                f"{one.until:%Y-%m-%d %H:%M:%S} UTC. Choose another, or wait.",
                until=one.until,
                field=field,
            )


def in_range(wanted: IPNetwork, held: AddressRange, *, field: str) -> errors.InRange:
    """Why something in a range is not given to whoever names it."""
    is_foreign = held.use == AddressRange.Use.BY_NAME
    why = "which another project alone may name" if is_foreign else f"which is {held.get_use_display()}"
    detail = f"{_text(wanted)} lies in {whose.address_range(held)}, {why}. Choose space outside of it."
    return errors.InRange(detail, field=field)


def meeting(
    objects: Manager[B], prefix: Prefix, first: int, last: int, namespace_id: UUID | None, *, is_locked: bool = True
) -> list[B]:
    """Blocks of a prefix that share an address with first..last, in order, locked; free ones or set aside."""
    family = prefix.address_family
    starts = {first >> bits << bits for bits in range(family.bits - prefix.length + 1)}
    begins = Q(first__in=[Address(one, family.value) for one in sorted(starts)])
    within = Q(first__gte=Address(first, family.value), first__lte=Address(last, family.value))
    place = {"network": prefix.network_id, "family": prefix.family, "prefix": prefix.pk, "namespace": namespace_id}
    found = objects.filter(begins | within, **place).order_by("first")
    found = found.select_for_update() if is_locked else found
    return [one for one in found if one.cidr.last >= first and one.cidr.first <= last]


def hold_free(prefix: Prefix, first: int, last: int, namespace_id: UUID | None) -> list[FreeBlock]:
    """The free blocks that share an address with first..last, locked; the prefix is, so none comes back meanwhile.

    Whoever held one may have put others in its place that our statement could not see: look until nothing changes.
    """
    keys: set[int] | None = None
    while True:
        held = meeting(FreeBlock.objects, prefix, first, last, namespace_id)
        found = {one.pk for one in held}
        if found == keys:
            return held
        keys = found


def _outside(block: Any, taken: Iterable[tuple[int, int]]) -> list[Part]:
    """What of a block lies outside of what is taken of it."""
    cidr, place = block.cidr, (block.network_id, block.prefix_id, block.namespace_id)
    return [
        Part(*place, part)
        for first, last in gaps(cidr.first, cidr.last, taken)
        for part in blocks_between(Family.of(cidr), first, last)
    ]


def move(prefix: Prefix, held: AddressRange, namespaces: Iterable[UUID | None]) -> None:
    """Let a new range of a locked prefix have all that nobody holds in it: what is free, and what cools."""
    first, last = held.first.value, held.last.value
    for namespace_id in namespaces:
        free = hold_free(prefix, first, last, namespace_id)
        cooling = meeting(SetAsideBlock.objects, prefix, first, last, namespace_id)
        FreeBlock.objects.filter(pk__in=[one.pk for one in free]).delete()
        SetAsideBlock.objects.filter(pk__in=[one.pk for one in cooling]).delete()
        free_rows.store(part for one in free for part in _outside(one, [(first, last)]))
        store(Kept(part, None, one.until, one.project_id) for one in cooling for part in _outside(one, [(first, last)]))
        cidrs = sorted([*(one.cidr for one in free), *(one.cidr for one in cooling)])
        whole = [Part(prefix.network_id, prefix.pk, namespace_id, cidr) for cidr in cidrs]
        store(divide(whole, [held])[1])


def forget(prefixes: Iterable[Prefix]) -> None:
    """Remove the ranges of prefixes that go, and all that is set aside in them."""
    keys = [prefix.pk for prefix in prefixes]
    for rows in (SetAsideBlock.objects.filter(prefix__in=keys), AddressRange.objects.filter(prefix__in=keys)):
        rows._raw_delete(rows.db)


def by_place(blocks: Iterable[SetAsideBlock]) -> dict[tuple[int, UUID | None], list[IPNetwork]]:
    """Blocks by the prefix and copy that they are of, in order."""
    found: dict[tuple[int, UUID | None], list[IPNetwork]] = defaultdict(list)
    for one in blocks:
        found[one.prefix_id, one.namespace_id].append(one.cidr)
    return dict(sorted(found.items(), key=lambda pair: (pair[0][0], str(pair[0][1]))))


def _text(cidr: IPNetwork) -> str:
    """An address, or a block."""
    return str(cidr.ip if cidr.prefixlen == Family.of(cidr).bits else cidr)
