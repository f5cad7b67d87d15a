"""`{"next", "previous", "results"}`, with `?limit=`, `?ordering=`, an opaque `?cursor=`, and `?count=true`."""

from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from ipam import errors
from ipam.domain.core.paging import DEFAULT_LIMIT, HIGHEST_LIMIT, page, page_of_list
from ipam.values import is_number

Schema = dict[str, Any]


class KeysetPagination(BasePagination):
    """Pages of `ipam.domain.core.paging`.

    A view names its sortable columns in `ordering_fields`. The default is its `ordering`, or else the first of them.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        self.count = _count(queryset) if _is_counted(request) else None
        field, descending = _ordering(request, view)
        at: Any = {"limit": _limit(request), "cursor": request.query_params.get("cursor", ""), "descending": descending}
        self.page = page_of_list(queryset, **at) if isinstance(queryset, list) else page(queryset, field=field, **at)
        return self.page.rows

    def get_paginated_response(self, data: object) -> Response:
        counted = {} if self.count is None else {"count": self.count}
        around = {"next": self._url(self.page.next), "previous": self._url(self.page.previous)}
        return Response({**around, **counted, "results": data})

    def get_paginated_response_schema(self, schema: Schema) -> Schema:
        url = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": url, "previous": url, "count": {"type": "integer"}, "results": schema},
        }

    def get_schema_operation_parameters(self, view: object) -> list[Schema]:
        fields = list(getattr(view, "ordering_fields", ["id"]))
        return [
            _parameter("limit", {"type": "integer", "minimum": 1, "maximum": HIGHEST_LIMIT, "default": DEFAULT_LIMIT}),
            _parameter("cursor", {"type": "string"}),
            _parameter("count", {"type": "boolean", "default": False}),
            _parameter("ordering", {"type": "string", "enum": [*fields, *(f"-{field}" for field in fields)]}),
        ]

    def _url(self, cursor: str | None) -> str | None:
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)) if cursor else None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (is_number(text) and 1 <= int(text) <= HIGHEST_LIMIT):
        raise errors.Invalid(f"limit is a number from 1 to {HIGHEST_LIMIT}.", field="limit")
    return int(text)


def _count(rows: Any) -> int:
    return len(rows) if isinstance(rows, list) else int(rows.order_by().count())


def _is_counted(request: Request) -> bool:
    """Whether `?count=true`: only who asks for it waits for all rows to be counted."""
    asked = request.query_params.get("count", "false")
    if asked not in ("true", "false"):
        raise errors.Invalid("count is true or false.", field="count")
    return asked == "true"


def _ordering(request: Request, view: object) -> tuple[Any, bool]:
    columns: dict[str, Any] = getattr(view, "ordering_fields", {"id": "pk"})
    asked = request.query_params.get("ordering", getattr(view, "ordering", next(iter(columns))))
    name = asked.removeprefix("-")
    if name not in columns:
        raise errors.Invalid(f"Cannot order by “{name[:60]}”; choose one of {', '.join(columns)}.", field="ordering")
    return columns[name], asked.startswith("-")


def _parameter(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema}
