"""The description of the API: made once by each process, then the same bytes for everybody."""

import hashlib
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

_BASE = "/api/v1/"
# Where an answer names an object of the collection, beside the plain `id` of what was created.
_FIRST_OF_A_LIST = "$response.body#/results/0/"
_CREATED = {"ips": "$response.body#/ips/0/"}
_making = threading.Lock()


class DescriptionView(SpectacularAPIView):
    """Looks at nobody's token. What it says changes with the program alone, so whoever has it may ask for changes."""

    authentication_classes = ()

    def _get_schema_response(self, request: Request) -> Any:
        renderer = request.accepted_renderer
        with _making:  # the generator keeps what it is doing where all threads see it
            text, tag = _rendered(type(renderer))  # type: ignore[arg-type]
        response = HttpResponse(text, content_type=renderer.media_type)
        response.headers["ETag"] = tag
        response.headers["Cache-Control"] = "no-cache"  # keep it, and ask whether it is still true
        file_name = self._get_filename(request, None)  # type: ignore[no-untyped-call]
        response.headers["Content-Disposition"] = f'inline; filename="{file_name}"'
        return get_conditional_response(request, etag=tag, response=response)


@cache
def _rendered(renderer: type[Any]) -> tuple[bytes, str]:
    """The text and its tag."""
    text = renderer().render(_described(), renderer_context={})
    text = text.encode() if isinstance(text, str) else text
    return text, f'"{hashlib.sha256(text).hexdigest()[:32]}"'


@cache
def _described() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


def add_links(result: dict[str, Any], **context: object) -> dict[str, Any]:
    """Say what can be done with what was created or listed, so that tools can walk from one operation to the next."""
    for path, operations in result["paths"].items():
        collection = path.removeprefix(_BASE).removesuffix("/")
        if "{" in collection:  # what lies below another object needs the id of that too
            continue
        for verb, status, where in (
            ("post", "201", _CREATED.get(collection, "$response.body#/")),
            ("get", "200", _FIRST_OF_A_LIST),
        ):
            answer = operations.get(verb, {}).get("responses", {}).get(status)
            if answer and (links := dict(_links(result["paths"], collection, where))):
                answer["links"] = links
    return result


def _links(paths: dict[str, Any], collection: str, where: str) -> Iterator[tuple[str, Any]]:
    """To every operation on one object of the collection, and from addresses also on their allocation."""
    wanted = {collection: "id", **({"allocations": "allocation"} if collection == "ips" else {})}
    for path, operations in paths.items():
        for name, key in wanted.items():
            if path.startswith(f"{_BASE}{name}/{{id}}/"):
                for one in operations.values():
                    target = one["operationId"]
                    yield target, {"operationId": target, "parameters": {"id": f"{where}{key}"}}
