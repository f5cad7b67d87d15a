"""A deliverer that says when it comes to a step, so that it can be killed there."""

from collections.abc import Callable
from threading import Lock
from typing import Any
from unittest import mock

from django.test import override_settings

import webui.urls  # noqa: F401  each process would load it anew
from ipam.api.messages import describe
from ipam.domain.notify import deliverer, deliveries, sending
from tests.domain import crowd

crowd.preload(__name__)

LEASE_SECONDS = 1
SETTINGS = {
    "WEBHOOK_ALLOWED_CIDRS": ["127.0.0.0/8"],
    "WEBHOOK_RETRY_SECONDS": [0.1] * 50,
    "WEBHOOK_LEASE_SECONDS": LEASE_SECONDS,
    "WEBHOOK_TIMEOUT_SECONDS": 0.5,
    "SECRETS_KEY": "c2VjcmV0cyBvZiB0ZXN0cyBhcmUga2VwdCB3aXRoIGk=",
}


def deliver_forever(pipe: Any) -> None:
    """Deliver, and write a byte before and after each step: positions, leases, sending, outcomes."""
    writing = Lock()

    def told(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            with writing:
                pipe.send_bytes(b".")
            found = step(*args, **kwargs)
            with writing:
                pipe.send_bytes(b".")
            return found

        return run

    with (
        override_settings(**SETTINGS),
        mock.patch.object(deliveries, "_follow", told(deliveries._follow)),
        mock.patch.object(deliveries, "_take_of", told(deliveries._take_of)),
        mock.patch.object(deliveries, "settle", told(deliveries.settle)),
        mock.patch.object(deliverer, "send", told(sending.send)),
        mock.patch.object(deliverer, "_PAUSE_SECONDS", 0.02),
    ):
        deliverer.run(describe, lambda: True)
