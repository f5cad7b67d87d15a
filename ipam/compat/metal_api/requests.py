"""What all calls share: who asks, what a body says, and refusals in the shape that metal-stack's clients read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ipam import errors
from ipam.api.authentication import TokenAuthentication
from ipam.api.errors import problem_response
from ipam.compat.metal_api.signing import HmacAuthentication
from ipam.domain.core import access
from ipam.domain.core.permissions import Permission

Body = dict[str, Any]
# metal-api's roles: Admin changes what there is, Edit takes and gives back. PUT, POST and DELETE of a noun are Admin's.
ADMIN = {"PUT": Permission.OPERATE, "POST": Permission.MANAGE, "DELETE": Permission.MANAGE}
EDIT = dict.fromkeys(("POST", "DELETE"), Permission.ALLOCATE)

# What is wrong with the request itself; refusals by a rule are 422 here, also those that are 409 at our own API.
_MALFORMED = {"invalid", "required", "invalid_cidr", "prefix_not_canonical", "ip_and_address_family",
              "missing_default_child_prefix_length"}  # fmt: skip
_TAKEN = {"already_exists", "already_allocated", "vrf_in_use"}
# 401, 403, 404, 412, 413, 429 and what is about the server are the same at both doors.
_LIKE_OURS = {401, 403, 404, 405, 406, 412, 413, 415, 429}


class Refused(errors.Invalid):
    """A request that metal-api refuses as malformed where the domain has another word, or none."""


class NeverChanges(errors.IpamError):
    """What a client may send back as it is, and not otherwise; what this call is not for."""

    code, title = "never_changes", "It never changes"


class NotJoined(errors.IpamError):
    """Two addresses that cannot be one allocation."""

    code, title = "not_joined", "They are no pair"


class MetalView(APIView):
    """A call of metal-api v1. Switched off, nothing is here."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (HmacAuthentication, TokenAuthentication)
    schema = None
    needs: Mapping[str, Permission] = {}  # by method, what the caller has to be permitted somewhere

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        if not settings.METAL_API:
            raise NotFound("metal-api is not served here. The setting METAL_API=true opens it.")
        super().initial(request, *args, **kwargs)
        if needed := self.needs.get(str(request.method)):
            access.require_anywhere(needed)

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return refuse

    def body(self) -> Body:
        """What the request says; null is absent, and what nobody asks for is left aside."""
        found = self.request.data
        if not isinstance(found, dict):
            raise Refused("The body is a JSON object.")
        return dict(_without_null(found))


def _without_null(found: Any) -> Any:
    if isinstance(found, dict):
        return {name: _without_null(value) for name, value in found.items() if value is not None}
    return [_without_null(one) for one in found if one is not None] if isinstance(found, list) else found


class UnknownView(MetalView):
    """Every path that is not served here, machines above all."""

    authentication_classes = ()
    permission_classes = ()

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        raise NotFound("This path is not served here: Twofold speaks for networks, addresses, partitions and projects.")


def refuse(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to a refused request: `{"statuscode", "message"}`; None for a mistake of ours."""
    problem = problem_response(error, context)
    if problem is None:
        return None
    status = _status(problem.status_code, problem.data["code"])
    headers = {name: problem[name] for name in ("Retry-After", "WWW-Authenticate") if problem.has_header(name)}
    return Response({"statuscode": status, "message": problem.data["detail"]}, status=status, headers=headers)


def _status(status: int, code: str) -> int:
    """As metal-api has it: 409 only where the id, the named address or the VNI is taken."""
    if status in _LIKE_OURS or status >= 500:
        return status
    if code in _TAKEN:
        return 409
    return 400 if code in _MALFORMED else 422
