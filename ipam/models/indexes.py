"""Indexes of lists: each begins with what a filter asks for, and goes on in the order of the list."""

from typing import Any

from django.db import models
from django.db.models import Q


class Beginning(models.Func):
    """The first characters of a text that may be too long for an index; as an index has it, so without parameters."""

    output_field = models.TextField()
    arity = 1
    length = 64
    template = f"SUBSTR(%(expressions)s, 1, {length})"


def by(table: str, *order: Any, columns: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> list[models.Index]:
    """An index for each of these columns; an `optional` one has two, for rows with a value and for those without."""
    found = [models.Index(column, *order, name=f"{table}_by_{column}") for column in columns]
    for column in optional:
        is_missing = Q(**{f"{column}__isnull": True})
        found.append(
            models.Index(column, *order, name=f"{table}_by_{column}", condition=Q(**{f"{column}__isnull": False}))
        )
        found.append(models.Index(*order, name=f"{table}_without_{column}", condition=is_missing))
    return found


def texts(table: str, *order: Any, columns: tuple[str, ...]) -> list[models.Index]:
    """An index for each of these texts, where one is given; a description by its beginning."""
    return [
        models.Index(
            Beginning(column) if column == "description" else column,
            *order,
            name=f"{table}_by_{column}",
            condition=~Q(**{column: ""}),
        )
        for column in columns
    ]
