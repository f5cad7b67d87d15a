"""Secrets that Twofold has to know again, encrypted with `SECRETS_KEY`: the database alone tells nobody."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from ipam import errors

_NO_KEY = (
    "Twofold has no key to keep secrets with, so it keeps none. Whoever runs it sets SECRETS_KEY: docs/operations.md "
    "says how."
)


def new_key() -> str:
    """A value for `SECRETS_KEY`."""
    return Fernet.generate_key().decode()


def seal(secret: str) -> str:
    """The secret as it may be stored; Invalid at `secret` where there is no key."""
    if not settings.SECRETS_KEY:
        raise errors.Invalid(_NO_KEY, field="secret")
    return _fernet().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """The secret that was sealed; Invalid at `secret` where its key is gone."""
    if not settings.SECRETS_KEY:
        raise errors.Invalid(_NO_KEY, field="secret")
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise errors.Invalid(
            "The secret was kept with another SECRETS_KEY. Set that one beside the new one, or rotate the secret.",
            field="secret",
        ) from None


def _fernet() -> MultiFernet:
    """The first key seals, each of them opens."""
    return MultiFernet([Fernet(key.strip()) for key in settings.SECRETS_KEY.split(",")])
