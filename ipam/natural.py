"""Names as people order them: `node-2` before `node-10`, alike on both databases, and by an index."""

import re
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

_WIDTH = (
    16  # digits that a number is filled up to; with more, the longest name would not fit into an index of PostgreSQL
)
_FILL = (r"([0-9]+)", "0" * _WIDTH + r"\1")
_CUT = (rf"0*([0-9]{{{_WIDTH}}})(?![0-9])", r"\1")
_FUNCTION = "natural_order"  # of SQLite, which has no regular expressions


def natural(name: str | None) -> str | None:
    """The text that orders like a name should: each number of up to 16 digits filled up with zeros."""
    return name if name is None else re.sub(*_CUT, re.sub(*_FILL, name))


class Natural(models.Func):
    """The same in SQL, by code points in every installation; as an index has it, so without parameters."""

    output_field = models.TextField()
    arity = 1

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        filled = "REGEXP_REPLACE(%(expressions)s, '{}', '{}', 'g')".format(*_FILL)
        cut = "REGEXP_REPLACE({}, '{}', '{}', 'g')".format(filled, *_CUT)
        return self.as_sql(compiler, connection, template=f'({cut} COLLATE "C")', **extra)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, function=_FUNCTION, **extra)


def teach(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Let a connection that has just been opened know the function, which its indexes need."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(_FUNCTION, 1, natural, deterministic=True)
