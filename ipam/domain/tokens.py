"""Bearer tokens: made once, shown once, kept as a hash."""

import hashlib
import secrets

from django.contrib.auth.models import User

from ipam import errors
from ipam.models import ApiToken

_PREFIX = "twofold_"  # lets secret scanners recognise a leaked token


def issue(user: User, *, name: str = "") -> str:
    """A new token for `user`; this is the only time that its text is known."""
    token = _PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, digest=_digest(token))
    return token


def revoke(user: User, key: int) -> None:
    """Make a token of `user` useless at once. NotFound for a token of somebody else."""
    gone, _ = ApiToken.objects.filter(user=user, pk=key).delete()
    if not gone:
        raise errors.NotFound("You have no such token. It may have been revoked already.")


def find(token: str) -> ApiToken | None:
    """The stored token with this text whose user may sign in, or None."""
    return ApiToken.objects.select_related("user").filter(digest=_digest(token), user__is_active=True).first()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
