"""Bearer tokens: made once, shown once, kept as a hash; none can do more than its owner."""

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.models import Q
from django.utils import timezone
from netaddr import IPAddress, IPNetwork

from ipam import errors
from ipam.domain.core import access, history, states
from ipam.domain.core.by_ids import Beside
from ipam.domain.core.operations import operation, without_waiting
from ipam.domain.core.permissions import KNOWN_BINDINGS, Permission
from ipam.models import ApiToken, Project, RoleBinding, ServiceAccount
from ipam.models.columns import Columns, columns
from ipam.models.events import Verb

_PREFIX = "twofold_"  # lets secret scanners recognise a leaked token
_WITH_USER_AND_ROLES = """
    SELECT {columns} FROM ipam_apitoken JOIN auth_user ON auth_user.id = ipam_apitoken.user_id AND auth_user.is_active
    LEFT JOIN ipam_rolebinding ON ipam_rolebinding.user_id = auth_user.id AND NOT auth_user.is_superuser
    {beside} WHERE ipam_apitoken.digest = %s
"""
_OF_TOKEN = "id", "user_id", "is_read_only", "projects", "networks", "expires_at", "last_used_at"  # what is asked of it
_OF_USER = "id", "username", "is_active", "is_superuser"
_LAST_USE_IS_KEPT = timedelta(minutes=1)  # not at each request, which would make every reading one a writing one


@operation
def issue(
    user: User,
    *,
    name: str = "",
    read_only: bool = False,
    projects: Sequence[Project] = (),
    networks: Sequence[IPNetwork] = (),
    expires_at: datetime | None = None,
) -> str:
    """A new token for `user`; this is the only time that its text is known.

    Without `projects` it is good for all that the user sees, without `networks` it may come from anywhere. Users make
    tokens for themselves, and those who manage a project for its service accounts.
    """
    _demand(user)
    if expires_at is not None and expires_at <= timezone.now():
        raise errors.Invalid("A token expires in the future. Choose a later time, or none.", field="expires_at")
    token = _PREFIX + secrets.token_urlsafe(32)
    made = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(token),
        is_read_only=read_only,
        projects=[str(project.pk) for project in projects],
        networks=[str(network.cidr) for network in networks],
        expires_at=expires_at,
    )
    history.record(Verb.ISSUE, made, after=states.of(made, user=user.get_username()))
    return token


@operation
def revoke(user: User, key: int) -> None:
    """Make a token of `user` useless at once. NotFound for a token of somebody else."""
    _demand(user)
    found = ApiToken.objects.select_for_update().filter(user=user, pk=key).first()
    if found is None:
        raise errors.NotFound("There is no such token. It may have been revoked already.")
    history.record(Verb.REVOKE, found, before=states.of(found, user=user.get_username()))
    found.delete()


def authenticate(token: str, source: IPAddress | None) -> ApiToken:
    """As `authenticate_with`, of the token alone."""
    return authenticate_with(token, source, Beside())[0]


def authenticate_with(token: str, source: IPAddress | None, beside: Beside) -> tuple[ApiToken, Sequence[Any]]:
    """The stored token with this text, and a note that it was used; its user comes with it, and the row of `beside`.

    NotAuthenticated when there is none, its user may not sign in, it has expired, or `source`, the address that
    the request comes from, is not one that it may come from.
    """
    found, row = _find(token, beside)
    if found is None:
        raise errors.NotAuthenticated("The token is not valid. Make one on the page “My tokens”.")
    now = timezone.now()
    if found.has_expired:
        raise errors.NotAuthenticated(f"The token expired at {found.expires_at:%Y-%m-%d %H:%M} UTC. Make a new one.")
    if found.networks and source is None:
        raise errors.NotAuthenticated(
            "The token may only be used from certain addresses, and the one that this comes from cannot be read. "
            "Have the proxy in front set X-Forwarded-For, or use a token that is not bound to addresses."
        )
    if found.networks and not any(source in IPNetwork(cidr) for cidr in found.networks):
        raise errors.NotAuthenticated(
            f"The token may not be used from {source}. Make one that may, or come from elsewhere."
        )
    if found.last_used_at is None or now - found.last_used_at >= _LAST_USE_IS_KEPT:
        # A full disk, or SQLite's one writer at work, keeps nobody from reading: then the use is not noted.
        with suppress(OperationalError), without_waiting():
            ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now), pk=found.pk).update(
                last_used_at=now
            )
    return found, row


def _find(token: str, beside: Beside) -> tuple[ApiToken | None, Sequence[Any]]:
    """The token with this text, of a user who may sign in, with that user and what roles that has; and a row beside."""
    shapes: list[Columns[Any]] = [columns(ApiToken, *_OF_TOKEN), columns(User, *_OF_USER), columns(RoleBinding)]
    with connection.cursor() as cursor:
        selected = ", ".join([*(shape.selected for shape in shapes), beside.columns])
        statement = _WITH_USER_AND_ROLES.format(columns=selected, beside=beside.joins)
        cursor.execute(statement, [*beside.parameters, _digest(token)])
        rows = cursor.fetchall()
    if not rows:
        return None, ()
    of_token, of_user, of_binding = accumulate(len(shape.fields) for shape in shapes)
    found: ApiToken = shapes[0].load(rows[0][:of_token])
    found.user = shapes[1].load(rows[0][of_token:of_user])
    bindings = [row[of_user:of_binding] for row in rows if row[of_user] is not None]
    vars(found.user)[KNOWN_BINDINGS] = [shapes[2].load(binding) for binding in bindings]
    return found, rows[0][of_binding:]


def _demand(user: User) -> None:
    """PermissionDenied unless the caller is the user, or manages the project whose service account the user is."""
    who = access.current()
    account = ServiceAccount.objects.filter(user=user).first()
    if account is not None:
        access.require(Permission.MANAGE, account.project_id)
    elif who.is_read_only or user.pk != who.user_id:
        access.require(Permission.OPERATE)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
