"""The list of events, read on from where a client has come to: `?after=`, and `?wait=` until there is something."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ipam import errors
from ipam.api import pagination, parameters
from ipam.api.pagination import KeysetPagination, Schema
from ipam.domain.notify import feed, waiting
from ipam.models.feed import Position

MAX_WAIT = 30  # seconds
FOLLOWING = {"after", "wait", "limit"}
_POINTS = {"now": feed.now, "start": feed.start}


def paging(request: Request) -> set[str]:
    """What this request may say beside filters: it reads on from a place, or leafs through a list."""
    return FOLLOWING if "after" in request.query_params else parameters.PAGING


class EventPagination(KeysetPagination):
    """Pages of a list, or with `?after=` `{"results", "cursor", "more"}`, oldest first, each event once."""

    page: feed.Page | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        if "after" not in request.query_params:
            return super().paginate_queryset(queryset, request, view)
        seconds = parameters.number(request, "wait", 0)
        if seconds > MAX_WAIT:
            raise errors.Invalid(f"wait is a number of seconds from 0 to {MAX_WAIT}.", field="wait")
        after, limit = _place(request.query_params["after"]), pagination.limit_of(request)
        self.page = waiting.read(after, limit=limit, events=queryset, seconds=seconds)
        return self.page.events

    def get_paginated_response(self, data: object) -> Response:
        if self.page is None:
            return super().get_paginated_response(data)
        response = Response({"results": data, "cursor": feed.cursor_of(self.page.next), "more": self.page.more})
        response.add_post_render_callback(pagination.forget)
        return response

    def get_paginated_response_schema(self, schema: Schema) -> Schema:
        followed = {
            "type": "object",
            "required": ["results", "cursor", "more"],
            "properties": {"results": schema, "cursor": {"type": "string"}, "more": {"type": "boolean"}},
        }
        return {"oneOf": [super().get_paginated_response_schema(schema), followed]}

    def get_schema_operation_parameters(self, view: object) -> list[Schema]:
        wait = {"type": "integer", "minimum": 0, "maximum": MAX_WAIT, "default": 0}
        return [
            *super().get_schema_operation_parameters(view),
            {
                **pagination.parameter("after", {"type": "string"}),
                "description": "`now`, `start`, or the `cursor` of an answer before: oldest first, each event once, "
                "none late. Not with `ordering`, `cursor`, `count`.",
            },
            {
                **pagination.parameter("wait", wait),
                "description": "With `after`: seconds until an answer without events.",
            },
        ]


def _place(text: str) -> Position:
    return _POINTS[text]() if text in _POINTS else feed.position_at(text)
