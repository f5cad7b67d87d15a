"""`Idempotency-Key`: a write that is sent again is answered again, and done once."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth.models import User
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from ipam import errors
from ipam.api import preconditions
from ipam.api.errors import PROBLEM_TYPE, refusal_response
from ipam.domain.core import idempotency
from ipam.domain.core.operations import transacted, undone_together
from ipam.domain.notify import sealing
from ipam.models import ApiToken
from ipam.models.idempotent_responses import KEY_LENGTH

Status = int | Callable[[], int]
HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"


def key_of(request: Request) -> str | None:
    """The key that the caller has given to this request; Invalid if it is none."""
    key: str | None = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= KEY_LENGTH and key.isprintable()):
        raise errors.Invalid(
            f"An Idempotency-Key has 1 to {KEY_LENGTH} printable characters, such as a new UUID for each request.",
            field=HEADER,
        )
    return key


def code(status: Status) -> int:
    """The status of an answer; where it depends on what was done, once that is done."""
    return status() if callable(status) else status


def respond(request: Request, do: Callable[[], object], *, key: str | None, status: Status) -> Response:
    """The answer to a write: the body that `do` gives, or with a `key` the answer that was given first.

    All that `do` does is one transaction, so that it answers for what it has done even if others undo that at once;
    it may be called several times.
    """
    with undone_together():
        if key is None:
            body = transacted(do)()
            return preconditions.tagged(body, status=code(status))
        user = cast(User, request.user)  # writes are closed to everybody else
        kept, is_replay = idempotency.run_once(
            user, key, request=_digest(request), do=lambda: _kept(do(), status), refused=_refused
        )
    response = preconditions.tagged(_unsealed(json.loads(kept.body)), status=kept.status)
    if kept.status >= 400:
        response.content_type = PROBLEM_TYPE
    if is_replay:
        response[REPLAYED] = "true"
    return response


def _digest(request: Request) -> bytes:
    """What makes two requests the same: method, address, body (however spaced and ordered), limits of the token.

    A token that may see less than another of the same user is not told what that one was answered.
    """
    token = cast(ApiToken | None, request.auth)
    limits = [token.is_read_only, sorted(token.projects)] if token else [False, []]
    asked = [request.method, request.get_full_path(), request.data, limits]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).digest()


def _kept(body: object, status: Status) -> idempotency.Answer:
    return code(status), _text(body)


def _text(body: object) -> str:
    """The answer as it is kept: a secret in it is sealed."""
    if isinstance(body, dict) and "secret" in body:
        body = {**body, "secret": sealing.seal(body["secret"])}
    return json.dumps(body, cls=JSONEncoder)


def _unsealed(body: Any) -> Any:
    if isinstance(body, dict) and "secret" in body:
        return {**body, "secret": sealing.unseal(body["secret"])}
    return body


def _refused(refusal: errors.IpamError) -> idempotency.Answer:
    problem = refusal_response(refusal)
    return problem.status_code, _text(problem.data)
