"""The only table from an error to HTTP: problem details of RFC 9457, never longer than 64 kB."""

import json
import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ipam import errors
from ipam.addressing import shorten
from ipam.api.shapes import moment
from ipam.domain.core import outages

PROBLEM_TYPE = "application/problem+json"
_LONGEST_SENTENCE, _LONGEST_DETAIL, _LONGEST_FIELD = 2_000, 8_000, 300  # characters
_LONGEST_LIST = 40_000  # bytes of all that is told one by one

# 400 where a code is not named here: the request itself breaks a rule.
STATUS = {
    "permission_denied": 403,
    "not_found": 404,
    "cursor_expired": 410,
    "stale": 412,
    "too_large": 413,
    "idempotency_key_reused": 422,
    "busy": 503,
    "timed_out": 503,
    "unavailable": 503,
    "storage_full": 507,
    **dict.fromkeys(
        [
            "overlap",
            "already_exists",
            "already_allocated",
            "exhausted",
            "in_range",
            "cooling",
            "quota_exceeded",
            "vrf_exhausted",
            "asn_exhausted",
            "vrf_in_use",
            "has_children",
            "has_ips",
            "has_machines",
            "has_ranges",
            "no_sibling",
            "in_use",
            "managed_elsewhere",
            "one_super_per_partition",
            "one_shared_child_per_project",
            "node_network_taken",
            "wrong_state",
            "cluster_frozen",
            "migration_not_ready",
            "undo_expired",
            "already_undone",
            "not_undoable",
            "changed_since",
        ],
        409,
    ),
}
# Serializers say “this field”, for they do not know what it is called in the request.
_THIS = re.compile(r"^(Ensure )?this(?: field| value| list)?\b", re.IGNORECASE)
_ADVICE = {"required": " Add it.", "null": " Give it a value.", "blank": " Give it a value."}
_RETRY_AFTER = {"busy": "1", "unavailable": "5"}  # seconds
_CODES = {401: "not_authenticated", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed",
          406: "not_acceptable", 415: "unsupported_media_type", 429: "throttled"}  # fmt: skip
_TITLES = {405: "Not this method", 415: "Not this kind of body"}  # where the framework has a form to fill in


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to a refused request; None for a programming error, which Django turns into a 500."""
    set_rollback()
    if isinstance(error, RequestDataTooBig):
        error = errors.TooLarge("The body is larger than one request may be. Send it in parts.")
    error = outages.explain(error) or error
    if isinstance(error, errors.IpamError):
        return refusal_response(error)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.ValidationError):
        found = list(_flatten(error.get_full_details()))
        first = found[0]
        return _problem(STATUS.get(first.code, 400), first.code, first.title, errors.Several(found).detail, found)
    if isinstance(error, exceptions.APIException):
        code = _CODES.get(error.status_code, "invalid")
        title = _TITLES.get(error.status_code) or str(error.default_detail)
        return _problem(error.status_code, code, title, str(error.detail), (), _headers(error))
    return None


def refusal_response(error: errors.IpamError) -> Response:
    """The answer to what the domain refuses."""
    headers = {"Retry-After": seconds} if (seconds := _RETRY_AFTER.get(error.code)) else None
    # The same code, but what stands in the way is there already.
    status = 409 if isinstance(error.errors[0], errors.WouldBeReserved) else STATUS.get(error.code, 400)
    answer = _problem(status, error.code, error.title, error.detail, error.errors, headers)
    if isinstance(error, errors.QuotaExceeded):
        answer.data["quota"] = error.quota
    if until := next((one.until for one in error.errors if isinstance(one, errors.Cooling)), None):
        answer.data["until"] = moment(until)
    return answer


def _headers(error: exceptions.APIException) -> dict[str, str]:
    """What the answer says beside its body: how to authenticate, or when to come back."""
    if (wait := getattr(error, "wait", None)) is not None:
        return {"Retry-After": str(wait)}
    return {"WWW-Authenticate": header} if (header := getattr(error, "auth_header", None)) else {}


def _problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    each: Sequence[errors.IpamError],
    headers: dict[str, str] | None = None,
) -> Response:
    told = _told(each)
    detail = _cut(detail, _LONGEST_DETAIL)
    if more := len(each) - len(told):
        detail = f"{_cut(_joined(told), _LONGEST_DETAIL)} And {more:,} more problems."
    body = {
        "type": f"urn:twofold:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": told,
    }
    return Response(body, status=status, headers=headers, content_type=PROBLEM_TYPE)


def _told(each: Sequence[errors.IpamError]) -> list[dict[str, str]]:
    """As many of them as one answer has room for."""
    told = [
        {
            "field": shorten(one.field, _LONGEST_FIELD),
            "code": one.code,
            "detail": _cut(one.detail, _LONGEST_SENTENCE),
            **({"nearest": one.nearest} if one.nearest else {}),
        }
        for one in each[: errors.MAX_TOLD]
    ]
    while len(json.dumps(told, ensure_ascii=False).encode()) > _LONGEST_LIST:
        told = told[: len(told) // 2]
    return told


def _joined(told: list[dict[str, str]]) -> str:
    return " ".join(dict.fromkeys(one["detail"] for one in told))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _flatten(details: Any, path: str = "") -> Any:
    """Serializer errors, nested as the request is, as one error per field in the words of `ipam.errors`."""
    if isinstance(details, dict) and set(details) == {"message", "code"} and isinstance(details["message"], str):
        yield _as_error(path, details)
    elif isinstance(details, dict):
        for key, value in details.items():
            field = path if key == "non_field_errors" else f"{path}.{key}" if path else str(key)
            yield from _flatten(value, field)
    else:
        for number, value in enumerate(details):
            nested = isinstance(value, dict) and "message" not in value
            yield from _flatten(value, f"{path}.{number}" if nested else path)


def _as_error(field: str, detail: dict[str, str]) -> errors.IpamError:
    known = {cls.code: cls for cls in errors.IpamError.__subclasses__() if cls is not errors.Several}
    sentence = _THIS.sub(lambda found: f"{found[1] or ''}{shorten(field)}", detail["message"]) if field else ""
    advice = _ADVICE.get(detail["code"], "")
    return known.get(detail["code"], errors.Invalid)((sentence or detail["message"]) + advice, field=field)
