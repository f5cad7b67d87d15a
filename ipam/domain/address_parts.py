"""What a person means who types an address, a CIDR or the beginning of one."""

import re

from netaddr import IPNetwork

from ipam.addressing import Family, block, host, parse_address, parse_cidr

_IPV4_PART = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.?", re.ASCII)
_IPV6_PART = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,6}(::?)?", re.ASCII | re.IGNORECASE)


def block_of(text: str) -> IPNetwork | None:
    """The block that `text` names: an address (/32, /128), a CIDR (host bits cleared), or a part such as
    `10.0.` (10.0.0.0/16) or `2001:db8:` (2001:db8::/32). None when it looks like none of these.
    """
    text = text.strip()
    for parse in (parse_cidr, parse_address):
        try:
            found = parse(text)
        except ValueError:
            continue
        return found.cidr if isinstance(found, IPNetwork) else host(found)
    return _part(text)


def _part(text: str) -> IPNetwork | None:
    if _IPV4_PART.fullmatch(text):
        digits, base, width, family = text.rstrip(".").split("."), 10, 8, Family.IPV4
    elif ":" in text and _IPV6_PART.fullmatch(text):
        digits, base, width, family = text.rstrip(":").split(":"), 16, 16, Family.IPV6
    else:
        return None
    groups = [int(group, base) for group in digits]
    if max(groups) >= 1 << width:
        return None
    length = width * len(groups)
    value = sum(group << (family.bits - width * place) for place, group in enumerate(groups, start=1))
    return block(family, value, length)
