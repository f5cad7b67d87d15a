"""From an id to its object, or to a sentence that says what is missing."""

import contextlib
from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models
from django.db.models import Window
from django.db.models.functions import RowNumber

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, by_cidr, by_ids, same_names
from ipam.domain.core.by_ids import AtHand, Named, Only
from ipam.domain.core.permissions import Permission
from ipam.models import VRF, Network, Partition, Prefix, Project
from ipam.models.base import Record

M = TypeVar("M", bound=models.Model)
R = TypeVar("R", bound=Record)
Row = TypeVar("Row")
NAMED: tuple[type[models.Model], ...] = (Partition, Project, VRF, Network)  # what a reference may name
_MAX_JOINED = 16  # by one statement: SQLite joins at most 64 tables, PostgreSQL gives at most 1,664 columns
MAX_CANDIDATES = 10  # of an ambiguous name, that are told


def get(
    model: type[M], key: object, *, field: str = "", lock: bool = False, among: models.QuerySet[M] | None = None
) -> M:
    """The object with this id. With `lock` others may refer to it, but not change it, until the transaction ends.
    `among` says what of it is to be read, where that is more than its columns.

    NotFound, about `field`, if there is none that the caller may see; a malformed id is an id of nothing, and so
    is one that is merely read as the same: an id has one spelling, but for the case of a UUID.
    """
    objects = access.visible(model._default_manager.all() if among is None else among)
    if lock:
        objects = objects.select_for_update(no_key=True, of=("self",))
    with contextlib.suppress(ObjectDoesNotExist):
        if is_id(model, key):
            return objects.get(pk=key)
    raise errors.NotFound(f"{_there_is_no(model, key)} Check the id.", field=field, key=key)


def networks_at_hand(keys: Iterable[str], *related: str) -> AtHand:
    """Those of these networks that the caller may see, each with its prefixes, and what they bring along of the
    `related` projects and partitions; one statement.
    """
    ids = {key for key in keys if is_id(Network, key)}
    found: AtHand = {}
    for network in access.visible(Prefix.objects.filter(network__in=ids)).networks(*related) if ids else []:
        for one in (network, *(getattr(network, name) for name in related)):
            is_foreign = isinstance(one, Project) and not access.current().may(Permission.READ, one.pk)
            if one is not None and not is_foreign:
                found[type(one), str(one.pk)] = one
    return found


def get_all(
    wanted: Named,
    at_hand: AtHand | None = None,
    only: Only | None = None,
) -> dict[str, Any]:
    """The objects with these ids or names, by the field that names them; all that are missing are told (rule 2).

    What is `at_hand` is not asked for again; other ids are looked up by one statement for sixteen of them. What columns
    are read of a model `only` may say: others are, when they are asked for.
    """
    known = {field: (at_hand or {}).get((model, str(key))) for field, (model, key) in wanted.items()}
    found: dict[str, Any] = {field: one for field, one in known.items() if one is not None}
    asked = [(field, one) for field, one in wanted.items() if field not in found and is_id(*one)]
    for part in range(0, len(asked), _MAX_JOINED):
        found |= by_ids.find(dict(asked[part : part + _MAX_JOINED]), only or {})
    missing: list[errors.IpamError] = []
    for field, (model, key) in wanted.items():
        try:
            found[field] = found.get(field) or named(model, key, field=field)
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


def lock_first(rows: models.QuerySet[M]) -> M | None:
    """Lock the first of these rows that nobody holds, or wait for one; None only when there is none.

    Whoever held one may have put others in its place that our statement could not see: then look again.
    """
    while (found := rows.select_for_update(skip_locked=True).first() or rows.select_for_update().first()) is None:
        if not rows.exists():
            return None
    return found


def named(model: type[M], key: object, *, field: str = "") -> M:
    """The object with this id, or else the only one with this name that the caller may see; ids win, and a name that
    several have may be told apart (`same_names`).

    Names are for partitions, projects, VRFs and networks. NotFound as `get` has it; Invalid for a name that several
    have, which lists them.
    """
    try:
        return get(model, key, field=field)
    except errors.NotFound:
        if model not in NAMED:
            raise
    found = _called(model, str(key))
    if not found:
        raise errors.NotFound(f"{_there_is_no(model, key)} Check the id or name.", field=field, key=key)
    if len(found) > 1:
        raise errors.Invalid(_which(model, str(key), found), field=field)
    return found[0]


