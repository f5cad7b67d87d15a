"""Addresses as the event that released them keeps them, for as long as it can be undone."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from ipam.labels import label_bytes
from ipam.models import Event, IPAddress

_MAX_ROWS = 2_000  # as many as one request allocates
_MAX_BYTES = 1_000_000  # of names, descriptions and labels: an event is a row like others
# A machine has none of them, and the prefix is the one that has the address when it comes back.
_KEPT = [one for one in IPAddress._meta.concrete_fields if one.name not in ("machine", "prefix", "updated_at")]


def columns_of(rows: Sequence[IPAddress]) -> dict[str, Any]:
    """The columns of an event that releases these addresses: with it they are kept, unless they are too many.

    Those of several projects are not: none of their members would see the event of all.
    """
    is_of_one = len({row.project_id for row in rows}) == 1
    if not settings.UNDO_SECONDS or not is_of_one or len(rows) > _MAX_ROWS or sum(map(_bytes, rows)) > _MAX_BYTES:
        return {}
    return {"is_undoable": True, "kept": [_written(row) for row in rows]}


def read(event: Event) -> list[IPAddress]:
    """The addresses that it has kept, not stored yet, each in the generation after its last."""
    rows = [_read(written) for written in event.kept or []]
    for row in rows:
        row.generation, row.updated_at = row.generation + 1, timezone.now()
    return rows


def _bytes(row: IPAddress) -> int:
    texts = "".join([row.name, row.description, *row.tags])
    return len(texts.encode()) + label_bytes(row.labels)


def _written(row: IPAddress) -> dict[str, Any]:
    values = {one: one.value_from_object(row) for one in _KEPT}
    return {one.attname: one.value_to_string(row) for one, value in values.items() if value is not None}


def _read(written: dict[str, Any]) -> IPAddress:
    fields = {one.attname: one for one in _KEPT}
    return IPAddress(**{name: fields[name].to_python(value) for name, value in written.items()})
