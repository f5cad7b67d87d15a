"""Space that cools becomes free again: when its time has come, or early where nothing else is left."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from ipam import errors
from ipam.addressing import Family
from ipam.domain.core import lookups
from ipam.domain.core.operations import transacted, waits_for_locks
from ipam.domain.space import free_space, set_aside
from ipam.models import FreeBlock, Network, Prefix, SetAsideBlock

_AT_ONCE = 1_000  # blocks


def of(network: Network, family: Family, namespace_id: UUID | None = None) -> QuerySet[SetAsideBlock]:
    """What cools of a family and may be given where nothing else is left, that which is free first before the rest.

    With a strict quarantine it is only what has cooled.
    """
    mine = SetAsideBlock.objects.filter(network=network, family=family, namespace=namespace_id, until__isnull=False)
    mine = mine.filter(until__lte=timezone.now()) if network.quarantine_strict else mine
    return mine.order_by("until", "id")


def give_way(
    network: Network,
    family: Family,
    count: int,
    *,
    within: Prefix | None = None,
    length: int | None = None,
    namespace_id: UUID | None = None,
) -> bool:
    """Let space that cools be free where a request finds nothing else: all whose time has come, or else what would be
    free first, `count` addresses or until a block of this prefix length is.

    Whether anything is free then, perhaps by somebody else's doing.
    """
    if not network.cools_for(family):
        return False
    place: dict[str, Any] = {} if within is None else {"prefix": within}
    cooling = of(network, family, namespace_id).filter(**place)
    if _free_all(cooling.filter(until__lte=timezone.now())[:_AT_ONCE]):
        return True
    fitting = FreeBlock.objects.filter(network=network, family=family, namespace=namespace_id, **place)
    if length is None:
        return _free_all(cooling[:count]) > 0 or fitting.exists()
    fitting, number = fitting.filter(length__lte=length), 1
    while _free_all(cooling[:number]) and not fitting.exists():
        number *= 2
    return fitting.exists()


def expire() -> int:
    """Let all be free again whose time has come, a thousand blocks at a time. Returns how many there were."""
    number = 0
    while freed := _expire():
        number += freed
    return number


@transacted
def _expire() -> int:
    return _free_all(SetAsideBlock.objects.filter(until__lte=timezone.now()).order_by("until", "id")[:_AT_ONCE])


def apply(network: Network) -> None:
    """Do what the quarantine of a locked network says from now on: of a family without one nothing cools any longer."""
    prefixes = lookups.lock_all(network.prefixes.in_order(), no_key=True)
    ended = [one.pk for one in prefixes if network.cools_for(one.address_family) is None]
    _free_all(SetAsideBlock.objects.filter(prefix__in=ended, until__isnull=False))
    settle(network, prefixes)


def settle(network: Network, prefixes: Iterable[Prefix]) -> None:
    """Let locked prefixes of a network say whether they set anything aside."""
    for prefix in prefixes:
        is_so = network.cools_for(prefix.address_family) is not None or prefix.ranges.exists()
        if is_so != prefix.sets_aside:
            Prefix.objects.filter(pk=prefix.pk).update(sets_aside=is_so)
            prefix.sets_aside = is_so


def _free_all(blocks: QuerySet[SetAsideBlock]) -> int:
    """Let these blocks be free; how many there were. The prefixes are locked first, in their order.

    A first try may hold free blocks, so it waits for none: Busy where somebody else holds one. Whoever waited may find
    that others were first: then look again.
    """
    held: list[SetAsideBlock] = []
    while not held and (keys := dict(blocks.all().values_list("pk", "prefix_id"))):
        _lock(set(keys.values()))
        # By the key of the prefix: by the prefix its row would be locked too, and keep out all who only take from it.
        cooled = SetAsideBlock.objects.filter(pk__in=keys, until__isnull=False).order_by("prefix_id", "first")
        held = list(cooled.select_for_update())
    SetAsideBlock.objects.filter(pk__in=[one.pk for one in held]).delete()
    for (prefix_id, namespace_id), cidrs in set_aside.by_place(held).items():
        free_space.release(prefix_id, cidrs, namespace_id)
    return len(held)


def _lock(prefixes: Collection[int]) -> None:
    wanted = Prefix.objects.filter(pk__in=prefixes).in_order()
    if len(wanted.select_for_update(no_key=True, skip_locked=not waits_for_locks())) < len(prefixes):
        raise errors.Busy("Others give back to the same prefix at this moment. Nothing was changed; send it again.")
