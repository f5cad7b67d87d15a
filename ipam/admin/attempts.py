"""A page of the admin that writes: one transaction, and if anything is refused, the same page with the reasons."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from ipam import errors
from ipam.domain.operations import operation


def refusals(request: HttpRequest) -> dict[str, errors.IpamError]:
    """What the domain has refused in this request, by the prefix of the form that asked for it; "" has none."""
    found: dict[str, errors.IpamError] = request.__dict__.setdefault("refusals", {})
    return found


def attempt(request: HttpRequest, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of a view whose writes all hold; if one is refused none does, and the page says why.

    The view runs again then, and its forms find their refusals, so it writes nothing. It is an operation: a
    deadlock, or losing a race for free space, makes it start again.
    """
    if request.method != "POST":
        return view()
    refused = refusals(request)

    @operation
    def run() -> HttpResponseBase:
        refused.clear()
        answer = view()
        errors.raise_all(list(refused.values()))
        return answer

    try:
        return run()
    except errors.IpamError as refusal:
        if refused:
            return view()
        messages.error(request, refusal.detail)  # no form asked for what was refused
        return HttpResponseRedirect(request.get_full_path())


def each(rows: Iterable[Any], do: Callable[[Any], Any]) -> None:
    """Do it to every row; what is refused of any of them is raised together, so that nothing of it is kept."""
    refused: list[errors.IpamError] = []
    for row in rows:
        try:
            do(row)
        except errors.Busy:
            raise
        except errors.IpamError as refusal:
            refused += refusal.errors
    errors.raise_all(refused)
