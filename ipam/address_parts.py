"""What a person means who types or pastes an address, a CIDR, the beginning of one, what holds one, or an ASN."""

import re
from collections.abc import Sequence

from netaddr import AddrFormatError, IPAddress, IPNetwork, IPRange

from ipam.addressing import Family, block, host
from ipam.values import parse_address, parse_cidr

_IPV4_PART = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.?", re.ASCII)
_IPV6_PART = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f]{1,4}){0,6}(::?)?", re.ASCII | re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#]*)", re.ASCII | re.IGNORECASE)
_BRACKETS = re.compile(r"\[([^\]]*)\](?::\d{1,5})?", re.ASCII)
_PORT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}", re.ASCII)
_REVERSE = re.compile(r"((?:[0-9a-f]{1,3}\.)+)(in-addr|ip6)\.arpa\.?", re.ASCII | re.IGNORECASE)
_ASN = re.compile(r"(?:ASN? ?)?(\d{1,10})", re.ASCII | re.IGNORECASE)
_AROUND = " \t\r\n\"'`,;()<>"  # what comes along when people copy from a sentence or a file
_MAC = re.compile(
    r"(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}|[0-9a-f]{10})[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}", re.I
)


def block_of(text: str) -> IPNetwork | None:
    """The block that `text` names: an address (/32, /128), a CIDR (host bits cleared), or a part such as
    `10.0.` (10.0.0.0/16) or `2001:db8:` (2001:db8::/32). None when it looks like none of these.

    Also what is pasted: a URL, an address with brackets, port, zone or length, mapped IPv4, a name of reverse DNS.
    """
    text = unwrapped(text)
    if found := _REVERSE.fullmatch(text):
        return _reversed(found[1].rstrip(".").split(".")[::-1], found[2].lower())
    for parse in (parse_cidr, parse_address):
        try:
            named = parse(text)
        except ValueError:
            continue
        return named.cidr if isinstance(named, IPNetwork) else host(named)
    part = _part(text)
    return part and block(*part)


def spans_of(text: str) -> Sequence[IPNetwork | IPRange]:
    """Where the addresses lie that begin with what was typed so far, the one that is named so first, disjoint.

    The last group may go on: `10.0.1` is also the beginning of 10.0.10. to 10.0.19. and 10.0.100. to 10.0.199.
    """
    wanted = block_of(text)
    part = _part(unwrapped(text)) if wanted is not None else None
    if wanted is None or part is None or text.rstrip().endswith((".", ":")):
        return [wanted] if wanted is not None else []
    family, value, length = part
    base, width = (10, 8) if family is Family.IPV4 else (16, 16)
    shift = family.bits - length
    rest, group = value >> shift + width << shift + width, (value >> shift) % (1 << width)
    spans: list[IPNetwork | IPRange] = [wanted]
    lowest, highest = group * base, group * base + base - 1
    while group and lowest < 1 << width:
        ends = (lowest, min(highest, (1 << width) - 1) + 1)
        first, last = (rest + (end << shift) for end in ends)
        spans.append(IPRange(IPAddress(first, family.value), IPAddress(last - 1, family.value)))
        lowest, highest = lowest * base, highest * base + base - 1
    return spans


def asn_of(text: str) -> int | None:
    """The number in `4210000002`, `AS4210000002` and `ASN 4210000002`; None where there is none of 32 bits."""
    found = _ASN.fullmatch(text)
    return int(found[1]) if found and int(found[1]) < 2**32 else None


def unwrapped(text: str) -> str:
    """The address in what was pasted; the text itself, without what stands around it, where there is none."""
    text = text.strip(_AROUND)
    if found := _URL.match(text):
        text = found[1]
    if found := _BRACKETS.match(text) or _PORT.fullmatch(text):
        text = found[1]
    text = text.partition("%")[0] if ":" in text else text
    return _unmapped(text)


def _unmapped(text: str) -> str:
    """The IPv4 address of an IPv4-mapped one (RFC 4291, section 2.5.5.2)."""
    if not text.lower().startswith(("::ffff:", "0:0:0:0:0:ffff:", "0000:")):
        return text
    try:
        address = IPAddress(text, 6)
    except (AddrFormatError, ValueError):
        return text
    return str(address.ipv4()) if address.is_ipv4_mapped() else text


def _reversed(labels: list[str], zone: str) -> IPNetwork | None:
    """The block of a name of reverse DNS (RFC 1035, section 3.5; RFC 3596, section 2.5)."""
    if zone == "in-addr" and len(labels) <= 4:
        return block_of(".".join(labels) + ("." if len(labels) < 4 else ""))
    if zone == "ip6" and len(labels) <= 32 and all(len(label) == 1 for label in labels):
        length = 4 * len(labels)
        return block(Family.IPV6, int("".join(labels), 16) << 128 - length, length)
    return None


def _part(text: str) -> tuple[Family, int, int] | None:
    """The family, first address and length of the beginning of an address."""
    if _IPV4_PART.fullmatch(text):
        digits, base, width, family = text.rstrip(".").split("."), 10, 8, Family.IPV4
    elif ":" in text and _IPV6_PART.fullmatch(text):
        digits, base, width, family = text.rstrip(":").split(":"), 16, 16, Family.IPV6
    else:
        return None
    groups = [int(group, base) for group in digits]
    if max(groups) >= 1 << width:
        return None
    value = sum(group << (family.bits - width * place) for place, group in enumerate(groups, start=1))
    return family, value, width * len(groups)


def macs_of(text: str) -> list[str]:
    """A MAC in the spellings in which it may stand in a label; nothing for other text."""
    if not _MAC.fullmatch(text):
        return []
    digits = re.sub(r"[:.-]", "", text)
    pairs, quads = re.findall("..", digits), re.findall("....", digits)
    spelt = {text, digits, ":".join(pairs), "-".join(pairs), ".".join(quads)}
    return sorted({case for one in spelt for case in (one, one.lower(), one.upper())})
