"""Statements that only write, sent together: to PostgreSQL as one, of which each is a part."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models

from ipam.models import Event
from ipam.models.columns import columns

_TOGETHER_ON = frozenset({"postgresql"})
_MAX_ROWS = 16  # of one statement of SQLite

Validate = Callable[[list[Any]], object]


class _Together:
    """Parts that wait, and the event that they may refer to before it has a key."""

    def __init__(self) -> None:
        self.event: Event | None = None
        self.parts: list[str] = []
        self.new: dict[type[models.Model], str] = {}
        self.parameters: list[Any] = []
        self.validated: list[tuple[str, Validate]] = []

    def add(self, name: str, statement: str, parameters: Sequence[Any]) -> None:
        self.parts.append(f"{name} AS ({statement})")
        self.parameters += parameters

    def send(self) -> None:
        if not self.parts:
            return
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            asked = ["(SELECT id FROM event)" if self.event else "1"]
            asked += [f"ARRAY(SELECT told FROM {name} WHERE told IS NOT NULL)" for name, _ in self.validated]  # noqa: S608  no values
            cursor.execute(f"WITH {', '.join(self.parts)} SELECT {', '.join(asked)}", self.parameters)
            key, *told = cursor.fetchone()
        if self.event:
            self.event.pk = key
        for (_, validate), values in zip(self.validated, told, strict=True):
            validate(values)


_together: ContextVar[_Together | None] = ContextVar("together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is written inside through this module is sent at the end, on PostgreSQL as one statement.

    Its parts see what was there before, and happen in no order: nothing inside reads what is written, and no two
    touch the same row. SQLite, where a statement costs no way to a server, gets each at once.
    """
    if connections[DEFAULT_DB_ALIAS].vendor not in _TOGETHER_ON or _together.get() is not None:
        yield
        return
    parts = _Together()
    before = _together.set(parts)
    try:
        yield
    finally:
        _together.reset(before)
    parts.send()


def execute(statement: str, parameters: Sequence[Any]) -> None:
    """Run a statement that gives nothing back."""
    if (parts := _together.get()) is not None:
        parts.add(f"part{len(parts.parts)}", statement, parameters)
        return
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement, parameters)


def execute_validated(statement: str, parameters: Sequence[Any], validate: Validate) -> None:
    """Run a statement that returns one column, `told`; what is not null in it goes to `validate`, which may refuse all.

    Of what is written together it is validated when that has been sent.
    """
    if (parts := _together.get()) is not None:
        parts.validated.append((f"part{len(parts.parts)}", validate))
        execute(statement, parameters)
        return
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(statement, parameters)
        told = [value for (value,) in cursor.fetchall() if value is not None]
    validate(told)


def insert(rows: Sequence[models.Model]) -> None:
    """Store new rows of one kind; the keys that the database makes are not told."""
    if not rows:
        return
    model, parts = type(rows[0]), _together.get()
    if parts is None and len(rows) > _MAX_ROWS:
        model._default_manager.bulk_create(rows)
        return
    statement, parameters = columns(model).insertion(rows)
    if parts is not None:
        parts.new[model] = f"part{len(parts.parts)}"
        statement += " RETURNING *"
    execute(statement, parameters)
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def source_of(model: type[models.Model]) -> str:
    """What to read rows from that have just been stored: their table, or the part that stores them."""
    parts = _together.get()
    return parts.new.get(model, model._meta.db_table) if parts else model._meta.db_table


def insert_event(event: Event) -> None:
    """Store an event, which gets its key, at the latest when all that is written together has been sent."""
    statement, parameters = columns(Event).insertion([event])
    parts = _together.get()
    if parts is not None and parts.event is None:
        parts.event = event
        parts.add("event", f"{statement} RETURNING id", parameters)
        return
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"{statement} RETURNING id", parameters)
        (event.pk,) = cursor.fetchone()


def key_of(event: Event) -> tuple[str, list[Any]]:
    """The key of an event that has been stored, or will be with what refers to it; in SQL, and its parameters."""
    return ("(SELECT id FROM event)", []) if event.pk is None else ("%s", [event.pk])


def stored_uuid(value: UUID | None) -> Any:
    """A UUID as the database has it."""
    return value.hex if value is not None and connections[DEFAULT_DB_ALIAS].vendor == "sqlite" else value
