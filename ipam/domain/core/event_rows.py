"""The rows of the change history: events as they are stored, and what they mention beside tenures."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django.db.models import Model

from ipam.domain.core import bulk_insert, context, counters, states, writes
from ipam.domain.core.states import Changes
from ipam.models import Event, IPAddress, Mention
from ipam.models.base import NAME_LENGTH
from ipam.models.columns import columns
from ipam.models.events import MAX_LISTED, Kind, Verb

Addresses = Sequence[IPAddress]
_BATCH = 1_000


def event(verb: Verb, kind: Kind, rows: Addresses = (), part_of: Event | None = None, **said: Any) -> Event:
    """An event of the caller, about these addresses; not stored yet."""
    caller = context.current()
    first = [str(row.address) for row in rows[:MAX_LISTED]]
    made: Event = columns(Event).new(
        actor=caller.user,
        door=caller.door,
        request_id=caller.request_id,
        verb=verb,
        kind=kind,
        first_addresses=first,
        part_of_id=part_of.pk if part_of else None,
        **said,
    )
    return made


def store(events: Iterable[Event]) -> list[Event]:
    """Store events by one INSERT for a thousand, and count what they are about; each gets its key."""
    stored = list(events)
    if len(stored) == 1:
        writes.insert_event(stored[0])
    else:
        Event.objects.bulk_create(stored, batch_size=_BATCH)
    for one in stored:
        if one.part_of_id is None or one.verb == Verb.UPDATE:  # what a part has made, the whole counts
            counters.changed(one.kind, one.verb, one.count)
    return stored


def once(*addresses: Addresses) -> Addresses:
    """All of these, each once, in order."""
    return list(dict.fromkeys(chain(*addresses)))


def mention(found: Iterable[tuple[Event, Addresses]]) -> None:
    """Let events be found by addresses whose holders stay."""
    rows = (
        Mention(event=event, network_id=row.network_id, address=row.address) for event, rows in found for row in rows
    )
    Mention.objects.bulk_create(rows, batch_size=_BATCH)


def mention_networks(found: Iterable[tuple[Event, Iterable[str]]]) -> None:
    """Let events on several networks be found by each of them; one on a single network names it itself."""
    pairs = ((event, key) for event, networks in found if not event.network_id for key in networks)
    for batch in bulk_insert.batches(pairs, _BATCH):
        keys = [writes.key_of(event) for event, _ in batch]
        rows = ", ".join(f"({key}, %s)" for key, _ in keys)
        parameters = [value for (_, by), (_, network) in zip(keys, batch, strict=True) for value in (*by, network)]
        writes.execute(f"INSERT INTO ipam_mention (event_id, network_id) VALUES {rows}", parameters)  # noqa: S608  marks


def columns_of(subject: Model, rows: Addresses = ()) -> dict[str, Any]:
    """The columns of an event on one object that is no address, and on these addresses."""
    kind = states.kind(subject)
    network = _common(row.network_id for row in rows)
    return {
        "object_id": str(subject.pk),
        "object_name": (getattr(subject, "name", "") or getattr(subject, "shown_url", ""))[:NAME_LENGTH],
        "network_id": subject.pk if kind == Kind.NETWORK else getattr(subject, "network_id", None) or network or "",
        "project_id": subject.pk if kind == Kind.PROJECT else getattr(subject, "project_id", None),
    }


def columns_of_addresses(rows: Addresses) -> dict[str, Any]:
    """The columns of an event on addresses, at least one."""
    return {
        "object_id": str(_common(row.allocation for row in rows) or ""),
        "object_name": _common(row.name for row in rows) or "",
        "network_id": _common(row.network_id for row in rows) or "",
        "project_id": _common(row.project_id for row in rows),
        "count": len(rows),
    }


def alike(pairs: Iterable[tuple[IPAddress, Changes]]) -> list[tuple[list[IPAddress], Changes]]:
    """Addresses that were changed alike, together."""
    found: dict[str, tuple[list[IPAddress], Changes]] = {}
    for address, differing in pairs:
        found.setdefault(json.dumps(differing, sort_keys=True), ([], differing))[0].append(address)
    return list(found.values())


def shared_words(rows: Addresses) -> Mapping[str, Any]:
    """The words that all of these addresses, at least one, have in common."""
    first, *others = rows
    said = states.of(first).items()
    return {
        name: value
        for name, value in said
        if value and all(getattr(row, name) == getattr(first, name) for row in others)
    }


def networks_of(rows: Addresses) -> Iterator[str]:
    """The networks of addresses, each once."""
    yield from dict.fromkeys(row.network_id for row in rows)


def _common(values: Iterable[Any]) -> Any:
    """The one value that all are equal to, or None."""
    rest = iter(values)
    first = next(rest, None)
    return first if all(value == first for value in rest) else None
