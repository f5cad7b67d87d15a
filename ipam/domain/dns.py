"""DNS records of addresses, as lines of a zone file (RFC 1035 section 5; AAAA: RFC 3596)."""

import re
from collections.abc import Iterable

from ipam.addressing import Family
from ipam.models import IPAddress

_NO_HOST = "host"
_LONGEST_LABEL = 63  # octets, RFC 1035 section 2.3.4


def host_label(name: str) -> str:
    """A name as one valid label of a host name (RFC 952, RFC 1123): `Web server #1` becomes `web-server-1`."""
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_LONGEST_LABEL].strip("-")
    return label or _NO_HOST


def records(addresses: Iterable[IPAddress], *, zone: str = "example.org") -> list[str]:
    """The A or AAAA record of each address, then its PTR record; the reverse names are absolute."""
    forward, reverse = [], []
    for one in addresses:
        name = f"{host_label(one.name)}.{zone}."
        kind = "A" if one.family == Family.IPV4 else "AAAA"
        forward.append(f"{name} IN {kind} {one}")
        reverse.append(f"{one.address.reverse_dns} IN PTR {name}")
    return [*forward, *reverse]
