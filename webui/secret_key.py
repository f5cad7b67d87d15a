"""The key that signs sessions, where nobody has given one: kept beside the SQLite database that it belongs to."""

import secrets
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ipam import key_files

_ENTROPY_BYTES = 48
_MIN_LENGTH = 50  # characters, as Django's check security.W009 has it


def beside(database: Path) -> str:
    """The key of the installation that this SQLite file belongs to, made by whichever process asks first.

    All others read it back. ImproperlyConfigured when it cannot be kept, or is no key.
    """
    path = database.with_name(f"{database.name}.secret-key")
    try:
        if not path.exists():
            key_files.create(path, secrets.token_urlsafe(_ENTROPY_BYTES))
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"The key that signs sessions cannot be kept in {path}: {error}. "
            "Let this user write there and read the file, or set SECRET_KEY."
        ) from error
    if len(key) < _MIN_LENGTH:
        raise ImproperlyConfigured(
            f"{path} holds no key of {_MIN_LENGTH} or more characters. Delete it, or set SECRET_KEY."
        )
    return key


def require_shared() -> None:
    """Web processes alone ask: with a key each, people would be signed out whenever another process answers."""
    if not settings.SECRET_KEY_IS_SHARED:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. All web processes on all machines that share a PostgreSQL need the same one: put "
            "50 or more random characters into their environment, for instance what this prints: "
            'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
