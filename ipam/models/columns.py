"""Rows by statements that are written once, for what every request asks and stores: the ORM compiles each anew."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models

M = TypeVar("M", bound=models.Model)


class Columns(Generic[M]):
    """The columns of a model: how a row becomes an object and an object a row, as Django does it.

    With `only` an object knows these alone, and asks for others when they are asked for.
    """

    def __init__(self, model: type[M], only: Sequence[str] = ()) -> None:
        self.model = model
        self.fields: list[Any] = [one for one in model._meta.concrete_fields if not only or one.attname in only]
        self.key = self.fields.index(model._meta.pk)
        self.names = [field.attname for field in self.fields]
        table = model._meta.db_table
        self.selected = ", ".join(f'"{table}"."{field.column}"' for field in self.fields)
        given = (field for field in self.fields if not isinstance(field, models.AutoField))
        self.stored = [field for field in given if field.has_default() or not field.has_db_default()]
        named = ", ".join(f'"{field.column}"' for field in self.stored)
        made = [field for field in self.fields if field.has_default() and callable(field.default)]
        self._made = [(field.attname, field.get_default) for field in made]
        self._constant = {field.attname: field.get_default() for field in self.fields if field not in made}
        self._into = f'INSERT INTO "{table}" ({named})'

    def load(self, values: Sequence[Any]) -> M:
        """The object with these values of the `selected` columns."""
        loaded = list(values)
        database = connections[DEFAULT_DB_ALIAS]
        for place, column, converters in self._converters:
            for convert in converters:
                loaded[place] = convert(loaded[place], column, database)
        return from_row(self.model, self.names, loaded)

    def new(self, **values: Any) -> M:
        """A new object with these columns and the defaults of all others, not stored yet."""
        made = {**self._constant, **{name: make() for name, make in self._made if name not in values}, **values}
        found = from_row(self.model, made, made.values(), None)
        found._state.adding = True
        return found

    def stored_key(self, key: object) -> Any:
        """A key as the database has it."""
        field = self.fields[self.key]
        return field.get_db_prep_value(field.to_python(key), connections[DEFAULT_DB_ALIAS])

    def insertion(self, rows: Sequence[M]) -> tuple[str, list[Any]]:
        """The statement that stores new objects, and its parameters; keys that the database makes are not told.

        PostgreSQL gets what all have in common once, and of the rest an array for each column: so the statement is
        short, and the same for any number of objects, and the driver need not take it apart again.
        """
        database = connections[DEFAULT_DB_ALIAS]
        given = [[getattr(row, field.attname) for row in rows] for field in self.stored]
        if len(rows) == 1 or database.vendor != "postgresql":
            marks = ", ".join([f"({', '.join(['%s'] * len(given))})"] * len(rows))
            pairs = zip(self.stored, given, strict=True)
            stored = [[_stored(field, value, database) for value in values] for field, values in pairs]
            return f"{self._into} VALUES {marks}", [value for row in zip(*stored, strict=True) for value in row]
        selected: list[str] = []
        parameters: list[Any] = []
        for field, values in zip(self.stored, given, strict=True):
            if all(value == values[0] for value in values):
                selected.append("%s")
                parameters.append(_stored(field, values[0], database))
            else:
                selected.append(f"unnest(%s::{field.db_type(database)}[])")
                parameters.append([_stored(field, value, database) for value in values])
        return f"{self._into} SELECT {', '.join(selected)}", parameters

    @cached_property
    def _converters(self) -> list[tuple[int, Any, list[Callable[..., Any]]]]:
        database = connections[DEFAULT_DB_ALIAS]
        found = [
            (place, column, [*database.ops.get_db_converters(column), *column.get_db_converters(database)])
            for place, column in enumerate(field.get_col(self.model._meta.db_table) for field in self.fields)
        ]
        return [one for one in found if one[2]]


def _stored(field: Any, value: Any, database: Any) -> Any:
    """A value as the database has it: plain text and nothing are what they are."""
    if value is None or (type(value) is str and isinstance(field, models.CharField | models.TextField)):
        return value
    return field.get_db_prep_save(value, database)


def from_row(model: type[M], names: Iterable[str], values: Iterable[Any], database: str | None = DEFAULT_DB_ALIAS) -> M:
    """As Django does it, in a third of the time: what comes from the database is set as it is, and not one by one.

    Nobody listens to the signals of `__init__`, and no relation is cached yet that a key could contradict.
    """
    found = model.__new__(model)
    vars(found).update(zip(names, values, strict=True))
    found._state = models.base.ModelState()
    found._state.adding, found._state.db = False, database
    return found


@cache
def columns(model: type[M], *only: str) -> Columns[M]:
    """The columns of a model, or only some of them."""
    return Columns(model, only)
