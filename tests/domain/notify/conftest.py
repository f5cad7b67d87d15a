"""A receiver on loopback, and a webhook of the operator that leads to it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from ipam.api.messages import describe
from ipam.domain.notify import deliverer, targets, webhooks
from ipam.models import Delivery, Webhook
from tests.callers import as_user
from tests.receivers import Receiver, receiving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Hook = Callable[..., Webhook]
Go = Callable[..., None]


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


@pytest.fixture
def later() -> Any:
    """Moves the clock on by so many seconds, or a timedelta."""
    with time_machine.travel(timezone.now(), tick=True) as clock:
        yield lambda by: clock.shift(by if isinstance(by, timedelta) else timedelta(seconds=by))


def deliver() -> None:
    """What is due by now."""
    deliverer.run_once(describe)


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))
