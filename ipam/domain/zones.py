"""Addresses as DNS: A, AAAA and PTR records to paste into, or include from, the zones of a name server."""

import re
from collections.abc import Iterator

from django.db.models import QuerySet

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.paging import batches
from ipam.models import IPAddress

DEFAULT_DOMAIN = "internal"  # kept free for private use by ICANN
_LONGEST_LABEL, _LONGEST_NAME = 63, 253  # RFC 1035, section 2.3.4
_NOT_IN_LABELS = re.compile(r"[^a-z0-9-]+")


def lines(addresses: QuerySet[IPAddress], domain: str = DEFAULT_DOMAIN) -> Iterator[str]:
    """Forward records, then reverse ones, line by line. An address without a name gets one made of itself.

    Invalid when `domain` is no domain name.
    """
    return _records(addresses, _check_domain(domain))


def _records(addresses: QuerySet[IPAddress], origin: str) -> Iterator[str]:
    rows = addresses.select_related("machine")
    yield f"; forward, for the zone of {origin}\n"
    for row in batches(rows, "address", "pk"):
        kind = "A" if row.family == 4 else "AAAA"
        yield f"{name_of(row)}.{origin} IN {kind} {row.address}\n"
    yield "; reverse, for the zones under in-addr.arpa. and ip6.arpa.\n"
    for row in batches(rows, "address", "pk"):
        yield f"{row.address.reverse_dns} IN PTR {name_of(row)}.{origin}\n"


def name_of(row: IPAddress) -> str:
    """The name of an address, made valid: labels of letters, digits and dashes, at most 63 long (RFC 1035)."""
    machine = row.machine
    spoken = row.name or (machine.hostname or machine.name or machine.pk if machine else "")
    labels = [_label(part) for part in spoken.lower().split(".")]
    name = ".".join(label for label in labels if label)[:120].rstrip("-.")
    return name or _label(f"ip-{row.address}".replace(".", "-").replace(":", "-"))


def _label(text: str) -> str:
    return _NOT_IN_LABELS.sub("-", text).strip("-")[:_LONGEST_LABEL].rstrip("-")


def _check_domain(domain: str) -> str:
    name = domain.strip().rstrip(".").lower()
    if not name or len(name) > _LONGEST_NAME - 121 or any(_label(part) != part or not part for part in name.split(".")):
        raise errors.Invalid(f"“{shorten(domain)}” is no domain name such as example.org.", field="domain")
    return f"{name}."
