"""One box for everything: an address, a CIDR, a part of one, a name, an id, a VNI, an ASN, a MAC in a label."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import attrgetter, or_
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from netaddr import IPAddress as Address
from netaddr import IPNetwork, IPRange

from ipam import errors
from ipam.address_parts import asn_of, block_of, macs_of, spans_of, unwrapped
from ipam.domain.core import access
from ipam.models import (
    VRF,
    Cluster,
    ClusterRange,
    FreeBlock,
    IPAddress,
    Machine,
    Network,
    Partition,
    Prefix,
    Project,
    Tenure,
)
from ipam.models.base import MAX_WORDS, RecordQuerySet

KINDS = ("addresses", "prefixes", "networks", "machines", "clusters", "projects", "partitions", "vrfs")
_MAX_AT_ONCE, _TURN_TIMEOUT_SECONDS = 4, 1  # searches of one process: fewer than it has connections
_slots = BoundedSemaphore(_MAX_AT_ONCE)

# What a hit of each kind says beside its name: a column.
_DETAILS = {"networks": "type", "machines": "project__name", "clusters": "state", "projects": "tenant"}


@dataclass(frozen=True)
class Hit:
    """One thing that was found. `network` is the id of that of an address or prefix; a prefix's detail names it."""

    kind: str
    id: str
    text: str
    detail: str = ""
    network: str = ""


def find(text: str, *, limit: int = 10) -> list[Hit]:
    """The best hits of each kind, at most `limit` of each, best kind first, and in it what is called just so.

    Addresses and prefixes are found by their place in address space, and so are the pods and services of clusters.
    All text finds addresses by their name and the rest by a part of id, name or description: of several words each has
    to be there, in any order. A MAC, however it is written, finds the addresses and machines that have it in a label.
    An address that nobody holds finds the prefixes that would hold it, and what is free there. Seven statements at
    most; a million addresses cost as much as ten.
    Busy when too many others search in this process, so that a flood of searches leaves room for allocations.
    """
    text = text.strip()
    if not text or "\0" in text:
        return []
    if not _slots.acquire(timeout=_TURN_TIMEOUT_SECONDS):
        raise errors.Busy("Many people search at this moment. Search again in a moment.")
    try:
        return _find(text, limit)
    finally:
        _slots.release()


def _find(text: str, limit: int) -> list[Hit]:
    if macs := macs_of(text):
        labelled = _addresses(access.visible(IPAddress.objects.labelled_any(macs).order_by("address")), limit)
        return [*labelled, *_named(text, limit, macs=macs)]
    spans = spans_of(text)
    wanted = spans[0] if spans else None
    text = (unwrapped(text) or text) if "://" in text else text
    called = _addresses(access.visible(_called(text)), limit)
    if wanted is None:
        return [*called, *_named(text, limit)]
    held = _addresses(_inside(access.visible(IPAddress.objects.all()), spans, "address", limit), limit)
    prefixes = list(_prefixes(wanted, spans, limit, is_held=bool(held)))
    if wanted.size > 1:
        is_held = any(hit.text == str(wanted) for hit in prefixes)
        prefixes = prefixes if is_held else [*_former(wanted), *prefixes][:limit]
    elif not held:
        held = list(_former(wanted))
    return [*_both(called, held, limit), *prefixes, *_named(text, limit, wanted)]


def _called(text: str) -> QuerySet[IPAddress]:
    """The addresses with this name, or those that an id, or the id of an allocation, stands for."""
    try:
        key = UUID(text)
    except ValueError:
        return IPAddress.objects.called(text)
    return IPAddress.objects.filter(Q(pk=key) | Q(allocation=key)).order_by("address")


def the_one(hits: Sequence[Hit], text: str) -> Hit | None:
    """The hit that is meant beyond doubt: the only one, the only one that is called just so, or for an address the
    only prefix that is the closest around it. None where several are equally good.
    """
    if len(hits) == 1:
        return hits[0]
    spans = spans_of(text)
    wanted = block_of(text) if len(spans) == 1 else None  # what may go on is not meant beyond doubt
    names = {text.strip().lower()}
    if wanted is not None:
        names |= {str(wanted), str(wanted.ip)} if wanted.size == 1 else {str(wanted)}
    exact = [hit for hit in hits if _names(hit) & names]
    if not exact and wanted is not None:
        around = [hit for hit in hits if hit.kind == "prefixes" and wanted in IPNetwork(hit.text)]
        closest = max((IPNetwork(hit.text).prefixlen for hit in around), default=0)
        exact = [hit for hit in around if IPNetwork(hit.text).prefixlen == closest]
    return exact[0] if len(exact) == 1 else None


