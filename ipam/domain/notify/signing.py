"""Signatures of Standard Webhooks (https://www.standardwebhooks.com, version 1): HMAC-SHA256 with a shared secret."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from ipam import errors

_PREFIX = "whsec_"
_MIN_BYTES, _MAX_BYTES, _MADE_BYTES = 24, 64, 32


def new_secret() -> str:
    """A secret of 32 random bytes."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_MADE_BYTES)).decode()


def check_secret(secret: str) -> None:
    """Invalid at `secret` for what is no `whsec_` with the base64 of 24 to 64 bytes."""
    try:
        found = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        found = b""
    if not secret.startswith(_PREFIX) or not _MIN_BYTES <= len(found) <= _MAX_BYTES:
        raise errors.Invalid(
            f"A secret is “{_PREFIX}” and the base64 of {_MIN_BYTES} to {_MAX_BYTES} random bytes. Leave it out, and "
            "Twofold makes one.",
            field="secret",
        )


def headers(message: str, body: bytes, *, at: datetime, secrets: Iterable[str]) -> dict[str, str]:
    """What is sent with a body: which message it is, when this attempt is made, and a signature by each secret."""
    seconds = str(int(at.timestamp()))
    signed = b".".join([message.encode(), seconds.encode(), body])
    signatures = [hmac.digest(_key(secret), signed, hashlib.sha256) for secret in secrets]
    return {
        "webhook-id": message,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX))
