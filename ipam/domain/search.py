"""One box for everything: an address, a CIDR, a part of one, a name, an id, a VNI, an ASN."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from netaddr import IPAddress as Address
from netaddr import IPNetwork

from ipam import errors
from ipam.domain import access
from ipam.domain.address_parts import block_of
from ipam.models import VRF, Cluster, ClusterRange, FreeBlock, IPAddress, Machine, Network, Partition, Prefix, Project
from ipam.models.base import RecordQuerySet

KINDS = ("addresses", "prefixes", "networks", "machines", "clusters", "projects", "partitions", "vrfs")
_HIGHEST_NUMBER = 2**32 - 1  # of an ASN
_MOST_AT_ONCE, _PATIENCE = 4, 1  # searches of one process, fewer than it has connections; seconds until one is refused
_slots = BoundedSemaphore(_MOST_AT_ONCE)

# What a hit of each kind says beside its name: a column.
_DETAILS = {"networks": "type", "machines": "role", "clusters": "state", "projects": "tenant"}


@dataclass(frozen=True)
class Hit:
    """One thing that was found. `network` is the id of the network that an address or prefix belongs to."""

    kind: str
    id: str
    text: str
    detail: str = ""
    network: str = ""


def find(text: str, *, limit: int = 10) -> list[Hit]:
    """The best hits of each kind, at most `limit` of each, best kind first, and in it what is called just so.

    Addresses and prefixes are found by their place in address space, and so are the pods and services of clusters.
    Other text finds addresses by their name and the rest by a part of id, name or description. An address that nobody
    holds finds the prefixes that would hold it, and what is free there. Ten statements at most; a million addresses
    cost as much as ten.
    Busy when too many others search in this process, so that a flood of searches leaves room for allocations.
    """
    text = text.strip()
    if not text or "\0" in text:
        return []
    if not _slots.acquire(timeout=_PATIENCE):
        raise errors.Busy("Many people search at this moment. Search again in a moment.")
    try:
        return _find(text, limit)
    finally:
        _slots.release()


def _find(text: str, limit: int) -> list[Hit]:
    wanted = block_of(text)
    if wanted is None:
        return [*_addresses(access.visible(IPAddress.objects.called(text)), limit), *_named(text, limit)]
    held = _addresses(access.visible(IPAddress.objects.within(wanted).order_by("address")), limit)
    return [*held, *_prefixes(wanted, limit, is_held=bool(held)), *_named(text, limit, wanted)]


def best(hits: Sequence[Hit], text: str) -> Hit:
    """The one hit that is called just so, whatever its kind; else the first."""
    wanted = {text.strip().lower(), str(block_of(text))}
    return next((hit for hit in hits if _names(hit) & wanted), hits[0])


def _names(hit: Hit) -> set[str]:
    """What people call it; the ids of addresses and prefixes are nothing that anybody types."""
    return {hit.text.lower()} if hit.kind in ("addresses", "prefixes") else {hit.text.lower(), hit.id.lower()}


def _addresses(addresses: QuerySet[IPAddress], limit: int) -> list[Hit]:
    return [Hit("addresses", str(one.pk), str(one), one.name, one.network_id) for one in addresses[:limit]]


def _prefixes(wanted: IPNetwork, limit: int, *, is_held: bool) -> Iterator[Hit]:
    """Those that hold the block, the most specific first, then those inside it."""
    visible = access.visible(Prefix.objects.all())
    first, last = Address(wanted.first, wanted.version), Address(wanted.last, wanted.version)
    holding = list(visible.holding(wanted).select_related("network").order_by("-length", "id")[:limit])
    inside: Any = []  # of an address there is nothing
    if wanted.size > 1:
        inside = visible.within(wanted).exclude(first=first, last=last).order_by("first")
    details = {}
    if wanted.size == 1 and holding and not is_held:
        details[holding[0].pk] = f"{holding[0].network_id} · {_what_is_free(holding[0])}"
    for prefix in [*holding, *inside[:limit]][:limit]:
        detail = details.get(prefix.pk, prefix.network_id)
        yield Hit("prefixes", str(prefix.pk), str(prefix), detail, prefix.network_id)


def _what_is_free(prefix: Prefix) -> str:
    """What would be taken next."""
    if prefix.network.is_namespaced:
        return "free space differs by project"
    lowest = FreeBlock.objects.of(prefix).order_by("first").first()
    if lowest is None:
        return "nothing free"
    return f"next free {lowest.cidr}" if prefix.network.is_super else f"next free {lowest.first}"


def _named(text: str, limit: int, wanted: IPNetwork | None = None) -> Iterator[Hit]:
    machines = Machine.objects.matching(text)
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _HIGHEST_NUMBER:
        machines |= Machine.objects.filter(asn=int(text))
    clusters = Cluster.objects.matching(text)
    if wanted is not None:
        clusters |= Cluster.objects.filter(pk__in=ClusterRange.objects.overlapping(wanted).values("cluster"))
    matching: dict[str, RecordQuerySet[Any]] = {
        "networks": access.visible(Network.objects.matching(text)),
        "machines": access.visible(machines),
        "clusters": access.visible(clusters),
        "projects": access.visible(Project.objects.matching(text)),
        "partitions": access.visible(Partition.objects.matching(text)),
        "vrfs": access.visible(VRF.objects.matching(text)),
    }
    exact = _exact(text, matching, limit)
    for kind, objects in matching.items():
        found = objects.order_by("pk")[:limit]
        others = [_hit(kind, str(one.pk), one.name, getattr(one, _DETAILS.get(kind, ""), "")) for one in found]
        yield from [*exact[kind], *(hit for hit in others if hit not in exact[kind])][:limit]


def _exact(text: str, matching: dict[str, RecordQuerySet[Any]], limit: int) -> dict[str, list[Hit]]:
    """Those whose id (whatever its case) or name is just this text; one statement for all kinds.

    Sorting them to the front of all that match instead would mean reading all that match. Names are compared twice,
    so that PostgreSQL may choose between the index of names and that of their parts.
    """
    wanted = Q(pk__iexact=text) | Q(name=text, name__iexact=text)
    first, *others = (
        access.visible(objects.model.objects.filter(wanted))
        .order_by()
        .values_list(Value(kind), Cast("pk", TextField()), "name", F(_DETAILS[kind]) if kind in _DETAILS else Value(""))
        for kind, objects in matching.items()
    )
    found = defaultdict(list)
    for kind, key, name, detail in first.union(*others, all=True)[: limit * len(matching)]:
        found[kind].append(_hit(kind, str(UUID(key)) if kind in ("projects", "clusters") else key, name, detail))
    return found


def _hit(kind: str, key: str, name: str, detail: str) -> Hit:
    if kind == "vrfs":
        return Hit(kind, key, key, name)
    return Hit(kind, key, name or key, detail, key if kind == "networks" else "")
