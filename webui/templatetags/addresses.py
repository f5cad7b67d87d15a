"""Addresses as people read them: what they share with their neighbours stands back, what changes stands out."""

import itertools

from django import template
from netaddr import IPAddress, IPNetwork, ipv6_verbose

from ipam import models

register = template.Library()


@register.inclusion_tag("components/address.html")
def address(value: object, link: str = "") -> dict[str, str]:
    """An address or CIDR with its full form on hover and a button that copies it.

    A stored address that comes with its prefix has the part in bold that tells it from others in the prefix.
    """
    text = str(value)
    prefix = _cached_prefix(value)
    fixed = shared_start(prefix) if prefix is not None and text.startswith(shared_start(prefix)) else ""
    return {"text": text, "fixed": fixed, "changing": text[len(fixed) :], "full": full_form(text), "link": link}


def shared_start(cidr: IPNetwork) -> str:
    """What the text of every address in a CIDR begins with, up to the last separator: `10.0.` for 10.0.0.0/22."""
    first, last = (str(IPAddress(end, cidr.version)) for end in (cidr.first, cidr.last))
    common = "".join(one for one, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last)))  # noqa: B905
    separator = "." if cidr.version == 4 else ":"
    return common[: common.rfind(separator) + 1]


@register.filter
def full_form(value: object) -> str:
    """An IPv6 address or CIDR with all of its digits; others as they are."""
    text = str(value)
    if ":" not in text:
        return text
    ip, slash, length = text.partition("/")
    return f"{IPAddress(ip).format(ipv6_verbose)}{slash}{length}"


@register.filter
def neighbourhood(one: models.IPAddress) -> IPNetwork:
    """The last zoom of the map that shows this address as a square: 256 addresses, or its prefix if that is smaller."""
    length = max(one.prefix.length, one.address_family.bits - 8)
    return IPNetwork((one.address.value, length), version=one.family).cidr


def _cached_prefix(value: object) -> IPNetwork | None:
    if isinstance(value, models.IPAddress) and models.IPAddress.prefix.is_cached(value):
        return value.prefix.cidr
    return None
