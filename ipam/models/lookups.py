"""What QuerySets can ask of any column beside Django's own words; known once the models are."""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.lookups import In
from django.db.models.sql.compiler import SQLCompiler


@models.Field.register_lookup
class OneOf(In):
    """`in` for thousands of values, of columns that are no foreign keys.

    PostgreSQL gets them as one array; of as many parameters, driver and database would each make a token.
    """

    lookup_name = "one_of"

    def get_prep_lookup(self) -> Any:
        """The values as they are given: they come from rows, not from people."""
        return self.rhs

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[object]]:
        if not self.rhs:
            raise EmptyResultSet
        column, parameters = self.process_lhs(compiler, connection)
        field = self.lhs.output_field
        values = [field.get_db_prep_value(value, connection, prepared=True) for value in self.rhs]
        return f"{column} = ANY(%s)", [*parameters, values]


@models.Field.register_lookup
class Among(In):
    """`in` for what a query gives. PostgreSQL reads that first, as an array: so indexes serve both sides of an OR."""

    lookup_name = "among"

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, parameters = self.process_lhs(compiler, connection)
        query, more = self.process_rhs(compiler, connection)
        return f"{column} = ANY(ARRAY{query})", [*parameters, *more]
