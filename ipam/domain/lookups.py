"""From an id to its object, or to a sentence that says what is missing."""

import contextlib
from collections.abc import Container, Mapping, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models

from ipam import errors
from ipam.addressing import shorten
from ipam.domain import access
from ipam.models import VRF, Network, Partition, Project
from ipam.models.base import Record

M = TypeVar("M", bound=models.Model)
R = TypeVar("R", bound=Record)
Row = TypeVar("Row")

NAMED: tuple[type[models.Model], ...] = (Partition, Project, VRF, Network)  # what a reference may name
MOST_CANDIDATES = 10  # of an ambiguous name, that are told


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
    """The objects with these ids or names, by the field that names them; all that are missing are told (rule 2)."""
    found: dict[str, Any] = {}
    missing: list[errors.IpamError] = []
    for field, (model, key) in wanted.items():
        try:
            found[field] = named(model, key, field=field)
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


def named(model: type[M], key: object, *, field: str = "") -> M:
    """The object with this id, or else the only one with this name that whoever acts may see; ids win.

    Names are for partitions, projects, VRFs and networks. NotFound as `get` has it; Invalid for a name that several
    have, which lists them.
    """
    try:
        return get(model, key, field=field)
    except errors.NotFound:
        if model not in NAMED or not (found := _called(model, str(key))):
            raise
    if len(found) > 1:
        raise errors.Invalid(_which(model, str(key), found), field=field)
    return found[0]


def key_of(model: type[models.Model], text: str) -> Any:
    """The id that a filter means by an id or a name; ids win, also those of nothing, which is what they find.

    ValueError for what is neither an id nor the name of exactly one that whoever acts may see.
    """
    if is_id(model, text) and (model in (Project, VRF) or model not in NAMED):
        return model._meta.pk.to_python(text)
    found = _called(model, text) if model in NAMED else []
    if is_id(model, text) and (not found or access.visible(model._default_manager.filter(pk=text)).exists()):
        return text
    if len(found) > 1:
        raise ValueError(_which(model, text, found))
    if not found:
        raise ValueError(f"There is no {model._meta.verbose_name} “{shorten(text)}”. Check the id or name.")
    return found[0].pk


def _called(model: type[M], name: str) -> list[M]:
    if not name or "\0" in name:
        return []
    return list(access.visible(model._default_manager.filter(name=name)).order_by("pk")[: MOST_CANDIDATES + 1])


def _which(model: type[models.Model], name: str, found: Sequence[Any]) -> str:
    """Which ones share a name, with what tells them apart."""
    shown = [f"{one.pk} of {one.tenant}" if getattr(one, "tenant", "") else str(one.pk) for one in found]
    more = ", …" if len(found) > MOST_CANDIDATES else ""
    kinds = model._meta.verbose_name_plural
    return f"Several {kinds} are called “{shorten(name)}”: {', '.join(shown[:MOST_CANDIDATES])}{more}. Say which by id."


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