def _both(called: list[Hit], held: list[Hit], limit: int) -> list[Hit]:
    """Addresses by their name and by their place: neither keeps the other out."""
    first = called[: max(limit // 2, limit - len(held))]
    return [*first, *(hit for hit in held if hit not in first)][:limit]


def _names(hit: Hit) -> set[str]:
    """What people call it; the ids of addresses and prefixes are nothing that anybody types."""
    return {hit.text.lower()} if hit.kind in ("addresses", "prefixes") else {hit.text.lower(), hit.id.lower()}


def _inside(objects: Any, spans: Sequence[IPNetwork | IPRange], start: str, limit: int) -> list[Any]:
    """The first of those that lie in these spans, in order; one statement, at most `limit` rows of each span.

    Asked for one span or another, PostgreSQL reads all between the first and the last; SQLite looks at each by itself.
    """
    inside = [objects.within(one) for one in spans]
    if len(spans) > 1 and connection.features.supports_slicing_ordering_in_compound:
        first, *others = (one.order_by(start, "pk")[:limit] for one in inside)
        found = first.union(*others, all=True)
    else:
        found = reduce(or_, inside).order_by(start, "pk")[:limit]
    return sorted(found, key=attrgetter(start))[:limit]


def _addresses(addresses: Sequence[IPAddress] | QuerySet[IPAddress], limit: int) -> list[Hit]:
    return [Hit("addresses", str(one.pk), str(one), one.name, one.network_id) for one in addresses[:limit]]


def _former(wanted: IPNetwork) -> Iterator[Hit]:
    """An address or block that somebody once had, and nobody has now whom the caller sees; it has no id."""
    is_address = wanted.size == 1
    of_blocks = Tenure.objects.of_blocks().filter(address=wanted.ip, length=wanted.prefixlen)
    found = Tenure.objects.of_address(wanted.ip) if is_address else of_blocks
    last = access.visible(found).order_by("-since", "-id").first()
    if last is not None and last.until:
        detail = f"given back {last.until:%Y-%m-%d %H:%M} UTC · last {last.project_name}"
        yield Hit("addresses" if is_address else "prefixes", "", str(last), detail, last.network_id)


def _prefixes(wanted: IPNetwork, spans: Sequence[IPNetwork | IPRange], limit: int, *, is_held: bool) -> Iterator[Hit]:
    """Those that hold the block, the most specific first, then those inside it and what it may go on as."""
    visible = access.visible(Prefix.objects.select_related("network"))
    first, last = Address(wanted.first, wanted.version), Address(wanted.last, wanted.version)
    holding = list(visible.supernets_of(wanted).order_by("-length", "id")[:limit])
    inside: Any = []  # of an address there is nothing
    if wanted.size > 1:
        inside = _inside(visible.exclude(first=first, last=last), spans, "first", limit)
    details = {}
    if wanted.size == 1 and holding and not is_held:
        details[holding[0].pk] = f"{holding[0].network} · {_what_is_free(holding[0])}"
    for prefix in [*holding, *inside[:limit]][:limit]:
        detail = details.get(prefix.pk, str(prefix.network))
        yield Hit("prefixes", str(prefix.pk), str(prefix), detail, prefix.network_id)


def _what_is_free(prefix: Prefix) -> str:
    """What would be taken next."""
    if prefix.network.is_namespaced:
        return "free space differs by project"
    lowest = FreeBlock.objects.of(prefix).order_by("first").first()
    if lowest is None:
        return "nothing free"
    return f"next free {lowest.cidr}" if prefix.network.is_super else f"next free {lowest.first}"


def _named(text: str, limit: int, wanted: IPNetwork | None = None, macs: Sequence[str] = ()) -> Iterator[Hit]:
    machines = _with_words(Machine, text)
    if (asn := asn_of(text)) is not None:
        machines |= Machine.objects.filter(asn=asn)
    if macs:
        machines |= Machine.objects.labelled_any(macs)
    clusters = _with_words(Cluster, text)
    if wanted is not None:
        clusters |= Cluster.objects.filter(pk__in=ClusterRange.objects.overlapping(wanted).values("cluster"))
    matching: dict[str, RecordQuerySet[Any]] = {
        "networks": access.visible(_with_words(Network, text)),
        "machines": access.visible(machines),
        "clusters": access.visible(clusters),
        "projects": access.visible(_with_words(Project, text)),
        "partitions": access.visible(_with_words(Partition, text)),
        "vrfs": access.visible(_with_words(VRF, text)),
    }
    # Sorting what is called just so to the front of all that match would mean reading all that match. Names are
    # compared twice, so that PostgreSQL may choose between the index of names and that of their parts.
    just_so = Q(pk__iexact=text) | Q(name=text, name__iexact=text)
    exact = _hits({kind: access.visible(one.model.objects.filter(just_so)) for kind, one in matching.items()}, limit)
    others = _hits(matching, limit)
    for kind in matching:
        yield from [*exact[kind], *(hit for hit in others[kind] if hit not in exact[kind])][:limit]


def _with_words(model: type[Any], text: str) -> Any:
    """Those that have each word of the text in id, name or description."""
    words = text.replace(" · ", " ").split()[:MAX_WORDS]  # between a name and a tenant
    return reduce(lambda found, word: found.with_text(word), words, model.objects.all())


def _hits(wanted: dict[str, RecordQuerySet[Any]], limit: int) -> dict[str, list[Hit]]:
    """The first of each kind by id, at most `limit` of each; one statement for all kinds."""
    first, *others = (_rows(kind, objects, limit) for kind, objects in wanted.items())
    found = defaultdict(list)
    for kind, key, name, detail in sorted(first.union(*others, all=True), key=_place):
        found[kind].append(_hit(kind, str(UUID(key)) if kind in ("projects", "clusters") else key, name, detail))
    return found


def _rows(kind: str, objects: RecordQuerySet[Any], limit: int) -> Any:
    """A part of the statement for all kinds; SQLite takes no limit in such a part, but in what that chooses from."""
    takes_limit = connection.features.supports_slicing_ordering_in_compound
    if not takes_limit:
        objects = objects.model.objects.filter(pk__in=objects.order_by("pk").values("pk")[:limit])
    detail = F(_DETAILS[kind]) if kind in _DETAILS else Value("")
    rows = objects.order_by().values_list(Value(kind), Cast("pk", TextField()), "name", detail)
    return rows.order_by("pk")[:limit] if takes_limit else rows


def _place(row: tuple[str, str, str, str]) -> tuple[int, str]:
    """Of a row in the order of its kind: numbers by their size, other ids as text."""
    kind, key, *_ = row
    return (int(key) if kind == "vrfs" else 0), key


def _hit(kind: str, key: str, name: str, detail: str) -> Hit:
    if kind == "vrfs":
        return Hit(kind, key, key, name)
    return Hit(kind, key, name or key, detail, key if kind == "networks" else "")
