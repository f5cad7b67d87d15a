"""Bearer tokens: made once, shown once, kept as a hash."""

import hashlib
import secrets

from django.contrib.auth.models import User

from ipam import errors
from ipam.domain import history
from ipam.domain.operations import operation
from ipam.models import ApiToken
from ipam.models.events import Verb

_PREFIX = "twofold_"  # lets secret scanners recognise a leaked token


@operation
def issue(user: User, *, name: str = "") -> str:
    """A new token for `user`; this is the only time that its text is known."""
    token = _PREFIX + secrets.token_urlsafe(32)
    made = ApiToken.objects.create(user=user, name=name, digest=_digest(token))
    history.record(Verb.ISSUE, made, after=history.state(made, user=user.get_username()))
    return token


@operation
def revoke(user: User, key: int) -> None:
    """Make a token of `user` useless at once. NotFound for a token of somebody else."""
    found = ApiToken.objects.select_for_update().filter(user=user, pk=key).first()
    if found is None:
        raise errors.NotFound("You have no such token. It may have been revoked already.")
    history.record(Verb.REVOKE, found, before=history.state(found, user=user.get_username()))
    found.delete()


def find(token: str) -> ApiToken | None:
    """The stored token with this text whose user may sign in, or None."""
    return ApiToken.objects.select_related("user").filter(digest=_digest(token), user__is_active=True).first()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
