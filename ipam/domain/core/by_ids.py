"""From ids to objects, several by one statement, or by that which says who asks: it can bring along what is named."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection, models

from ipam.domain.core import access
from ipam.models.columns import Columns, columns

Named = Mapping[str, tuple[type[models.Model], object]]  # what is asked for: the model and the id, by its field
Only = Mapping[type[models.Model], Sequence[str]]  # the columns that are read, where that is not all
AtHand = dict[tuple[type[models.Model], str], Any]  # objects that have been read, by model and id


class Beside(NamedTuple):
    """What is read together with something else, of one row at most: columns, what joins them, and its parameters."""

    columns: str = "NULL"
    joins: str = ""
    parameters: Sequence[Any] = ()


def find(wanted: Named, only: Only) -> dict[str, Any]:
    """Those of the objects with these ids that there are and that the caller may see."""
    if not wanted:
        return {}
    asked = _asking(wanted, only, access.condition)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked.columns} FROM (SELECT 1) AS one {asked.joins}", asked.parameters)  # noqa: S608
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
    return Beside(*_joined(tuple(shapes), tuple(said for said, _ in scopes)), parameters)


def _loaded(wanted: Named, only: Only, row: Sequence[Any]) -> dict[str, Any]:
    found, rest = {}, row
    for field, (model, _) in wanted.items():
        one = columns(model, *only.get(model, ()))
        values, rest = rest[: len(one.fields)], rest[len(one.fields) :]
        if values[one.key] is not None:
            found[field] = one.load(values)
    return found


@lru_cache(maxsize=256)
def _joined(shapes: Sequence[Columns[Any]], conditions: Sequence[str]) -> tuple[str, str]:
    """The columns of one row of each of these shapes, and what joins it by its key: each under a name of its own, and
    no query in brackets, which PostgreSQL would plan for longer.
    """
    selected, joins = [], []
    for number, (shape, condition) in enumerate(zip(shapes, conditions, strict=True)):
        pk, table, part = shape.fields[shape.key].column, f'"{shape.model._meta.db_table}"', f"part{number}"
        asked = f'{table}."{pk}" = %s AND {condition}'
        selected.append(shape.selected.replace(f"{table}.", f"{part}."))
        joins.append(f"LEFT JOIN {table} AS {part} ON {asked.replace(f'{table}.', f'{part}.')}")
    return ", ".join(selected) or "NULL", " ".join(joins)
