"""What addresses are called in DNS: by what people typed, in the letters that DNS has.

A name that ends in the zone's domain, or in a dot, is absolute and stays; another one with dots is of another zone.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from zlib import crc32

import idna

from ipam import errors
from ipam.addressing import shorten
from ipam.models import IPAddress

DEFAULT_DOMAIN = "internal"  # kept free for private use by ICANN
_LONGEST_LABEL, _LONGEST_NAME = 63, 253  # RFC 1035, section 2.3.4
_DOTS = re.compile("[.。．｡]")  # RFC 3490, section 3.1
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LABEL_OF_DOMAINS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class Name:
    """What an address is called, absolute; empty if it is left out. `note` says what became of what people typed."""

    text: str
    is_of_zone: bool = True
    note: str = ""


def domain_of(row: IPAddress) -> str:
    """The domain in which the name of an address is, if it has one, such as www.example.org; else the default."""
    _, _, domain = spoken(row).rstrip(".").partition(".")
    try:
        return check_domain(domain)
    except errors.Invalid:
        return DEFAULT_DOMAIN


def name_of(row: IPAddress, origin: str) -> Name:
    """The name of an address in the zone of `origin`, or of its machine, in the letters that DNS has (RFC 1035, 5890).

    Underscores stay, and `*` as the first label (RFC 4592).
    """
    typed_name = spoken(row)
    typed = _DOTS.split(typed_name.lower())
    is_absolute = typed[-1] == "" and len(typed) > 1
    labels = [label for number, part in enumerate(typed) if (label := _label(part, is_first=number == 0))]
    text = "".join(f"{label}." for label in labels)
    if not labels:
        text = f"{re.sub('[.:]', '-', f'ip-{row.address}').rstrip('-')}.{origin}"
        return Name(text, note=f"“{shorten(typed_name)}” is written {text}" if typed_name else "")
    if text != origin and not text.endswith(f".{origin}"):
        if is_absolute:
            note = f"left out: {row.address}, whose name {text} is of another zone"
            return Name(text, is_of_zone=False, note=note)
        if len(typed) > 1:
            note = f"left out: {row.address}, whose name “{shorten(typed_name)}” is of another zone than {origin}"
            return Name("", is_of_zone=False, note=note)
        text += origin
    if len(text) > _LONGEST_NAME + 1:
        note = f"left out: {row.address}, whose name “{shorten(typed_name)}” is longer than {_LONGEST_NAME} characters"
        return Name("", is_of_zone=False, note=note)
    is_as_typed = labels == (typed[:-1] if is_absolute else typed)
    return Name(text, note="" if is_as_typed else f"“{shorten(typed_name)}” is written {text}")


def spoken(row: IPAddress) -> str:
    """What people call an address: by its name, else by that of its machine; empty for nothing."""
    machine = row.machine
    return (row.name or (machine.hostname or machine.name or machine.pk if machine else "")).strip()


def _label(text: str, *, is_first: bool) -> str:
    """A label as DNS has it: as it was typed where that can be, by IDNA beyond ASCII, else with dashes for the rest.

    One that is cut has a checksum at its end, so that those that begin alike stay apart.
    """
    if _LABEL.fullmatch(text) or (is_first and text == "*"):
        return text
    dashed = re.sub(r"[^\w-]+", "-", text).strip("-")
    ascii = re.sub(r"[^a-z0-9_-]+", "-", text).strip("-")
    if found := _encoded(text) or _encoded(dashed):
        return found
    checksum = f"-{crc32(text.encode()):08x}"
    is_short = len(ascii) <= _LONGEST_LABEL
    return ascii if is_short else ascii[: _LONGEST_LABEL - len(checksum)].rstrip("-") + checksum


def _encoded(text: str) -> str:
    """A label beyond ASCII by IDNA 2008, mapped as UTS 46 has it; empty for any other, and for what that refuses."""
    if text.isascii():
        return ""
    with suppress(idna.IDNAError):
        found = idna.encode(text, uts46=True).decode()
        return found if _LABEL.fullmatch(found) else ""
    return ""


def check_domain(domain: str) -> str:
    """A domain as DNS writes it, with a dot at its end; Invalid for what is none."""
    parts = _DOTS.split(domain.strip().rstrip(".").lower())
    labels = [part if part.isascii() else _encoded(part) for part in parts]
    name = ".".join(labels)
    is_valid = all(_LABEL_OF_DOMAINS.fullmatch(label) for label in labels)
    if not is_valid or len(name) > _LONGEST_NAME - _LONGEST_LABEL - 1:
        raise errors.Invalid(f"“{shorten(domain)}” is no domain name such as example.org.", field="domain")
    return f"{name}."
