"""A page of the admin that writes: one transaction, and if anything is refused, the same page with the reasons."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from ipam import errors
from ipam.domain.core.operations import transacted

R = TypeVar("R")


def refusals(request: HttpRequest) -> dict[str, list[errors.IpamError]]:
    """What the domain has refused in this request, by the prefix of the form that asked for it; "" has none."""
    found: dict[str, list[errors.IpamError]] = request.__dict__.setdefault("refusals", {})
    return found


def attempt(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of a view whose writes all hold; if one is refused none does, and the page says why.

    The view runs again then, and its forms find their refusals, so it writes nothing. A deadlock, or
    losing a race for free space, makes it start again.
    """
    if request.method != "POST":
        return view()
    refused = refusals(request)

    @transacted
    def run() -> HttpResponse:
        refused.clear()
        answer = view()
        errors.raise_all([error for found in refused.values() for error in found])
        return answer

    try:
        return run()
    except errors.IpamError as refusal:
        if refused:
            return view()
        messages.error(request, refusal.detail)  # no form asked for what was refused
        return HttpResponseRedirect(request.get_full_path())


@contextmanager
def collecting(refused: list[errors.IpamError]) -> Iterator[None]:
    """Collect what is refused inside. Losing a race is no refusal: it makes the whole page start again."""
    try:
        yield
    except errors.Busy:
        raise
    except errors.IpamError as refusal:
        refused += refusal.errors


@contextmanager
def noting(request: HttpRequest, prefix: str | None = None) -> Iterator[None]:
    """Note what is refused inside for the form with this prefix; of several forms, the others have their say too."""
    refused: list[errors.IpamError] = []
    with collecting(refused):
        yield
    if refused:
        refusals(request)[prefix or ""] = refused
    if not prefix:
        errors.raise_all(refused)


def each(rows: Iterable[R], do: Callable[[R], object]) -> None:
    """Do it to every row; what is refused of any of them is raised together, so that nothing of it is kept."""
    refused: list[errors.IpamError] = []
    for row in rows:
        with collecting(refused):
            do(row)
    errors.raise_all(refused)
