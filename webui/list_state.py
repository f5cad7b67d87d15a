"""How a list is shown: which columns, how dense, and as which of the views that somebody has saved.

All of it is in the URL, so a link shows the same. Columns and density are also kept by a cookie, for the next time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from types import MappingProxyType
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from ipam.domain.people import saved_views
from ipam.models import SavedView
from webui.pages import signed_in

LOOKS = ("columns", "density")
_PLACES = ("cursor", "open", "keep")  # where one is in a list, and no view of it
_DENSITIES = ("compact", "roomy")
_NONE = "none"  # says that no column is chosen, for browsers send nothing then
_KEPT_FOR = timedelta(days=365)


@dataclass(frozen=True)
class ListState:
    """A list as its URL has it: `query` is what a saved view keeps, `rest` that without order and looks."""

    owner: User
    page: str
    query: str
    rest: list[tuple[str, str]]
    columns: Mapping[str, str]  # those that may be chosen, with their heads
    orders: Mapping[str, str]  # those that are offered in words, for where a table has no heads
    shown: Collection[str]
    density: str

    @cached_property
    def views(self) -> list[SavedView]:
        return saved_views.of_page(self.owner, self.page)

    @property
    def is_roomy(self) -> bool:
        return self.density == "roomy"

    @property
    def classes(self) -> str:
        """For the style sheets: how dense it is, and which columns it lacks."""
        return " ".join([f"is-{self.density}", *(f"no-{name}" for name in self.columns if name not in self.shown)])


def of_request(
    request: HttpRequest,
    page: str,
    columns: Mapping[str, str] = MappingProxyType({}),
    orders: Mapping[str, str] = MappingProxyType({}),
    *,
    hidden: Collection[str] = (),
) -> ListState:
    """The state of a list whose `columns` may be chosen, all but `hidden` shown at first; views cost a statement."""
    asked = _columns(request.GET) or request.COOKIES.get(f"columns-{page}", "")
    shown = {name for name in columns if name in asked.split(",")} if asked else {*columns} - {*hidden}
    density = request.GET.get("density", "") or request.COOKIES.get("density", "")
    return ListState(
        owner=signed_in(request),
        page=page,
        query=query_of(request.GET),
        rest=[(name, value) for name, value in _said(request.GET) if name not in (*LOOKS, "sort")],
        columns=columns,
        orders=orders,
        shown=shown,
        density=density if density in _DENSITIES else _DENSITIES[0],
    )


def kept(request: HttpRequest, page: str) -> HttpResponse | None:
    """The answer to who has just chosen columns and density: the same list, and both kept; None to all others."""
    if "keep" not in request.GET:
        return None
    answer = redirect(f"{request.path}?{query_of(request.GET)}")
    for name, value in ((f"columns-{page}", _columns(request.GET)), ("density", request.GET.get("density", ""))):
        if value:
            answer.set_cookie(
                name, value[:200], max_age=_KEPT_FOR, secure=request.is_secure(), httponly=True, samesite="Lax"
            )
    return answer


def query_of(parameters: QueryDict) -> str:
    """What a list is narrowed and ordered by and looks like, always in the same order; not where in it one is."""
    return urlencode(_said(parameters))


def _said(parameters: QueryDict) -> list[tuple[str, str]]:
    """Each parameter that says something, columns in one."""
    values = [(name, value) for name, all_of_it in parameters.lists() for value in all_of_it if value.strip()]
    said = [(name, value) for name, value in values if name not in (*_PLACES, "columns")]
    columns = _columns(parameters)
    return sorted([*said, ("columns", columns)] if columns else said)


def _columns(parameters: QueryDict) -> str:
    """The columns that are asked for, with commas; empty where nothing is said of them."""
    names = [name for text in parameters.getlist("columns") for name in text.split(",") if name]
    return ",".join([name for name in names if name != _NONE] or names[:1])
