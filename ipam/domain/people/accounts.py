"""Who signs in as whom: accounts at an identity provider, and the end of everything that is signed in."""

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, history
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.models import Identity
from ipam.models.events import Verb


@operation
def enter(issuer: str, subject: str, *, name: str) -> User:
    """The user of an account at an identity provider; at its first time a new one with this name.

    Issuer and subject alone say who it is. A name or an e-mail address never leads to a user that there is, for at a
    provider people can often choose both. NotAuthenticated when the user may not sign in or cannot have this name.
    """
    access.require(Permission.OPERATE)
    known = Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    user = known.user if known else _welcome(issuer, subject, name)
    if not user.is_active:
        raise errors.NotAuthenticated(f"The user “{user}” may not sign in any more. Ask an operator if that is wrong.")
    return user


@operation
def link(user: User, *, issuer: str, subject: str) -> Identity:
    """Let whoever has this account at an identity provider sign in as this user; AlreadyExists if it is taken."""
    access.require(Permission.OPERATE)
    if taken := Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first():
        raise errors.AlreadyExists(f"This account belongs to the user “{taken.user}”. Unlink it there first.")
    made = Identity.objects.create(user=user, issuer=issuer, subject=subject)
    history.record_user(Verb.UPDATE, user, {"identity": [None, str(made)]})
    return made


@operation
def unlink(identity: Identity) -> None:
    """Let this account of the provider sign in as its user no more; NotFound when it has been unlinked already."""
    access.require(Permission.OPERATE)
    held = Identity.objects.select_for_update(of=("self",)).select_related("user").filter(pk=identity.pk).first()
    if held is None:
        raise errors.NotFound("The account of the provider has been unlinked already.")
    history.record_user(Verb.UPDATE, held.user, {"identity": [str(held), None]})
    held.delete()


@operation
def sign_out(user: User, password: str | None, *, revoke_tokens: bool = False) -> None:
    """End every session of a user, and if asked revoke their tokens: sessions are bound to the hash of the password.

    The password is the one that they have, hashed anew; without it they have none, and no two of those are equal.
    """
    if access.current().user_id != user.pk:
        access.require(Permission.OPERATE)
    user.set_password(password)
    user.save(update_fields=["password"])
    revoked = user.api_tokens.all().delete()[0] if revoke_tokens else 0
    history.record_user(Verb.SIGN_OUT, user, {"tokens": [revoked, 0]} if revoked else {})


def _welcome(issuer: str, subject: str, name: str) -> User:
    """A new user for an account that nobody has signed in by."""
    if not _is_a_name(name) or User.objects.filter(username=name).exists():
        raise errors.NotAuthenticated(
            f"The provider calls you “{shorten(name)}”, which is the name of another user here or cannot be one. Ask "
            f"an operator to link your account: issuer {issuer}, subject {subject}."
        )
    user = User.objects.create_user(name)  # without a password
    made = Identity.objects.create(user=user, issuer=issuer, subject=subject)
    history.record_user(Verb.CREATE, user, {"identity": [None, str(made)]})
    return user


def _is_a_name(text: str) -> bool:
    try:
        User._meta.get_field("username").clean(text, None)
    except ValidationError:
        return False
    return True
