"""A column for addresses whose order in the database is address order, on SQLite and PostgreSQL alike."""

from socket import AF_INET, AF_INET6, inet_ntop
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from netaddr import IPAddress

from ipam.values import parse_address


def to_bytes(address: IPAddress) -> bytes:
    """One byte of family (4 or 6), then the 4 or 16 bytes of the address."""
    return bytes([address.version, *address.packed])


def from_bytes(stored: bytes) -> IPAddress:
    """The address that `to_bytes` made these bytes of."""
    return IPAddress(int.from_bytes(stored[1:], "big"), stored[0])


def text_of(stored: bytes) -> str:
    """The text of the address that `to_bytes` made these bytes of: of thousands no value is needed in between."""
    return inet_ntop(AF_INET if stored[0] == 4 else AF_INET6, stored[1:])


def stored(column: str) -> models.Expression:
    """A column of addresses as their bytes."""
    return models.ExpressionWrapper(models.F(column), output_field=models.BinaryField())


class AddressField(models.Field):  # type: ignore[type-arg]
    """An IPv4 or IPv6 address, in Python a `netaddr.IPAddress`.

    The family is the first byte of the value: both families live in one column, IPv4 sorts before
    IPv6, and containment is `first <= address <= last`, a plain range comparison on an index.

    It is stored like a `BinaryField` but is none: that one's placeholders depend on values, for databases that
    are not ours, and keep PostgreSQL from inserting many rows as arrays, which takes a fraction of the time.
    """

    description = "IP address"
    empty_strings_allowed = False

    def get_internal_type(self) -> str:
        return "BinaryField"

    def from_db_value(self, value: Any, *args: Any) -> IPAddress | None:
        return None if value is None else from_bytes(bytes(value))

    def to_python(self, value: object) -> IPAddress | None:
        if value is None or isinstance(value, IPAddress):
            return value
        if isinstance(value, bytes | memoryview):
            return from_bytes(bytes(value))
        return parse_address(value)

    def get_db_prep_value(self, value: object, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if isinstance(value, str):
            value = parse_address(value)
        if isinstance(value, IPAddress):
            value = to_bytes(value)
        return super().get_db_prep_value(value, connection, prepared)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))


class CountField(models.CharField):  # type: ignore[type-arg]
    """A count of addresses, 0..2^128, exact on both databases: as text that orders and compares as the numbers do.

    SQLite's decimal is a float, and PostgreSQL's bytes have no greatest. The text is the number of digits, then they.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 41
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: str | None, *args: Any) -> int | None:
        return None if value is None else int(value[2:])

    @property
    def validators(self) -> list[Any]:
        """None of texts: it is a number."""
        return [MinValueValidator(0), MaxValueValidator(2**128)]

    def to_python(self, value: Any) -> Any:
        return None if value is None else int(value)

    def get_prep_value(self, value: int | None) -> Any:
        return None if value is None else count_text(value)


def count_text(count: int) -> str:
    """The text that `CountField` stores for a count; -1, which none is, comes before all."""
    return f"{len(str(count)) if count >= 0 else 0:02}{count}"


_ADD = "add_to_count"  # of SQLite, whose numbers end at 2^63
ADDED = {
    "sqlite": f"{_ADD}({{stored}}, {{number}})",
    "postgresql": "(SELECT lpad(length(sum)::text, 2, '0') || sum FROM "
    "(SELECT (substr({stored}, 3)::numeric + {number})::text AS sum) AS added)",
}  # what a stored count is with a number, which may be negative, added to it; in SQL


def teach(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Let a connection that has just been opened know how to add to a count, and counts up."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(_ADD, 2, _added, deterministic=True)
        connection.connection.create_aggregate(SumOfCounts.function, 1, _Sum)


def _added(stored: str, number: str) -> str:
    return count_text(int(stored[2:]) + int(number))


class _Sum:
    def __init__(self) -> None:
        self.sum = 0

    def step(self, stored: str | None) -> None:
        self.sum += int(stored[2:]) if stored else 0

    def finalize(self) -> str:
        return str(self.sum)


class _Whole(models.Field):  # type: ignore[type-arg]
    def from_db_value(self, value: Any, *args: Any) -> int:
        return int(value or 0)


class SumOfCounts(models.Aggregate):
    """The sum of a `CountField`, exact on both databases; where it is NULL, or there is none, that is 0."""

    function = "sum_of_counts"  # of SQLite
    output_field = _Whole()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="SUM(substr(%(expressions)s, 3)::numeric)", **extra)


class FamilyOf(models.Func):
    """The family (4 or 6) of a stored address, in SQL."""

    output_field = models.SmallIntegerField()
    arity = 1

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="get_byte(%(expressions)s, 0)", **extra)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        # unicode() of a byte below 128 is the byte itself; the family byte is 4 or 6.
        return self.as_sql(compiler, connection, template="unicode(substr(%(expressions)s, 1, 1))", **extra)
