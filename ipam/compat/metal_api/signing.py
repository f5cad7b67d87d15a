"""metal-stack's sign-in: a request is signed with one of three keys, which act as three service accounts.

The signature covers method, time and salt, and neither path nor body (metal-stack: security.HMACAuth): whoever hears a
request can send others with it for as long as its time is accepted. So use it inside TLS only, or bearer tokens.
"""

import hmac
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from ipam.compat import service_accounts
from ipam.models.roles import Role

# By the scheme that a request names: whose key it is, how old a request may be, what it may do.
_KINDS = {
    "Metal-Admin": ("admin", timedelta(seconds=90), Role.OPERATOR),
    "Metal-Edit": ("edit", timedelta(seconds=30), Role.EDITOR),
    "Metal-View": ("view", timedelta(seconds=30), Role.AUDITOR),
}
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


class HmacAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, None] | None:
        scheme, _, signature = request.headers.get("Authorization", "").partition(" ")
        if scheme not in _KINDS:
            return None
        kind, oldest, role = _KINDS[scheme]
        key = settings.METAL_HMAC_KEYS[kind]
        if not key:
            raise AuthenticationFailed(f"No key of {scheme} is set here. Use a bearer token, or another key.")
        date, salt = request.headers.get("X-Date", ""), request.headers.get("X-Data-Salt", "")
        _check_date(date, oldest)
        said = f"{date}{request.method}{salt}"
        expected = hmac.new(key.encode(), said.encode(), sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.strip().lower().encode()):
            raise AuthenticationFailed(f"The signature is not that of the key of {scheme}. Check the key.")
        return _account(kind, role), None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="twofold"'


def _check_date(text: str, oldest: timedelta) -> None:
    if not _DATE.fullmatch(text):
        raise AuthenticationFailed("X-Date is a time in UTC with whole seconds, such as 2026-01-31T12:00:00Z.")
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(text)
    except ValueError:
        raise AuthenticationFailed(f"X-Date {text} is no time. Check the clock.") from None
    if abs(age) > oldest:
        raise AuthenticationFailed(
            f"X-Date {text} is further from now than {oldest.seconds} seconds. Check the clocks of both sides."
        )


def _account(kind: str, role: Role) -> User:
    account = service_accounts.find(f"metal-{kind}@metal-api", role)
    if not account.is_active:
        raise AuthenticationFailed(f"The account {account.username} is switched off here. Ask an operator.")
    return account
