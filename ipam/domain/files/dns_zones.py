"""Addresses as DNS: A, AAAA and PTR records to paste into, or include from, the zones of a name server.

A name that ends in the zone's domain, or in a dot, is absolute and stays; another one with dots belongs to another zone
and is left out. What had to be changed, left out, or has the name of something else, is said in a comment.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from ipam.addressing import shorten
from ipam.domain.core import bulk_insert
from ipam.domain.core.paging import batches
from ipam.domain.networks import dns_names, sharing
from ipam.models import IPAddress, Prefix


def lines(addresses: QuerySet[IPAddress], domain: str = dns_names.DEFAULT_DOMAIN) -> Iterator[str]:
    """Forward records, then reverse ones, line by line. An address without a name gets one made of itself.

    One file is of one namespace, for another may have the same addresses: of the only one that there is, else of those
    without any. Invalid when `domain` is no domain name.
    """
    return _read(addresses, dns_names.check_domain(domain))


def lines_of(held: Sequence[IPAddress]) -> Iterator[str]:
    """The same for a few, in order, that were read with their prefix, namespace and machine; nothing is read again."""
    namespaces = {one.namespace_id: one.namespace.name if one.namespace else None for one in held}
    rows = [one for one in held if one.namespace_id == _chosen(namespaces)]
    gateways = {one.prefix for one in rows if one.prefix.gateway is not None}
    in_order = sorted(gateways, key=lambda prefix: (prefix.family, prefix.pk))
    return _records(namespaces, in_order, lambda: rows, dns_names.check_domain(dns_names.DEFAULT_DOMAIN))


def _read(addresses: QuerySet[IPAddress], origin: str) -> Iterator[str]:
    namespaces = dict(addresses.order_by().values_list("namespace", "namespace__name").distinct())
    rows = addresses.filter(namespace=_chosen(namespaces)).select_related("machine")
    gateways = Prefix.objects.filter(pk__in=rows.order_by().values("prefix")).exclude(gateway=None).in_order()
    yield from _records(namespaces, gateways, lambda: batches(rows, "address", "pk"), origin)


def _chosen(namespaces: Collection[Any]) -> Any:
    return next(iter(namespaces)) if len(namespaces) == 1 else None


def _records(
    namespaces: Mapping[Any, str | None],
    gateways: Iterable[Prefix],
    rows: Callable[[], Iterable[IPAddress]],
    origin: str,
) -> Iterator[str]:
    yield f"; forward, for the zone of {origin}\n"
    for key, name in namespaces.items():
        if key != _chosen(namespaces):
            detail = f"the namespace of “{shorten(name)}”, which has a file of its own: export it with namespace={key}"
            yield f"; left out: {detail}\n"
    for prefix in gateways:
        yield f"; the gateway of {prefix} is {prefix.gateway}\n"
    yield from _forward(rows(), origin)
    yield "; reverse, for the zones under in-addr.arpa. and ip6.arpa.\n"
    for row in rows():
        name = dns_names.name_of(row, origin).text
        if name.startswith("*"):
            yield f"; left out: {row.address.reverse_dns}, as {name} is no name of a host\n"
        elif name:
            yield f"{row.address.reverse_dns} IN PTR {name}\n"


def _knowing_holders(rows: Iterable[IPAddress]) -> Iterator[IPAddress]:
    """Each of them; those that several machines have know these. Nothing is asked where none is shared."""
    for some in bulk_insert.batches(rows):
        yield from sharing.know_holders(some)


def _forward(rows: Iterable[IPAddress], origin: str) -> Iterator[str]:
    holders: dict[str, tuple[Any, str]] = {}  # of names that people gave
    for row in _knowing_holders(rows):
        name = dns_names.name_of(row, origin)
        if name.note:
            yield f"; {name.note}\n"
        if not name.is_of_zone:
            continue
        if dns_names.spoken(row):
            holder = row.machine_id or row.allocation, str(row.address)
            first, address = holders.setdefault(name.text, holder)
            if first != holder[0]:
                yield f"; {name.text} is the name of {address} too, of another machine or allocation\n"
        if len(row.machine_ids) > 1:
            several = [row.machine, *(one.machine for one in row.holders.all())]
            yield f"; {row.address}, {row.shared}, is of {', '.join(shorten(one) for one in several)}\n"
        yield f"{name.text} IN {'A' if row.family == 4 else 'AAAA'} {row.address}\n"
