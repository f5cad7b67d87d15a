"""Addresses as DNS: A, AAAA and PTR records to paste into, or include from, the zones of a name server.

A name that ends in the zone's domain, or in a dot, is absolute and stays; another one with dots belongs to another zone
and is left out. What had to be changed, left out, or has the name of something else, is said in a comment.
"""

from collections.abc import Iterator
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
    return _records(addresses, dns_names.check_domain(domain))


def _records(addresses: QuerySet[IPAddress], origin: str) -> Iterator[str]:
    namespaces = dict(addresses.order_by().values_list("namespace", "namespace__name").distinct())
    chosen = next(iter(namespaces)) if len(namespaces) == 1 else None
    rows = addresses.filter(namespace=chosen).select_related("machine")
    yield f"; forward, for the zone of {origin}\n"
    for key, name in namespaces.items():
        if key != chosen:
            detail = f"the namespace of “{shorten(name)}”, which has a file of its own: export it with namespace={key}"
            yield f"; left out: {detail}\n"
    for prefix in Prefix.objects.filter(pk__in=rows.order_by().values("prefix")).exclude(gateway=None).in_order():
        yield f"; the gateway of {prefix} is {prefix.gateway}\n"
    yield from _forward(rows, origin)
    yield "; reverse, for the zones under in-addr.arpa. and ip6.arpa.\n"
    for row in batches(rows, "address", "pk"):
        name = dns_names.name_of(row, origin).text
        if name.startswith("*"):
            yield f"; left out: {row.address.reverse_dns}, as {name} is no name of a host\n"
        elif name:
            yield f"{row.address.reverse_dns} IN PTR {name}\n"


def _knowing_holders(rows: QuerySet[IPAddress]) -> Iterator[IPAddress]:
    """Each of them; those that several machines have know these. Nothing is asked where none is shared."""
    for some in bulk_insert.batches(batches(rows, "address", "pk")):
        yield from sharing.know_holders(some)


def _forward(rows: QuerySet[IPAddress], origin: str) -> Iterator[str]:
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
