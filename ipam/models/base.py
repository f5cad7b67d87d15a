"""What every object of the API carries, and columns that several of them share."""

import json
from collections.abc import Collection, Container, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar, Self, TypeVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.db.models.lookups import Exact
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone
from netaddr import IPNetwork

from ipam import errors
from ipam.addressing import Family, block
from ipam.labels import label_fault
from ipam.models.columns import from_row
from ipam.models.indexes import Beginning

SLUG = r"[a-zA-Z0-9]([a-zA-Z0-9._-]{0,126}[a-zA-Z0-9])"
SLUG_LENGTH = 128
NAME_LENGTH = 255
DESCRIPTION_LENGTH = 2000
DOOR_LENGTH = 11
MAX_WORDS = 5  # of a text that is searched for
FAMILIES = [(int(family), family.label) for family in Family]


class SlugIdField(models.CharField):  # type: ignore[type-arg]
    """An id that people choose: 2 to 128 letters, digits, dots, dashes and underscores; it never changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", SLUG_LENGTH)
        kwargs.setdefault("primary_key", True)
        super().__init__(*args, **kwargs)
        self.validators.append(
            RegexValidator(
                rf"\A{SLUG}\Z",
                "An id has 2 to 128 letters, digits, dots, dashes or underscores, and starts and ends "
                "with a letter or digit.",
            )
        )


_keeps_labels: ContextVar[bool] = ContextVar("keeps_labels", default=False)


@contextmanager
def labels_kept() -> Iterator[None]:
    """Labels that are stored inside are kept, not given: older than the rule, or judged row by row before."""
    before = _keeps_labels.set(True)
    try:
        yield
    finally:
        _keeps_labels.reset(before)


class OftenEmptyField(models.JSONField):
    """JSON that is empty in most rows: of thousands that is not parsed. To migrations plain JSON."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value == "{}":
            return {}
        return [] if value == "[]" else super().from_db_value(value, expression, connection)


class LabelsField(OftenEmptyField):
    """An object of texts, of bounded size by whatever door it comes (`label_fault`)."""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, dict) and not _keeps_labels.get() and (fault := label_fault(value)):
            raise errors.Invalid(fault, field="labels")
        return super().get_db_prep_save(value, connection)


M = TypeVar("M", bound=models.Model)


class HasLabel(models.Func):
    """Whether there is a label `key`, with this value if one is given; on PostgreSQL by the index of labels.

    JSONField's own transforms take a key such as "1" for a list index, and paths of json_extract have no way to write a
    key with a quote in it.
    """

    output_field = models.BooleanField()

    def __init__(self, key: str, value: str | None, **extra: Any) -> None:
        super().__init__("labels", **extra)
        self.key, self.value = key, value

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        asked = "? %%s" if self.value is None else "@> %%s::jsonb"
        template = f"(%(expressions)s <> '{{}}'::jsonb AND %(expressions)s {asked})"
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        return sql, [*params, self.key if self.value is None else json.dumps({self.key: self.value})]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        asked = [self.key] if self.value is None else [self.key, self.value]
        wanted = "key = %%s" + " AND value = %%s" * (self.value is not None)
        template = f"EXISTS (SELECT 1 FROM json_each(%(expressions)s) WHERE {wanted})"  # noqa: S608  marks only
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        return sql, [*params, *asked]


class HasLabelValue(models.Func):
    """Whether any label has one of these values; on PostgreSQL by the index of labels."""

    output_field = models.BooleanField()

    def __init__(self, values: Collection[str], **extra: Any) -> None:
        super().__init__("labels", **extra)
        self.values = list(values)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        template = "(%(expressions)s <> '{}'::jsonb AND %(expressions)s @? %%s::jsonpath)"
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        wanted = " || ".join(f"@ == {json.dumps(value)}" for value in self.values)
        return sql, [*params, f"$.* ? ({wanted})"]

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        marks = ", ".join(["%%s"] * len(self.values))
        template = f"EXISTS (SELECT 1 FROM json_each(%(expressions)s) WHERE value IN ({marks}))"  # noqa: S608  marks only
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        return sql, [*params, *self.values]


class RecordQuerySet(models.QuerySet[M]):
    def labelled(self, key: str, value: str | None = None) -> Self:
        """Those with the label `key`, and this value if one is given."""
        return self.filter(HasLabel(key, value))

    def labelled_any(self, values: Collection[str]) -> Self:
        """Those that have one of these values in a label, whatever its key."""
        return self.filter(HasLabelValue(values))

    def saying(self, column: str, text: str) -> Self:
        """Those with just this text in a column: its index has those with one, and descriptions by their beginning."""
        if column != "description":
            return self.filter(**{column: text}).exclude(**{column: ""})
        begun = self.filter(Exact(Beginning(column), text[: Beginning.length])).exclude(**{column: ""})
        return begun if len(text) < Beginning.length else begun.filter(**{column: text})

    id_characters = ""  # where ids have few characters, a text with others is not sought among them

    def matching(self, text: str) -> Self:
        """Those that are meant by what somebody types to narrow their list."""
        return self.with_text(text)

    def with_text(self, text: str) -> Self:
        """Those whose id, name or description contains `text`, whatever its case."""
        found = Q(name__icontains=text)
        if hasattr(self.model, "description"):  # a claim has none
            found |= Q(description__icontains=text)
        may_be_id = not self.id_characters or set(text.lower()) <= set(self.id_characters)
        return self.filter(found | Q(pk__icontains=text) if may_be_id else found)


class Block(models.Model):
    """What rows have in common that are aligned blocks of addresses, by `family`, `first` and `length`."""

    family: Any
    first: Any
    length: Any

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.first}/{self.length}"

    @property
    def address_family(self) -> Family:
        return Family(self.family)

    @property
    def cidr(self) -> IPNetwork:
        return block(self.address_family, self.first.value, self.length)


def know(record: M, **related: Sequence[models.Model]) -> M:
    """Let relations of a record, by their names, give these rows unasked, as after `prefetch_related`; returns it."""
    for name, rows in related.items():
        known = getattr(record, name).all()
        known._result_cache, known._prefetch_done = list(rows), True
        record.__dict__.setdefault("_prefetched_objects_cache", {})[name] = known
    return record


class Record(models.Model):
    """When it was made and changed, and a number that grows by one with each change."""

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    generation = models.PositiveIntegerField(default=1, editable=False)
    expected_generations: Container[int] | None = None  # in which an operation may find it

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **_: Any) -> Self:
        return from_row(cls, field_names, values, db)

    def revise(self, **changes: object) -> None:
        """Set these fields and save them as one change. The caller holds the row's lock."""
        for field, value in changes.items():
            setattr(self, field, value)
        self.updated_at = timezone.now()
        self.generation += 1
        self.save(update_fields=[*changes, "updated_at", "generation"])


class Described(Record):
    """A record with a name, a description and labels.

    `texts` names its columns of plain text that anybody gives and changes as it is: operations, history, filters and
    tables take them from there.
    """

    texts: ClassVar[tuple[str, ...]] = ("name", "description")

    name = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    description = models.CharField(max_length=DESCRIPTION_LENGTH, blank=True, default="")
    labels = LabelsField(default=dict, blank=True)

    class Meta:
        abstract = True
