"""From an id to its object, or to a sentence that says what is missing."""

import contextlib
from collections.abc import Container, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models

from ipam import errors
from ipam.addressing import shorten
from ipam.domain import access
from ipam.models.base import Record

M = TypeVar("M", bound=models.Model)
R = TypeVar("R", bound=Record)
Row = TypeVar("Row")


def get(model: type[M], key: object, *, field: str = "", lock: bool = False) -> M:
    """The object with this id. With `lock` others may refer to it, but not change it, until the transaction ends.

    NotFound, about `field`, if there is none that whoever acts may see; a malformed id is an id of nothing, and so
    is one that is merely read as the same: an id has one spelling, but for the case of a UUID.
    """
    objects = access.visible(model._default_manager.all())
    if lock:
        objects = objects.select_for_update(no_key=True, of=("self",))
    with contextlib.suppress(ObjectDoesNotExist):
        if is_id(model, key):
            return objects.get(pk=key)
    raise errors.NotFound(f"There is no {model._meta.verbose_name} “{shorten(key)}”. Check the id.", field=field)


def get_all(wanted: Mapping[str, tuple[type[models.Model], object]]) -> dict[str, Any]:
    """The objects with these ids, by the field that names them; those that are missing are told together (rule 2)."""
    found: dict[str, Any] = {}
    missing: list[errors.IpamError] = []
    for field, (model, key) in wanted.items():
        try:
            found[field] = get(model, key, field=field)
        except errors.IpamError as error:
            missing.append(error)
    errors.raise_all(missing)
    return found


def lock_all(rows: models.QuerySet[M, Row], *, no_key: bool = False) -> list[Row]:
    """All rows of a query, locked in its order, as they stay until the transaction ends; `no_key` as in `get`.

    PostgreSQL shows a statement what was there when it began (READ COMMITTED): who waits for a row does not see what
    its holder adds beside it meanwhile. So this looks until nothing changes; who adds to rows locks one of them first.
    """
    locked = rows.select_for_update(of=("self",), no_key=no_key)
    held, found = None, list(locked)
    while connection.features.has_select_for_update and found != held:
        held, found = found, list(locked.all())
    return found


def is_id(model: type[models.Model], key: object) -> bool:
    """Whether the database can be asked for an object with this id."""
    try:
        return str(model._meta.pk.clean(key, None)).lower() == str(key).lower()
    except ValidationError:
        return False


def get_unchanged(model: type[R], key: object, seen: Container[int]) -> R:
    """The locked object, as long as it is in one of the generations that the caller has seen; Stale when it is not.

    For whoever edits what he has read: a change that was made meanwhile must not be overwritten unseen.
    """
    current = get(model, key, lock=True)
    if current.generation not in seen:
        raise errors.Stale(
            f"Somebody else has changed “{current}” meanwhile: it is in generation {current.generation} by now. "
            "Nothing was changed; read it again and repeat your change."
        )
    return current
