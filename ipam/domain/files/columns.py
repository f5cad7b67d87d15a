"""What a table is made of: its columns, and what becomes of its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.db.models import QuerySet

from ipam.addressing import Family
from ipam.domain.files import cells
from ipam.domain.files.cells import Read
from ipam.domain.files.known import Known
from ipam.domain.files.together import Rows, Together
from ipam.models.base import SLUG_LENGTH, Described
from ipam.models.super_networks import ChildChoice, ClusterRanges

M = TypeVar("M", bound=models.Model)
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column: how a cell is read, what an object has there, and whether it may change once the object exists.

    What is `as_given` a new object has just as the row says, or it is refused; the rest may follow from other columns.
    """

    name: str
    read: Read
    of: Callable[[Any], Any]
    may_change: bool = False
    as_given: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of object that has a table.

    `find` gives the object that a row is about, if there is one already. `rows` reads all of them for an export, with
    whatever their columns need, in the order of `order`. `turn` says which rows come first: 0, before those of 1 or 2.
    `together` makes what it can of many rows, by their places; None if it can nothing of the first.
    """

    name: str
    one: str
    columns: tuple[Column, ...]
    find: Callable[[Values], Any]
    create: Callable[[Values, Known], Any]
    update: Callable[[Any, Values], Any]
    rows: Callable[[], QuerySet[Any]]
    order: tuple[str, ...] = ("pk",)
    turn: Callable[[Values], int] = lambda values: 0
    together: Callable[[Rows, Known], Together | None] = lambda rows, known: None

    @property
    def names(self) -> list[str]:
        """The names of its columns, in order."""
        return [column.name for column in self.columns]


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def column(name: str, read: Read, *, of: str = "", may_change: bool = False) -> Column:
    """A column that shows the attribute of its name, or the one named by `of`."""
    return Column(name, read, _attribute(of or name), may_change)


def _of_supers(name: str, words: type[models.TextChoices]) -> Column:
    """A column that is empty for networks of other types, which refuse it."""
    return Column(name, cells.choice(*words.values), lambda row: getattr(row, name) if row.is_super else "", True)


LABELS = column("labels", cells.labels, may_change=True)
ID = column("id", cells.text(SLUG_LENGTH))
MANAGED_BY = column("managed_by", cells.unread)  # which follows from who makes it
PROJECT = column("project", cells.uuid, of="project_id")
OF_SUPERS = (_of_supers("child_choice", ChildChoice), _of_supers("cluster_ranges", ClusterRanges))
QUARANTINE = (
    Column(
        "quarantine", cells.hours, lambda row: {Family.from_key(key): one for key, one in row.quarantine.items()}, True
    ),
    column("quarantine_strict", cells.flag, may_change=True),
)


def texts(model: type[Described]) -> tuple[Column, ...]:
    """The columns of plain text, each as long as it may be."""
    lengths = {name: model._meta.get_field(name).max_length for name in model.texts}  # type: ignore[union-attr]
    return tuple(column(name, cells.text(length or 0), may_change=True) for name, length in lengths.items())


def reference(name: str) -> Column:
    """The id of another object, empty for none."""
    return Column(name, cells.key, _attribute(f"{name}_id"))


def by_key(model: type[M]) -> Callable[[Values], M | None]:
    """What finds the object that has a row's id."""
    return lambda values: model._default_manager.filter(pk=values.get("id") or None).first()


def filled(values: Values) -> dict[str, Any]:
    """What a row says about a new object; an empty cell says nothing."""
    return {name: value for name, value in values.items() if value not in ("", None)}


def in_batches(*arguments: Any) -> Any:
    """In the place of operations on single rows, of kinds whose rows come in batches."""
    raise NotImplementedError("these come in batches: ipam.domain.files.address_import, history_import")
