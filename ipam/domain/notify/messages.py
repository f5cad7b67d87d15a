"""What webhooks are told: the type of a message, and its bytes."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ipam.models import Event, Webhook
from ipam.models.events import Kind, Verb

PING = "webhook.ping"
MAX_BYTES = 20_000
# The `data` of a message: what the API shows of an event and its object; of a test, without an event.
Describe = Callable[[Event | None, Webhook], dict[str, Any]]

# An alert says how it is now, and not what has been done to it.
_OF_ALERTS = {("alert", "fire"): "alert.firing", ("alert", "clear"): "alert.cleared"}
# What makes room, in this order, in a message that is too long.
_LEFT_OUT: tuple[tuple[str, ...], ...] = (("object",), ("event", "changes"), ("event", "addresses"))


def type_of(event: Event) -> str:
    """The type of the message about an event, such as `address.make_static`."""
    return _OF_ALERTS.get((event.kind, event.verb)) or f"{event.kind}.{event.verb}".replace("-", "_")


def known_types() -> set[str]:
    """Every type that a webhook may ask for."""
    kinds = [(kind, verb) for kind in Kind.values for verb in Verb.values if (kind, verb) not in _OF_ALERTS]
    return {f"{kind}.{verb}".replace("-", "_") for kind, verb in kinds} | {PING, *_OF_ALERTS.values()}


def encode(type: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    """A message of at most 20 kB; where all does not fit, the object goes, then changes, then addresses."""
    told = json.loads(json.dumps(data))
    body = _bytes(type, at, told)
    for *around, name in _LEFT_OUT:
        if len(body) <= MAX_BYTES:
            break
        place = told[around[0]] if around else told
        if place.get(name):
            place[name] = {"changes": {}, "addresses": []}.get(name)
        body = _bytes(type, at, told)
    return body


def _bytes(type: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    moment = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": type, "timestamp": moment, "data": data}, ensure_ascii=False).encode()
