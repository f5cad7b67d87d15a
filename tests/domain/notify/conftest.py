"""A receiver on loopback, and a webhook of the operator that leads to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from ipam.api.messages import describe
from ipam.domain.notify import deliverer, targets, webhooks
from ipam.models import Webhook
from tests.callers import as_user
from tests.receivers import Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Hook = Callable[..., Webhook]


@pytest.fixture
def _to_loopback(settings: Any) -> None:
    settings.WEBHOOK_ALLOWED_CIDRS = ["127.0.0.0/8"]
    settings.WEBHOOK_TIMEOUT_SECONDS = 2


@pytest.fixture
def receiver(_to_loopback: None) -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def hook(_to_loopback: None, request: pytest.FixtureRequest, operator: User) -> Hook:
    """Makes webhooks, of the operator and to the receiver if nothing else is said."""

    def make(*, by: User | None = None, url: str = "", **wanted: Any) -> Webhook:
        with as_user(by or operator):
            made, _ = webhooks.create(
                targets.resolve(url or request.getfixturevalue("receiver").url), **{"secret": SECRET} | wanted
            )
        return made

    return make


def deliver() -> None:
    """What is due by now."""
    deliverer.run_once(describe)
