"""A table whose order and place are in the URL: `?sort=name` or `?sort=-name`, and an opaque `?cursor=`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery
from django.http import HttpRequest

from ipam.domain.core import paging
from webui.meters import humanize


@dataclass(frozen=True)
class Listing:
    """A page of rows, and the column that orders it."""

    page: paging.Page
    order: str
    descending: bool

    @property
    def rows(self) -> list[Any]:
        return self.page.rows

    @property
    def sort(self) -> str:
        """As it stands in the URL."""
        return f"-{self.order}" if self.descending else self.order


MAX_COUNTED = 50_000  # rows that match; beyond, a list says that there are more

Columns = Mapping[str, str | Callable[..., Any]]


def listing(
    request: HttpRequest, rows: QuerySet[Any], columns: Columns, *, limit: int = paging.DEFAULT_LIMIT
) -> Listing:
    """The page of `rows`, at most `limit`, that the URL asks for. `columns` names what may order it, the default first:
    a column, or what makes an expression once it knows whether it is `descending`.

    An order that is not offered is the default: a link that went stale still shows the list.
    """
    asked = request.GET.get("sort", "")
    order = asked.removeprefix("-")
    if order not in columns:
        order, asked = next(iter(columns)), ""
    descending, field = asked.startswith("-"), columns[order]
    page = paging.page(
        rows,
        field=field if isinstance(field, str) else field(descending=descending),
        descending=descending,
        limit=limit,
        cursor=request.GET.get("cursor", ""),
    )
    return Listing(page, order, descending)


def count(rows: QuerySet[Any]) -> int:
    """How many rows match; more than `MAX_COUNTED` are not counted to the end. One statement."""
    return rows.order_by()[: MAX_COUNTED + 1].count()


class CountOf(Subquery):
    """The same of rows that belong to each row of another query, as one of its columns."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by()[: MAX_COUNTED + 1])


def is_counted(number: int) -> bool:
    """Whether such a count is of all."""
    return number <= MAX_COUNTED


def shown_count(number: int) -> str:
    """What a page says of it."""
    return humanize(number) if is_counted(number) else f"{MAX_COUNTED:,}+"