def keys_of(model: type[models.Model], texts: Collection[str]) -> list[Any]:
    """The ids that a filter means by ids or names, also as `name · tenant` (`same_names`), networks also by a CIDR of
    theirs; ids win, also those of nothing, which is what they find.

    Four statements at most, for many as for one. ValueError for what is neither an id nor the
    name of exactly one that the caller may see.
    """
    visible = access.visible(model._default_manager.all())
    ids = known = {text for text in texts if is_id(model, text)}
    if ids and model in (Network, Partition):  # what reads as an id may be a name
        known = set(visible.filter(pk__in=ids).values_list("pk", flat=True))
    names = {text for text in texts if text and text not in known and "\0" not in text} if model in NAMED else set()
    called = keys_called(model, names)
    if cidrs := [text for text in names if "/" in text and not called[text]] if model is Network else ():
        called |= by_cidr.network_keys(cidrs)
    return [key_of(model, text, called[text], reads_as_id=text in ids) for text in texts]


def keys_called(model: type[models.Model], names: Collection[str]) -> dict[str, list[Any]]:
    """By each of these names the ids of those that the caller may see with it, as many as are told of an ambiguous one,
    or else of those told apart so; two statements.
    """
    called: dict[str, list[Any]] = defaultdict(list, {name: [] for name in names})
    if names:
        visible = access.visible(model._default_manager.all())
        place = Window(RowNumber(), partition_by="name", order_by="pk")
        rows = visible.filter(name__in=names).order_by().annotate(place=place).order_by("pk")
        for name, pk in rows.filter(place__lte=MAX_CANDIDATES + 1).values_list("name", "pk"):
            called[name].append(pk)
        called |= same_names.keys_of(visible, [text for text in names if not called[text]])
    return called


def key_of(model: type[models.Model], text: str, called: Sequence[Any], *, reads_as_id: bool = False) -> Any:
    """The id that a name means, of those that are called so; ValueError where that is not one."""
    if len(called) > 1:
        found = _called(model, text) or list(model._default_manager.filter(pk__in=called).order_by("pk"))
        raise ValueError(_which(model, text, found))
    if called:
        return called[0]
    if reads_as_id:
        return model._meta.pk.to_python(text)
    raise ValueError(f"{_there_is_no(model, text)} Check the id or name.")


def _there_is_no(model: type[models.Model], key: object) -> str:
    return f"There is no {model._meta.verbose_name} “{shorten(key)}”."


def _called(model: type[M], name: str) -> list[M]:
    if not name or "\0" in name:
        return []
    return list(
        access.visible(model._default_manager.filter(same_names.called(model, name))).order_by("pk")[
            : MAX_CANDIDATES + 1
        ]
    )


def _which(model: type[models.Model], name: str, found: Sequence[Any]) -> str:
    """Which ones share a name, with what tells them apart."""
    shown = same_names.texts_of(access.visible(model._default_manager.all()), found[:MAX_CANDIDATES])
    more = ", …" if len(found) > MAX_CANDIDATES else ""
    kinds = model._meta.verbose_name_plural
    return f"Several {kinds} are called “{shorten(name)}”: {', '.join(shown)}{more}. Say which one you mean."


def is_id(model: type[models.Model], key: object) -> bool:
    """Whether the database can be asked for an object with this id."""
    try:
        return str(model._meta.pk.clean(key, None)).lower() == str(key).lower()
    except ValidationError:
        return False


def check_unused(owner: models.Model, *relations: str) -> None:
    """InUse while something is related to a partition or project; the names of relations are words for people."""
    for relation in relations:
        held = getattr(owner, relation)
        if count := held.count():
            what, them = (relation, "them") if count > 1 else (held.model._meta.verbose_name, "it")
            raise errors.InUse(f"“{owner}” still has {count:,} {what}. Remove or release {them} first.")


def get_for_update(model: type[R], key: object, seen: Container[int]) -> R:
    """The locked object, as long as it is in one of the generations that the caller has seen; Stale when it is not.

    For whoever edits what they have read: a change that was made meanwhile must not be overwritten unseen.
    """
    current = get(model, key, lock=True)
    check_generation(current, seen)
    return current


def check_generation(current: Record, seen: Container[int] | None) -> None:
    """Stale when a locked object is in none of these generations; None: any will do."""
    if seen is not None and current.generation not in seen:
        raise errors.Stale(
            f"Somebody else has changed “{current}” meanwhile: it is in generation {current.generation} by now. "
            "Nothing was changed; read it again and repeat your change."
        )
