"""Addresses as people read them: what they share with their neighbours stands back, what changes stands out."""

import itertools
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from socket import AF_INET6, inet_pton

from django import template
from django.utils.safestring import SafeString
from netaddr import IPAddress, IPNetwork

from ipam import models
from ipam.links import link

register = template.Library()

_TOLD = 5  # of the further addresses of one machine and family


@register.simple_tag
def address(value: object, href: str = "") -> SafeString:
    """An address or CIDR with its full form on hover and a button that copies it.

    It is written here, as a list has a hundred of them, and a template would take ten times as long for each.
    """
    fixed, changing = map(escape, parts(value))
    text = fixed + changing
    shown = f'<span class="fixed">{fixed}</span><b>{changing}</b>' if fixed else text
    element, attribute = ("a", f'href="{escape(href)}" ') if href else ("span", "")
    return SafeString(
        f'<span class="copyable"><{element} {attribute}class="address" title="{full_form(text)}">{shown}</{element}>'
        f'<button type="button" class="copy" data-copy="{text}" aria-label="Copy {text}" title="Copy"></button></span>'
    )


@register.simple_tag
def half(one: models.IPAddress | None) -> SafeString:
    """An address of a pair with a link to its page, in the colour of its family; a dash for one that is missing."""
    if one is None:
        return SafeString('<span class="soft">—</span>')
    shown = address(one, link("address", one.pk))
    return SafeString(f'<span class="family-{one.address_family.key}">{shown}</span>')


@register.simple_tag
def first_of(held: Sequence[str]) -> SafeString:
    """The first of these addresses, and how many more there are, of which some are told on hover; a dash for none."""
    if not held:
        return SafeString('<span class="soft">—</span>')
    first, *others = held
    more = f' <span class="soft small" title="{", ".join(others[:_TOLD])}">+{len(others)}</span>' if others else ""
    return SafeString(f'<b class="address" title="{full_form(first)}">{first}</b>{more}')


def parts(value: object) -> tuple[str, str]:
    """The text of an address or CIDR in two: of a stored address that comes with its prefix, what it shares with all
    others in there, and what tells it from them; else nothing and all of it."""
    text = str(value)
    if isinstance(value, models.IPAddress) and models.IPAddress.prefix.is_cached(value):
        start = shared_start(value.prefix.cidr)
        if text.startswith(start):
            return start, text[len(start) :]
    return "", text


@lru_cache
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
    digits = inet_pton(AF_INET6, ip).hex()
    return ":".join(digits[start : start + 4] for start in range(0, 32, 4)) + slash + length


@register.filter
def neighbourhood(one: models.IPAddress) -> IPNetwork:
    """The last zoom of the map that shows this address as a square: 256 addresses, or its prefix if that is smaller."""
    length = max(one.prefix.length, one.address_family.bits - 8)
    return IPNetwork((one.address.value, length), version=one.family).cidr
