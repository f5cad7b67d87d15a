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

    A view names its sortable columns, or what makes an expression, in `ordering_fields`. The default is its `ordering`,
    or else the first of them.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.request = request
        self.count = _count(queryset) if _is_counted(request) else None
        field, descending = _ordering(request, view)
        cursor = request.query_params.get("cursor", "")
        at: Any = {"limit": limit_of(request), "cursor": cursor, "descending": descending}
        found = page_of_list(queryset, **at) if isinstance(queryset, list) else page(queryset, field=field, **at)
        self.next, self.previous = found.next, found.previous
        return found.rows

    def get_paginated_response(self, data: object) -> Response:
        counted = {} if self.count is None else {"count": self.count}
        around = {"next": self._url(self.next), "previous": self._url(self.previous)}
        response = Response({**around, **counted, "results": data})
        response.add_post_render_callback(forget)
        return response

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
            parameter("limit", {"type": "integer", "minimum": 1, "maximum": HIGHEST_LIMIT, "default": DEFAULT_LIMIT}),
            parameter("cursor", {"type": "string"}),
            parameter("count", {"type": "boolean", "default": False}),
            parameter("ordering", {"type": "string", "enum": [*fields, *(f"-{field}" for field in fields)]}),
        ]

    def _url(self, cursor: str | None) -> str | None:
        return str(replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)) if cursor else None


def forget(response: Response) -> None:
    """View, request and response hold each other, and so would all rows until the garbage collector comes."""
    response.data = None


def limit_of(request: Request) -> int:
    """How many rows a page has at most; Invalid unless it is a number from 1 to 1,000."""
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
    column = columns[name]
    return column() if callable(column) else column, asked.startswith("-")


def parameter(name: str, schema: Schema) -> Schema:
    """A parameter of an address as OpenAPI describes it."""
    return {"name": name, "in": "query", "required": False, "schema": schema}
