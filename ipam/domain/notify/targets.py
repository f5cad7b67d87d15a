"""Where a webhook may lead: its URL, and every address that the host of it has, judged by the table of rule 4a.

A host is resolved when a URL is saved and again before each connection, outside of any transaction: names answer
slowly, and not always alike. Nobody connects to an address that has not been judged.
"""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from ipam import errors
from ipam.addressing import Address, Cidr, host, shorten
from ipam.special_ranges import Column, carried, touching

URL_LENGTH = 2000
_RESOLVE_SECONDS = 5
_WRITTEN = re.compile(r"https?://[!-~]+", re.IGNORECASE)  # ASCII without blanks, so nothing that a header could end
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_PORTS = {"https": 443, "http": 80}
_resolver = ThreadPoolExecutor(8, thread_name_prefix="resolver")


@dataclass(frozen=True)
class Target:
    """A URL, taken apart, and what its host was resolved to; `refusal` says why nobody calls it."""

    url: str
    scheme: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    addresses: tuple[Address, ...] = ()
    refusal: errors.IpamError | None = None

    def require_allowed(self) -> None:
        """The refusal, if there is one: Invalid or UrlNotAllowed, at `url`."""
        if self.refusal:
            raise self.refusal


def resolve(url: str) -> Target:
    """The target of a URL with all addresses of its host, judged. Takes up to 5 seconds, and raises nothing."""
    try:
        target = _parse(url)
    except errors.IpamError as refusal:
        return Target(url, refusal=refusal)
    addresses = _addresses_of(target)
    violations = _violations(target, addresses)
    return Target(url, target.scheme, target.host, target.port, target.path, addresses, next(violations, None))


def _parse(url: str) -> Target:
    """Invalid for what is no URL of a webhook."""
    if len(url) > URL_LENGTH or not _WRITTEN.fullmatch(url) or "\\" in url:
        raise _invalid(
            f"Write an address of at most {URL_LENGTH:,} ASCII characters, such as https://example.org/hook."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("This is no URL, such as https://example.org/hook.") from None
    if "@" in parts.netloc:
        raise _invalid("A URL with a user name or password is not taken. The signature says who sends.")
    if "#" in url:
        raise _invalid("A URL with a fragment (#…) is not taken: it is never sent. Leave it out.")
    name = parts.hostname or ""
    if not _HOST.fullmatch(name) or port == 0:
        raise _invalid("The host is no name or address. Write one such as example.org, or its xn-- form.")
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return Target(url, parts.scheme, name, port or _PORTS[parts.scheme], path)


def _addresses_of(target: Target) -> tuple[Address, ...]:
    """What the host resolves to; nothing where it has no address, or the answer takes too long."""
    answer = _resolver.submit(
        socket.getaddrinfo, target.host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )
    try:
        found = answer.result(_RESOLVE_SECONDS)
    except (OSError, UnicodeError, TimeoutError):
        answer.cancel()  # what has not begun yet keeps no other one waiting
        return ()
    return tuple(dict.fromkeys(Address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found))


def _violations(target: Target, addresses: tuple[Address, ...]) -> Iterator[errors.IpamError]:
    if not addresses:
        yield _invalid(f"{shorten(target.host)} has no address. Check the name.")
    for address in addresses:
        if _is_allowed(address):
            continue
        if target.scheme == "http":
            yield errors.UrlNotAllowed(
                "By http only addresses of WEBHOOK_ALLOWED_CIDRS are called, and this leads elsewhere. Use https.",
                field="url",
            )
        elif why := what_forbids(address):
            yield errors.UrlNotAllowed(
                f"{shorten(target.host)} leads to an address that is never called: {why}. Choose a public one, or have "
                "whoever runs Twofold allow it by WEBHOOK_ALLOWED_CIDRS.",
                field="url",
            )


def what_forbids(address: Address) -> str:
    """What is special about an address, or about an IPv4 address that it leads to; empty where anybody may call it.

    The address itself is not told: a name may lead into a network that whoever asks does not see. What the settings
    allow is just what they name, and no other way to it.
    """
    return "" if _is_allowed(address) else _special(address)


def _special(address: Address) -> str:
    if inside := carried(address):
        return next(filter(None, map(_special, inside)), "")
    special = next(touching(host(address), Column.NOT_CALLED), None)
    return f"{special.purpose} ({special.source})" if special else ""


def _is_allowed(address: Address) -> bool:
    return any(address in Cidr(cidr) for cidr in settings.WEBHOOK_ALLOWED_CIDRS)


def _invalid(detail: str) -> errors.IpamError:
    return errors.Invalid(detail, field="url")
