"""Labels and names of many records of one kind at once: all or nothing, locked in the order of their keys."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.models.base import NAME_LENGTH, Described
from ipam.models.events import Verb

Records = Sequence[Described] | QuerySet[Any]  # a query is asked again: what joins it while we wait is changed too


@operation
def label(records: Records, *, add: Mapping[str, str], remove: Mapping[str, str]) -> None:
    """Take the labels `remove` from the records, then give them `add`.

    A key to remove with the value "" goes whatever its value; with another one it goes only where it has that value.
    """

    def labels(record: Described) -> dict[str, str]:
        kept = {key: held for key, held in record.labels.items() if key not in remove or remove[key] not in ("", held)}
        return {**kept, **add}

    _revise(_lock(records, "labels"), "labels", labels, Verb.LABEL)


@operation
def rename(records: Records, *, name: str = "", before: str = "", after: str = "") -> None:
    """Give the records the name `name`, or the one that they have, between `before` and `after`.

    Names have at most 255 characters; Invalid names each record whose name would have more.
    """
    locked = _lock(records, "name")
    too_long = [
        errors.Invalid(f"“{record}” would have a name of more than {NAME_LENGTH} characters. Shorten it.")
        for record in locked
        if len(before + (name or record.name) + after) > NAME_LENGTH
    ]
    errors.raise_all(too_long)
    _revise(locked, "name", lambda record: before + (name or record.name) + after, Verb.UPDATE)


def _revise(locked: Iterable[Described], field: str, value_of: Callable[[Described], Any], verb: Verb) -> None:
    """Change one field of each record that has another value; history says of each from what to what."""
    changed = []
    for record in locked:
        value = value_of(record)
        if value != getattr(record, field):
            before = states.of(record)
            record.revise(**{field: value})
            changed.append((record, before))
    history.record_each(verb, changed)


def _lock(records: Records, field: str) -> Sequence[Described]:
    """The records as they are now, if this field of them may be changed; those that are gone are no hindrance."""
    if not records:
        return []
    if not isinstance(records, QuerySet):
        records = type(records[0])._default_manager.filter(pk__in=[record.pk for record in records])
    locked: Sequence[Described] = lookups.lock_all(records.order_by("pk"), no_key=True)
    access.require_change(*locked, fields=[field])
    return locked
