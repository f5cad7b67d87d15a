"""What stands around every request: who acts, and the page of a refusal that no view has caught."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ipam import errors
from ipam.api.errors import STATUS
from ipam.domain import access, history
from ipam.models.events import REQUEST_ID_LENGTH, Door

_DOORS = {"/api/": Door.API, "/admin/": Door.ADMIN}
_REQUEST_ID = re.compile(rf"[A-Za-z0-9._:-]{{1,{REQUEST_ID_LENGTH}}}")


class Acting:
    """Tells the domain who acts, which limits what is seen and done, and the history also the door and the request.

    The answer carries the request's id; a proxy may name it by `X-Request-ID`, but what is not plain and short is
    replaced. The API learns who calls late, so both are told how to find out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        door = next((door for start, door in _DOORS.items() if request.path_info.startswith(start)), Door.DASHBOARD)
        with (
            history.acting(door=door, actor=lambda: request.user.get_username(), request_id=request_id),
            access.acting_for(lambda: access.of_user(request.user, getattr(request, "auth", None))),
        ):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response


class RefusalPages:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page that says what was refused and why; None leaves other exceptions to Django."""
        if not isinstance(error, errors.IpamError):
            return None
        status = STATUS.get(error.code, 400)
        return render(request, "problem.html", {"problem": error, "status": status}, status=status)
