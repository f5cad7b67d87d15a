"""What a list is narrowed by is read from an index that is in the order of the list, on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import DateTimeField, UUIDField
from django.http import QueryDict

from ipam.api.urls import router
from ipam.domain.core import lookups
from ipam.domain.core.paging import page
from tests.bench import samples

pytestmark = pytest.mark.django_db
EXAMPLES: dict[type, str] = {UUIDField: "5e0c8ed5-1f6c-4b6b-9c55-0d3c2e8a3c11", DateTimeField: "2026-01-01T00:00:00Z"}
# Sorted when they are found.
FEW = {("clusters", "id"), ("ips", "ip"), ("ips", "allocation"), ("machines", "asn"), ("webhooks", "project")}
OF_A_PAGE = {("events", "object")}  # an object's page shows parts of events as well
OF_ONE = {("networks/(?P<network>[^/]+)/ranges", "use")}  # found by their network
BY_BOUNDS = {("prefixes", "length__gte"), ("prefixes", "length__lte")}  # no order behind a range
ON_POSTGRESQL = {("events", "kind"), ("events", "verb"), ("events", "door")}
LISTS = {
    name: views
    for name, views, _ in router.registry
    if getattr(views, "filterset_class", None) and name not in ("partitions", "findings")  # few rows
}


def columns() -> Iterator[tuple[str, str]]:
    """Each list with each filter that asks for the value of a column."""
    for name, views in LISTS.items():
        filters = views.filterset_class.base_filters.items()
        yield from ((name, word) for word, one in filters if not getattr(one, "_method", None))


def value_of(one: Any, model: Any) -> str:
    choices = one.extra.get("choices") or getattr(one.extra.get("one"), "choices", None)
    if choices:
        return str(choices[-1][0])
    column = model._meta.get_field(one.field_name)
    return EXAMPLES.get(type(getattr(column, "target_field", column)), "7")


def plan_of(queryset: Any, field: Any, *, descending: bool = False) -> str:
    """How the database reads the first page."""
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}", params, many, context)
        plans.append("\n".join(str(row[-1]) for row in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        page(queryset, field=field, descending=descending, limit=50)
    return plans[-1]


@pytest.mark.parametrize(("name", "word"), sorted(set(columns()) - FEW - OF_A_PAGE - OF_ONE - BY_BOUNDS))
def test_filter_is_the_beginning_of_an_index_in_the_order_of_the_list(
    name: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor == "sqlite" and (name, word) in ON_POSTGRESQL:
        pytest.skip("SQLite walks through what is newest")
    views = LISTS[name]
    model, filters = views.model, views.filterset_class
    monkeypatch.setattr(lookups, "keys_of", lambda model, texts: texts)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            # As if it had never been vacuumed: of a table that is known to be empty any index is good enough.
            unknown = "UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid = %s::regclass"
            cursor.execute(unknown, [model._meta.db_table])
    asked = QueryDict(f"{word}={value_of(filters.base_filters[word], model)}")
    order = getattr(views, "ordering", next(iter(views.ordering_fields)))
    field = views.ordering_fields[order.removeprefix("-")]
    narrowed = filters(asked, queryset=model._default_manager.all()).narrowed()
    plan = plan_of(narrowed, field, descending=order.startswith("-"))
    whole = [line for line in plan.splitlines() if line.startswith("SCAN") and "INDEX address_" not in line]
    assert ("Filter" in plan, whole, "FOR ORDER BY" in plan) == (False, [], False), plan


def test_bench_knows_what_each_filter_is_asked_for() -> None:
    for views in LISTS.values():
        for word in set(views.filterset_class.base_filters) - set(samples.ASKED):
            samples.values(views.model, views.filterset_class, word)
