"""What the shapes of answers share, and the answers that are of no kind of object."""

from typing import Any

from rest_framework import serializers

Shape = serializers.Serializer[Any]  # of whatever has these attributes
BOOKKEEPING = ("created_at", "updated_at", "generation", "dry_run")


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


class Problem(Shape):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = ProblemError(many=True)  # type: ignore[assignment]
