"""Things of one name, told apart by what people know beside it: `analytics-dev · acme`."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Count, Min, Model, Q, QuerySet, TextField, Value, prefetch_related_objects
from django.db.models.functions import Cast, Coalesce

from ipam.domain.core import access
from ipam.models import Cluster, Machine, Network, Project

BETWEEN = " · "
# What is known beside the name: a column, by its path.
_BESIDE: Mapping[type[Model], str] = {
    Project: "tenant",
    Network: "project__name",
    Machine: "project__name",
    Cluster: "project__name",
}


def beside(one: Model) -> str:
    """What tells it from others of its name; empty where nothing does."""
    path = _BESIDE.get(type(one), "")
    whose = getattr(one, "project", None)
    return str(getattr(one, path)) if path == "tenant" else str(whose.name) if path and whose else ""


def is_called(one: Any, text: str) -> bool:
    """Whether it has this name, or is told apart as the text has it."""
    return text in (one.name, f"{one.name}{BETWEEN}{beside(one)}")


def called(model: type[Model], text: str) -> Q:
    """Those with this name, or those of a name that are told apart as the text has it."""
    name, between, told = text.rpartition(BETWEEN)
    column = _BESIDE.get(model)
    return Q(name=text) | Q(name=name, **{column: told}) if between and column else Q(name=text)


def keys_of(visible: QuerySet[Any], texts: Sequence[str]) -> dict[str, list[Any]]:
    """The ids of those that these texts of the form `name · beside` mean; one statement, none where nothing has it."""
    path = _BESIDE.get(visible.model, "")
    found: dict[str, list[Any]] = {text: [] for text in texts if BETWEEN in text}
    if not path or not found:
        return {}
    names, told = zip(*(text.rsplit(BETWEEN, 1) for text in found), strict=True)
    for name, beside, key in visible.filter(**{"name__in": names, f"{path}__in": told}).values_list("name", path, "pk"):
        if (text := f"{name}{BETWEEN}{beside}") in found:
            found[text].append(key)
    return found


def texts_of(visible: QuerySet[Any], rows: Sequence[Any]) -> list[str]:
    """How to write each so that only it is meant: its name, `name · beside`, or its id. One statement, and one more for
    projects that were not read with them.
    """
    path = _BESIDE.get(visible.model, "pk")
    if path == "project__name":
        prefetch_related_objects(list(rows), "project")
    names = {one.name for one in rows if one.name}
    counted = visible.filter(name__in=names).order_by().values_list("name", path).annotate(number=Count("pk"))
    pairs = {(name, told): number for name, told, number in counted} if names else {}
    alike: Counter[str] = Counter()
    for (name, _), number in pairs.items():
        alike[name] += number
    return [_text(one, alike[one.name], pairs.get((one.name, beside(one)), 0)) for one in rows]


def names_of(things: Mapping[type[Model], Mapping[str, str]]) -> dict[tuple[type[Model], str], str]:
    """What people read for things of several kinds, given by their ids and names: the name, or where several that the
    caller sees have it `name · beside`, or `name · id`, by kind and id. One statement, none without names.
    """
    counted = [_counted(model, set(named.values()) - {""}) for model, named in things.items()]
    rows = list(counted[0].union(*counted[1:], all=True)) if counted else []
    of_name, alone = Counter[tuple[str, str]](), {}
    for kind, name, told, number, key in rows:
        of_name[kind, name] += number
        if number == 1:
            alone[kind, _plain(key)] = told
    texts = {}
    for model, named in things.items():
        kind = model.__name__
        for key, name in named.items():
            is_alone = of_name[kind, name] < 2
            texts[model, key] = name if is_alone else f"{name}{BETWEEN}{alone.get((kind, _plain(key))) or key}"
    return texts


def _counted(model: type[Model], names: Collection[str]) -> QuerySet[Any, Any]:
    """(kind, name, what is beside it, how many have both, the id of one of them) of these names."""
    asked: Any = access.visible(model._default_manager.filter(name__in=names)).order_by()
    told = asked.annotate(told=Coalesce(_BESIDE[model], Value("")), kind=Value(model.__name__))
    counted = told.values("kind", "name", "told").annotate(number=Count("pk"), key=Min(Cast("pk", TextField())))
    rows: QuerySet[Any, Any] = counted.values_list("kind", "name", "told", "number", "key")
    return rows


def _plain(key: str) -> str:
    """An id as each database writes it."""
    return key.replace("-", "")


def _text(one: Any, of_name: int, of_pair: int) -> str:
    if of_name == 1:
        return str(one.name)
    told = beside(one)
    return f"{one.name}{BETWEEN}{told}" if told and of_pair == 1 else str(one.pk)
