"""A way in front of the framework for what controllers ask most: to take one address or a pair, to give one back.

It reads, asks and answers with the same parts as the views. Whatever is unusual (other headers, parameters, a body that
is not right, a caller who is not let in) goes the ordinary way, to the view that this stands in front of.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from rest_framework.exceptions import APIException, Throttled
from rest_framework.renderers import JSONRenderer
from rest_framework.settings import api_settings

from ipam import errors
from ipam.api import idempotency, preconditions
from ipam.api.authentication import source_of
from ipam.api.errors import problem_response
from ipam.api.inputs import Input
from ipam.api.parsers import StrictJSONParser
from ipam.domain.core.by_ids import Beside
from ipam.domain.people import tokens

_START = "/api/v1/"
_METHODS = ("POST", "DELETE")
_SCHEME = "Bearer "
_LONGEST = 4_096  # bytes of a body
_JSON = ("application/json", "application/json;charset=utf-8")
_PLAIN = (None, "*/*", "application/json")
_SPECIAL = frozenset(f"HTTP_{name.upper().replace('-', '_')}" for name in (idempotency.HEADER, preconditions.HEADER))


class Ask(NamedTuple):
    """What a request wants."""

    beside: Beside  # what is read together with its token
    do: Callable[[Sequence[Any]], object]  # with the row of that: one operation, and the body of its answer or None


Ways = Mapping[str, Callable[..., Ask | None]]


def marked(view: Any, ways: Ways) -> Any:
    """The view, with a short way for some of its actions: that says what to do, or None where the view has to look."""
    view.short_ways = {method.upper(): ways[action] for method, action in view.actions.items() if action in ways}
    return view


class ShortWay:
    """Middleware that goes the short way where there is one, before all that is there for browsers and pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in _METHODS and _is_usual(request):
            match = resolve(request.path_info)
            way = getattr(match.func, "short_ways", {}).get(request.method)
            if way and (ask := way(request, **match.kwargs)):
                request.resolver_match = match
                return _answer(request, ask) or self.get_response(request)
        return self.get_response(request)


def body_of(request: HttpRequest, shape: type[Input]) -> dict[str, Any] | None:
    """What a short body says in this shape; None where anything is wrong with it."""
    meta = request.META
    if meta.get("CONTENT_TYPE", "").replace(" ", "").lower() not in _JSON:
        return None
    try:
        if not 0 < int(meta.get("CONTENT_LENGTH") or 0) <= _LONGEST:
            return None
        return dict(_reader(shape).to_internal_value(StrictJSONParser().parse(BytesIO(request.body))))
    except (APIException, ValueError, errors.IpamError):
        return None


@cache
def _reader(shape: type[Input]) -> Input:
    return shape()


def _is_usual(request: HttpRequest) -> bool:
    meta = request.META
    return (
        request.path_info.startswith(_START)
        and meta.get("HTTP_AUTHORIZATION", "").startswith(_SCHEME)
        and meta.get("HTTP_ACCEPT") in _PLAIN
        and not meta.get("QUERY_STRING")
        and _SPECIAL.isdisjoint(meta)
    )


def _let_in(request: HttpRequest, ask: Ask) -> Sequence[Any] | None:
    """The row beside the token, where that is good and within its limits; from now on its owner asks."""
    text = request.META["HTTP_AUTHORIZATION"].removeprefix(_SCHEME)
    try:
        token, row = tokens.authenticate_with(text, source_of(request), ask.beside)
    except errors.NotAuthenticated:
        return None
    request.user, request.auth = token.user, token  # type: ignore[attr-defined]
    limits: Any = api_settings.DEFAULT_THROTTLE_CLASSES
    for limit in (kind() for kind in limits):
        if not limit.allow_request(request, None):
            raise Throttled(limit.wait())
    return row


def _answer(request: HttpRequest, ask: Ask) -> HttpResponse | None:
    """What was done or is in its way; None for who is not let in."""
    try:
        if (row := _let_in(request, ask)) is None:
            return None
        body = ask.do(row)
    except Exception as error:
        problem: Any = problem_response(error, {})
        if problem is None:
            raise
        problem.accepted_renderer, problem.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        problem.renderer_context = {}
        refused: HttpResponse = problem.render()
        return refused
    if body is None:
        done = HttpResponse(status=204)
        del done["Content-Type"]
        return done
    return HttpResponse(JSONRenderer().render(body), status=201, content_type="application/json")
