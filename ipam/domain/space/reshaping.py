"""The space of a prefix whose block changes: rows are cut, parted and handed over by a few statements, at any number.

The caller has locked the prefix, so nothing comes back to it meanwhile, and what is free of it (`lock_free`), so nobody
takes from it. Addresses and children stay: that none is in the way has been judged.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam.addressing import Family, block
from ipam.domain.core import lookups, states
from ipam.domain.core.states import State
from ipam.domain.space import free_rows, free_space, set_aside
from ipam.domain.space.free_rows import Part
from ipam.domain.space.set_aside import Kept
from ipam.models import AddressRange, FreeBlock, IPAddress, Prefix, SetAsideBlock

# What lies in a prefix: the model, the column that says where, the one that says in which prefix.
_IN_PREFIX: list[tuple[Any, str, str]] = [
    (FreeBlock, "first", "prefix"),
    (SetAsideBlock, "first", "prefix"),
    (AddressRange, "first", "prefix"),
    (IPAddress, "address", "prefix"),
    (Prefix, "first", "parent"),
]


def outside(cidr: IPNetwork, column: str = "first") -> Q:
    """Rows whose `column` is no address of a block."""
    return Q(**{f"{column}__lt": _first(cidr)}) | Q(**{f"{column}__gt": _last(cidr)})


def lock_free(prefix: Prefix, *, kept: IPNetwork | None = None) -> None:
    """Wait until nobody takes from a locked prefix, but from what lies in a block that is `kept`; it stays so."""
    free = FreeBlock.objects.filter(prefix=prefix)
    if kept is not None:
        free = free.filter(outside(kept) | Q(length__lt=kept.prefixlen))
    lookups.lock_all(free.order_by("family", "prefix", "first").values_list("pk", flat=True))


def cut(prefix: Prefix, kept: IPNetwork) -> None:
    """Let all space of a prefix go that is free, or set aside, outside of a block of it."""
    _break(prefix, [kept], Q(first__in=_starts(kept, prefix.length), length__lt=kept.prefixlen))
    for model in (FreeBlock, SetAsideBlock):
        gone = model._default_manager.filter(outside(kept), prefix=prefix)
        gone._raw_delete(gone.db)


def part(prefix: Prefix, cidrs: Sequence[IPNetwork]) -> None:
    """Cut the blocks of a prefix that are larger than its parts, of one length, into those."""
    _break(prefix, cidrs, Q(length__lt=cidrs[0].prefixlen))


def hand_over(prefix: Prefix, *, beyond: IPNetwork) -> None:
    """Let what lies behind a block of a prefix be in the siblings that begin before it: its parts."""
    for model, column, relation in _IN_PREFIX:
        before = Prefix.objects.filter(
            parent=prefix.parent_id, namespace=prefix.namespace_id, first__lte=OuterRef(column)
        )
        wanted = {relation: prefix, f"{column}__gt": _last(beyond)}
        nearest = Subquery(before.order_by("-first").values("pk")[:1])
        model.objects.filter(**wanted).update(**{relation: nearest})


def join(prefix: Prefix, gone: Prefix) -> None:
    """Let all that lies in one prefix be in another."""
    for model, _, relation in _IN_PREFIX:
        model.objects.filter(**{relation: gone}).update(**{relation: prefix})


def merge_halves(prefix: Prefix) -> None:
    """Where both halves of a prefix are wholly free, let it be one block."""
    half = FreeBlock.objects.filter(prefix=prefix, length=prefix.length + 1)
    counted = half.order_by().values("namespace").annotate(number=Count("pk")).filter(number=2)
    for namespace_id in list(counted.values_list("namespace", flat=True)):
        half.filter(namespace=namespace_id).delete()
        free_rows.store([Part(prefix.network_id, prefix.pk, namespace_id, prefix.cidr)])


def release(prefix: Prefix, cidrs: Iterable[IPNetwork], *, is_namespaced: bool) -> None:
    """Let blocks of a prefix be free that nobody has had: in each copy of a namespaced one."""
    blocks = list(cidrs)
    copies = free_space.namespaces(prefix.network) if is_namespaced else [None]
    for namespace_id in copies if blocks else ():
        free_space.release(prefix.pk, blocks, namespace_id)


def cut_ranges(prefix: Prefix, kept: IPNetwork) -> list[tuple[AddressRange, State]]:
    """Let the ranges of a prefix that reach beyond a block of it end there; none lies wholly outside.

    Returns those that were cut, each with what it was before.
    """
    was = []
    reaching = prefix.ranges.filter(Q(first__lt=_first(kept)) | Q(last__gt=_last(kept)))
    for held in lookups.lock_all(reaching.order_by("first")):
        was.append((held, states.of(held)))
        held.revise(first=max(held.first, _first(kept)), last=min(held.last, _last(kept)))
    return was


def part_ranges(
    prefix: Prefix, cidrs: Sequence[IPNetwork]
) -> tuple[list[tuple[AddressRange, State]], list[AddressRange]]:
    """Let the ranges of a prefix that lie in several parts of it, of one length, be a range in each.

    Returns those that end earlier now, each with what it was before, and the new ones.
    """
    was, new = [], []
    beyond = Family.of(cidrs[0]).bits - cidrs[0].prefixlen
    for held in lookups.lock_all(prefix.ranges.order_by("first")):
        first, last = held.first.value, held.last.value
        further = cidrs[(first - cidrs[0].first >> beyond) + 1 : (last - cidrs[0].first >> beyond) + 1]
        if further:
            was.append((held, states.of(held)))
            held.revise(last=_first(further[0]) - 1)
        new += [_go_on(held, cidr, min(_last(cidr), Address(last, held.family))) for cidr in further]
    return was, new


def _go_on(held: AddressRange, cidr: IPNetwork, last: Address) -> AddressRange:
    """A range like one that ends before this part of its prefix, in that part."""
    described = {name: getattr(held, name) for name in (*AddressRange.texts, "labels", "use", "project")}
    place = {"network_id": held.network_id, "prefix_id": held.prefix_id, "family": held.family}
    new = AddressRange.objects.create(first=_first(cidr), last=last, **place, **described)
    held.blocks.filter(first__gte=_first(cidr), first__lte=last).update(range=new)
    return new


def _break(prefix: Prefix, cidrs: Sequence[IPNetwork], large: Q) -> None:
    """Put the parts that are among `cidrs` in the place of blocks that are `large`."""
    for free in list(FreeBlock.objects.filter(large, prefix=prefix)):
        free.delete()
        free_rows.store(_parts(free, cidrs))
    for kept in list(SetAsideBlock.objects.filter(large, prefix=prefix)):
        kept.delete()
        set_aside.store(Kept(one, kept.range_id, kept.until, kept.project_id) for one in _parts(kept, cidrs))


def _parts(held: FreeBlock | SetAsideBlock, cidrs: Sequence[IPNetwork]) -> list[Part]:
    whole = held.cidr
    return [Part(held.network_id, held.prefix_id, held.namespace_id, cidr) for cidr in cidrs if cidr in whole]


def _starts(cidr: IPNetwork, outermost: int) -> list[Address]:
    """Where blocks begin that hold this one, up to a prefix length."""
    family = Family.of(cidr)
    return sorted({_first(block(family, cidr.first, length).cidr) for length in range(outermost, cidr.prefixlen)})


def _first(cidr: IPNetwork) -> Address:
    return Address(cidr.first, cidr.version)


def _last(cidr: IPNetwork) -> Address:
    return Address(cidr.last, cidr.version)
