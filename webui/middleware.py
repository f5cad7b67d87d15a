"""A refusal of the domain that no view has caught, as a page for people."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ipam import errors
from ipam.api.errors import STATUS


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
