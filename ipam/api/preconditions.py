"""`ETag` and `If-Match` (RFC 9110): nobody overwrites a change that they have not seen.

The tag of an object is its generation. That moves with each change of the object itself, not with what follows from
others: a network can be renamed while addresses are taken from it, though its consumption has changed meanwhile. So a
tag does not say that an answer is still current as a whole, and `If-None-Match` is not looked at.
"""

import re

from django.utils.http import parse_etags
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import errors

HEADER = "If-Match"
_TAG = re.compile(r'"([1-9][0-9]{0,17})"')


def tagged(body: object, *, status: int = 200) -> Response:
    """An answer, with the `ETag` of the one object that it is, if it is one."""
    generation = body.get("generation") if isinstance(body, dict) else None
    return Response(body, status=status, headers=generation and {"ETag": f'"{generation}"'})


def seen(request: Request) -> set[int] | None:
    """The generations in which a write may find its object; None when any will do.

    Invalid for what is no list of tags. Weak tags, and tags that are not ours, match nothing.
    """
    given = request.headers.get(HEADER)
    if given is None or request.method in SAFE_METHODS:
        return None
    tags = parse_etags(given)
    if not tags:
        raise errors.Invalid('If-Match is an ETag in its quotes, such as "3", several of them, or *.', field=HEADER)
    return None if "*" in tags else {int(found[1]) for tag in tags if (found := _TAG.fullmatch(tag))}


def refuse_tags(request: Request) -> None:
    """Refuse a condition on what has no tag: one that nobody looks at must not be taken for kept."""
    if seen(request) is not None:
        raise errors.Stale("What this names has no ETag. Nothing was changed; leave If-Match out.", field=HEADER)
