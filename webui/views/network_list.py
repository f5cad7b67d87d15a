"""Networks as a list: a tree of what opens, or all that match, both families of each."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.insight import forecasts, series
from ipam.domain.space import fullness
from ipam.filters import NetworkFilters
from ipam.models import Network
from ipam.models.networks import SUPER_TYPES, NetworkType
from ipam.natural import Natural
from webui import choices, list_state, network_rows
from webui.listing import Listing, listing
from webui.network_rows import NetworkRow, Totals
from webui.pages import asked, render_page_or_part

FILTERS = ("q", "type", "partition", "project", "vrf", "address_family")
# Those that open come first: what is below them is only seen then.
_TREE = Case(When(type__in=SUPER_TYPES, then=Value(0)), default=Value(1), output_field=IntegerField())
_SUMMED: dict[str, Callable[..., Any]] = {
    "fullness": fullness.fullness,
    **{f"taken-{family.key}": partial(fullness.fullness, family) for family in Family},
    **{f"left-{family.key}": partial(fullness.left, family) for family in Family},
}
COLUMNS: dict[str, str | Callable[..., Any]] = {
    "tree": lambda descending=False: _TREE,
    "id": "pk",
    "name": "name",
    "type": "type",
    "soonest": forecasts.first_full,
    **_SUMMED,
    **{f"soonest-{family.key}": partial(forecasts.first_full, family) for family in Family},
}
ORDERS = {
    **{"tree": "super networks first", "name": "name", "-fullness": "fullest", "soonest": "soonest full"},
    **{f"-taken-{family.key}": f"fullest of {family.label}" for family in Family},
    **{f"left-{family.key}": f"least {family.label} left" for family in Family},
    **{f"soonest-{family.key}": f"{family.label} soonest full" for family in Family},
}
# Rows of a page, and children below one of them: with those a page is not longer than 100 kB.
MAX_COMPACT, MAX_ROOMY, MAX_OPENED = 40, 32, 12
# Columns that one may do without.
CHOSEN = {"taken": "Taken", "left": "Left", "days": "90 days, of roomy rows", "due": "Full in"}


@login_required
def tree(request: HttpRequest) -> HttpResponse:
    """Super networks with their children below them, and all others; filters make it a flat list."""
    if kept := list_state.kept(request, "networks"):
        return kept
    chosen = {name: request.GET.get(name, "").strip() for name in FILTERS}
    visible = access.visible(Network.objects.all())
    shown = visible.counting_children(visible).select_related("project", "partition")
    filters = NetworkFilters(request.GET, queryset=series.with_days(shown))
    wanted = filters.qs if filters.is_valid() else Network.objects.none()
    is_tree = not any(chosen.values())
    wanted = wanted.filter(parent=None) if is_tree else wanted
    state = list_state.of_request(request, "networks", CHOSEN, ORDERS)
    found, sums = _ordered(request, wanted, MAX_ROOMY if state.is_roomy else MAX_COMPACT)
    opened = asked(request, "open")
    rows = network_rows.rows_of([*found.rows, *(_children(visible, opened) if opened else [])], *sums)
    context = {
        "section": "networks",
        "chosen": choices.shown(chosen),
        "filters": filters,
        "listing": found,
        "state": state,
        "rows": rows[: len(found.rows)],
        # To order by sums costs the statement that totals beside children would.
        "totals": [] if opened and found.order in _SUMMED else _totals(found, rows, wanted, is_tree=is_tree),
        "opened": opened,
        "opened_children": rows[len(found.rows) :],
        "types": _types(visible),
        "families": list(Family),
    }
    return render_page_or_part(request, "networks/tree.html", context, part="table")


def _ordered(request: HttpRequest, wanted: QuerySet[Network], limit: int) -> tuple[Listing, fullness.Sums]:
    """The page of so many rows, and the sums that it is ordered by, if it is: to be shown, not read again."""
    by_sum = request.GET.get("sort", "").removeprefix("-") in _SUMMED
    sums = fullness.sums() if by_sum else fullness.Sums()
    columns = {**COLUMNS, **{key: partial(by, known=sums) for key, by in _SUMMED.items()}}
    return listing(request, wanted, columns, limit=limit), sums


def _children(visible: QuerySet[Network], parent: str) -> QuerySet[Network]:
    children = visible.filter(parent=parent).select_related("project", "partition")
    return series.with_days(children.order_by(Natural("name"), "id"))[:MAX_OPENED]


def _totals(found: Listing, rows: Sequence[NetworkRow], wanted: QuerySet[Network], *, is_tree: bool) -> list[Totals]:
    """What all that match have together: exactly if they are on this page, else as of the last survey."""
    if not (found.page.next or found.page.previous):
        return network_rows.totals(rows[: len(found.rows)])
    return network_rows.totals_kept(wanted if is_tree else wanted.exclude(parent__in=wanted.order_by().values("pk")))


def _types(visible: QuerySet[Network]) -> list[tuple[str, str, int]]:
    """The types that there are, with how many networks are of each."""
    counted = dict(visible.order_by().values_list("type").annotate(number=Count("pk")))
    return [(value, label, counted[value]) for value, label in NetworkType.choices if value in counted]
