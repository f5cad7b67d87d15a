"""`Authorization: Bearer <token>`."""

import re

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from netaddr import AddrFormatError, IPAddress
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from ipam import errors
from ipam.domain.people import tokens
from ipam.models import ApiToken

# As servers and proxies write an address: bare or in brackets, with a zone (RFC 4007), a port, quotes (RFC 7239, 6).
_NODE = re.compile(r'"?(?:\[([0-9a-fA-F:.]+)(?:%[^]]*)?\](?::\d+)?|([0-9.]+)(?::\d+)?|([0-9a-fA-F:.]+)(?:%.*)?)"?')


def source_of(request: HttpRequest | Request) -> IPAddress | None:
    """The address that a request comes from: the client of the proxy in front, if there is one, else of this server."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2] if settings.BEHIND_PROXY else ""
    try:
        found = IPAddress(_bare(forwarded.strip() or request.META.get("REMOTE_ADDR", "")))
    except (AddrFormatError, ValueError):
        return None
    return found.ipv4() if found.is_ipv4_mapped() else found


def _bare(node: str) -> str:
    """The address alone."""
    found = _NODE.fullmatch(node)
    return next(filter(None, found.groups()), node) if found else node


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, ApiToken] | None:
        scheme, _, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            token = tokens.authenticate(text.strip().decode("latin-1"), source_of(request))
        except errors.NotAuthenticated as error:
            raise AuthenticationFailed(error.detail) from None
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="twofold"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TokenAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
