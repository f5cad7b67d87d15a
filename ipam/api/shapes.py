"""What the shapes of answers share, and the answers that are of no kind of object."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, partial
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, cast

from rest_framework import serializers

BOOKKEEPING = ("created_at", "updated_at", "generation", "dry_run")
_LEFT_OUT = object()

Read = Callable[[Any], Any]


class Shape(serializers.Serializer[Any]):
    # Of whatever has these attributes, or keys. An answer may have thousands of objects: how a field reads and shows a
    # value is settled once for each shape. (A docstring would describe all shapes in the schema.)

    @classmethod
    def of(cls, shown: Any) -> dict[str, Any]:
        """A part of an answer; for shapes that need no context."""
        return _bare(cls).to_representation(shown)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = {}
        one = SimpleNamespace(**instance) if isinstance(instance, dict) else instance
        for name, read, show in _readers_of(type(self)):
            if read is None:
                shown[name] = show(self, one)
            elif (value := read(one)) is not _LEFT_OUT:
                shown[name] = None if value is None else show(value)
        return shown


@cache
def _bare(shape: type[Shape]) -> Shape:
    return shape()


@cache
def _readers_of(shape: type[Shape]) -> list[tuple[str, Read | None, Callable[..., Any]]]:
    """For each field its name, how it reads from an object, and what shows that; None and the method that does both."""
    found: list[tuple[str, Read | None, Callable[..., Any]]] = []
    for name, field in shape().fields.items():
        source = cast(str, field.source)
        if isinstance(field, serializers.SerializerMethodField):
            found.append((name, None, getattr(shape, field.method_name)))
        elif source == "*":
            found.append((name, _itself, _shows(field)))
        else:
            read: Read = attrgetter(source)
            found.append((name, read if field.required else partial(_optional, read), _shows(field)))
    return found


def _shows(field: Any) -> Read:
    """What a field does with values of ours, without calls in between where it is much the same."""
    if type(field) is serializers.ListField:
        return partial(_each, _shows(field.child))
    return _SHOWN.get(type(field)) or cast(Read, field.to_representation)


def _each(show: Read, values: Iterable[Any]) -> list[Any]:
    return list(map(show, values))


def _itself(one: object) -> object:
    return one


def _optional(read: Read, one: object) -> Any:
    try:
        return read(one)
    except AttributeError:
        return _LEFT_OUT


def moment(value: datetime) -> str:
    """As all answers write it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_SHOWN: dict[type, Read] = {
    serializers.BooleanField: bool,
    serializers.CharField: str,
    serializers.DateTimeField: moment,
    serializers.FloatField: float,
    serializers.IntegerField: int,
    serializers.UUIDField: str,
}


class Output(Shape):
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    generation = serializers.IntegerField()
    dry_run = serializers.BooleanField(required=False, help_text="true when nothing of this was kept")

    def get_fields(self) -> dict[str, Any]:
        """Fields in the order of reading: the id, what it is, and last the book-keeping that all objects share."""
        return dict(sorted(super().get_fields().items(), key=lambda named: (named[0] != "id", named[0] in BOOKKEEPING)))


class Described(Output):
    name = serializers.CharField()
    description = serializers.CharField()
    labels = serializers.DictField(child=serializers.CharField())


class Gone(Shape):
    dry_run = serializers.BooleanField()


class Status(Shape):
    status = serializers.CharField()


class ProblemError(Shape):
    field = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    detail = serializers.CharField()
    nearest = serializers.CharField(
        required=False, help_text="of a prefix that cannot be: the one that can, next to it"
    )


class ExceededQuota(Shape):
    """Counts are decimal strings: they may exceed what a JSON number holds exactly."""

    id = serializers.UUIDField()
    project = serializers.UUIDField()
    network = serializers.CharField(allow_null=True)
    address_family = serializers.CharField()
    resource = serializers.CharField()
    limit = serializers.CharField()
    used = serializers.CharField()
    asked = serializers.CharField()


class Problem(Shape):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemError(many=True)  # type: ignore[assignment]
    quota = ExceededQuota(required=False, help_text="with `quota_exceeded`: which one, and what was asked of it")
    until = serializers.DateTimeField(required=False, help_text="with `cooling`: when anybody may have it")
