"""From ids to objects, several by one statement, or by that which says who asks: it can bring along what is named."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

from ipam.domain.core import access
from ipam.models.columns import Columns, columns

Named = Mapping[str, tuple[type[models.Model], object]]  # what is asked for: the model and the id, by its field
Only = Mapping[type[models.Model], Sequence[str]]  # the columns that are read, where that is not all
AtHand = dict[tuple[type[models.Model], str], Any]  # objects that have been read, by model and id
Beside = tuple[str, Sequence[Any]]  # a statement that gives one row at most, and its parameters


def find(wanted: Named, only: Only) -> dict[str, Any]:
    """Those of the objects with these ids that there are and that the caller may see."""
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(*_asking(wanted, only, access.condition))
        return _loaded(wanted, only, cursor.fetchone())


def beside(wanted: Named, only: Only) -> Beside:
    """What asks for the objects with these ids together with something else, before it is known who asks."""
    return _asking(wanted, only, lambda model: ("TRUE", ()))


def at_hand(wanted: Named, only: Only, row: Sequence[Any]) -> AtHand:
    """Those of the objects in a row of `beside` that the caller, who is known by now, may see."""
    found = _loaded(wanted, only, row).values()
    return {(type(one), str(one.pk)): one for one in found if access.sees_at_hand(one)}


def _asking(wanted: Named, only: Only, condition: Callable[[type[models.Model]], tuple[str, Sequence[Any]]]) -> Beside:
    shapes: list[Columns[Any]] = [columns(model, *only.get(model, ())) for model, _ in wanted.values()]
    scopes = [condition(model) for model, _ in wanted.values()]
    parameters = [
        value
        for shape, (_, values), (_, key) in zip(shapes, scopes, wanted.values(), strict=True)
        for value in (shape.stored_key(key), *values)
    ]
    return _joined(tuple(shapes), tuple(said for said, _ in scopes)), parameters


def _loaded(wanted: Named, only: Only, row: Sequence[Any]) -> dict[str, Any]:
    found, rest = {}, row[1:]
    for field, (model, _) in wanted.items():
        one = columns(model, *only.get(model, ()))
        values, rest = rest[: len(one.fields)], rest[len(one.fields) :]
        if values[one.key] is not None:
            found[field] = one.load(values)
    return found


@lru_cache(maxsize=256)
def _joined(shapes: Sequence[Columns[Any]], conditions: Sequence[str]) -> str:
    """The statement that looks for one row of each of these shapes, by its key."""
    parts = []
    for number, (shape, condition) in enumerate(zip(shapes, conditions, strict=True)):
        pk, table = shape.fields[shape.key].column, f'"{shape.model._meta.db_table}"'
        asked = f'SELECT {shape.selected} FROM {table} WHERE {table}."{pk}" = %s AND {condition}'  # noqa: S608  no values
        parts.append(f"LEFT JOIN ({asked}) AS part{number} ON TRUE")
    return f"SELECT * FROM (SELECT 1) AS one {' '.join(parts)}"  # noqa: S608  no values
