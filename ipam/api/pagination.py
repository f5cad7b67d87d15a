"""Pages by key, not by offset: stable under concurrent writes, and as fast on the last page as on the first."""

import base64
import binascii
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from ipam import errors

DEFAULT_LIMIT, HIGHEST_LIMIT = 50, 1000


class KeysetPagination(BasePagination):
    """`{"next", "previous", "results"}`, with `?limit=`, `?ordering=` and an opaque `?cursor=`.

    A view names its sortable columns in `ordering_fields`, the default first. The primary key breaks ties,
    so each row has exactly one place. A cursor holds the place of a row and the direction to read in.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        self.limit = _limit(request)
        self.field, self.descending = _ordering(request, view)
        place, backwards = self._decode(request.query_params.get("cursor"), queryset.model)
        descending = self.descending != backwards
        rows = list(
            _from_place(queryset, self.field, descending, place).order_by(*_order(self.field, descending))[
                : self.limit + 1
            ]
        )
        more, rows = len(rows) > self.limit, rows[: self.limit]
        if backwards:
            rows.reverse()
        self.next_place = rows[-1] if rows and (more or backwards) else None
        self.previous_place = (
            rows[0] if rows and ((more and backwards) or (place is not None and not backwards)) else None
        )
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_url(), "previous": self.previous_url(), "results": data})

    def next_url(self) -> str | None:
        """Address of the next page, None on the last."""
        return self._url(self.next_place, "n")

    def previous_url(self) -> str | None:
        """Address of the previous page, None on the first."""
        return self._url(self.previous_place, "p")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        url = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": url, "previous": url, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        fields = getattr(view, "ordering_fields", ["id"])
        return [
            _parameter("limit", {"type": "integer", "minimum": 1, "maximum": HIGHEST_LIMIT, "default": DEFAULT_LIMIT}),
            _parameter("cursor", {"type": "string"}),
            _parameter("ordering", {"type": "string", "enum": [*fields, *(f"-{field}" for field in fields)]}),
        ]

    def _url(self, row: Any, direction: str) -> str | None:
        if row is None:
            return None
        value = self._field_of(type(row)).value_to_string(row)
        text = json.dumps([direction, value, str(row.pk)], separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", cursor))

    def _decode(self, cursor: str | None, model: type[models.Model]) -> tuple[tuple[Any, Any] | None, bool]:
        if not cursor:
            return None, False
        try:
            direction, value, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if direction not in ("n", "p"):
                raise ValueError(direction)
            place = self._field_of(model).to_python(value), model._meta.pk.to_python(key)
        except (ValueError, TypeError, ValidationError, binascii.Error, RecursionError):
            start = remove_query_param(self.request.get_full_path(), "cursor")
            raise errors.Invalid(f"The cursor is not one of ours; start again at {start}.", field="cursor") from None
        return place, direction == "p"

    def _field_of(self, model: type[models.Model]) -> Any:
        return model._meta.pk if self.field == "pk" else model._meta.get_field(self.field)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= HIGHEST_LIMIT):
        raise errors.Invalid(f"limit is a number from 1 to {HIGHEST_LIMIT}.", field="limit")
    return int(text)


def _ordering(request: Request, view: APIView | None) -> tuple[str, bool]:
    columns: dict[str, str] = getattr(view, "ordering_fields", {"id": "pk"})
    asked = request.query_params.get("ordering", next(iter(columns)))
    name = asked.removeprefix("-")
    if name not in columns:
        raise errors.Invalid(f"Cannot order by “{name[:60]}”; choose one of {', '.join(columns)}.", field="ordering")
    return columns[name], asked.startswith("-")


def _order(field: str, descending: bool) -> list[str]:
    names = [field] if field == "pk" else [field, "pk"]
    return [f"-{name}" for name in names] if descending else names


def _from_place(
    queryset: models.QuerySet[Any], field: str, descending: bool, place: tuple[Any, Any] | None
) -> models.QuerySet[Any]:
    """The rows after a place. The first condition alone bounds the index scan; the second settles ties."""
    if place is None:
        return queryset
    value, key = place
    beyond = "lt" if descending else "gt"
    if field == "pk":
        return queryset.filter(**{f"pk__{beyond}": key})
    return queryset.filter(
        Q(**{f"{field}__{beyond}e": value}) & (Q(**{f"{field}__{beyond}": value}) | Q(**{f"pk__{beyond}": key}))
    )


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}
