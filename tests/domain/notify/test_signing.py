"""Signatures are those of Standard Webhooks: its own library verifies them. Secrets are stored sealed."""

from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Standard
from standardwebhooks.webhooks import WebhookVerificationError

from ipam import errors
from ipam.domain.notify import sealing, signing
from tests.domain.notify.conftest import SECRET

BODY = '{"type": "webhook.ping", "naïve": "✓"}'.encode()


def signed(*secrets: str) -> dict[str, str]:
    return signing.headers("msg_1", BODY, at=timezone.now(), secrets=secrets)


def test_library_of_the_standard_verifies_a_signature() -> None:
    assert Standard(SECRET).verify(BODY, signed(SECRET))


def test_library_of_the_standard_refuses_another_secret_or_body() -> None:
    for secret, body in ((signing.new_secret(), BODY), (SECRET, BODY + b" ")):
        with pytest.raises(WebhookVerificationError):
            Standard(secret).verify(body, signed(SECRET))


def test_each_of_two_secrets_verifies() -> None:
    new = signing.new_secret()
    assert all(Standard(secret).verify(BODY, signed(new, SECRET)) for secret in (new, SECRET))


def test_made_secret_is_one_of_the_standard() -> None:
    made = signing.new_secret()
    signing.check_secret(made)
    assert Standard(made).verify(BODY, signed(made))


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "hunter2", "whsec_c2hvcnQ=", "whsec_" + "A" * 92, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%"],
)
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(errors.Invalid, match="24 to 64"):
        signing.check_secret(secret)


@pytest.mark.parametrize("length", [32, 88])
def test_shortest_and_longest_secret_are_taken(length: int) -> None:
    signing.check_secret("whsec_" + ("A" * length if length == 32 else "A" * 85 + "A=="))


def test_sealed_secret_is_not_to_be_read_without_its_key(settings: Any) -> None:
    sealed = sealing.seal(SECRET)
    assert (SECRET in sealed, sealing.unseal(sealed)) == (False, SECRET)
    settings.SECRETS_KEY = sealing.new_key()
    with pytest.raises(errors.Invalid, match="another SECRETS_KEY"):
        sealing.unseal(sealed)


def test_first_key_seals_and_each_opens(settings: Any) -> None:
    old, sealed = settings.SECRETS_KEY, sealing.seal(SECRET)
    settings.SECRETS_KEY = f"{sealing.new_key()},{old}"
    assert sealing.unseal(sealed) == SECRET


def test_without_a_key_nothing_is_kept(settings: Any) -> None:
    settings.SECRETS_KEY = ""
    for call in (sealing.seal, sealing.unseal):
        with pytest.raises(errors.Invalid, match="SECRETS_KEY"):
            call(SECRET)
