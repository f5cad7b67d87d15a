"""Names order as people order them, alike in Python and in both databases, by an index and page by page."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ipam.domain.core import paging
from ipam.domain.networks import projects
from ipam.models import IPAddress, Machine, Network, Partition, Project
from ipam.natural import Natural, natural


@pytest.mark.parametrize(
    "ordered",
    [
        ["", "node", "node-2", "node-10", "node-10a"],
        ["a1b2", "a1b10", "a2b1", "a10b1"],
        ["007", "7", "8", "10", "x"],
        ["rack-9999999999999998", "rack-9999999999999999"],
    ],
)
def test_numbers_in_names_are_compared_as_numbers(ordered: list[str]) -> None:
    assert sorted(ordered, key=lambda name: (natural(name), name)) == ordered


@given(st.lists(st.text("0129 a-Zé", max_size=40), max_size=8))
@pytest.mark.django_db
def test_database_and_python_order_alike(names: list[str]) -> None:
    Partition.objects.all().delete()
    Partition.objects.bulk_create(Partition(id=f"p{n}", name=name) for n, name in enumerate(names))
    rows = Partition.objects.annotate(place=Natural("name")).order_by("place", "name")
    assert list(rows.values_list("name", "place")) == sorted(
        ((name, natural(name)) for name in names), key=lambda row: (row[1], row[0])
    )


@pytest.mark.django_db
def test_longest_name_of_numbers_alone_fits_into_the_index() -> None:
    made = projects.create(name="1x" * 127)
    assert list(Project.objects.annotate(place=Natural("name")).filter(place=natural(made.name))) == [made]


@pytest.mark.django_db
@pytest.mark.parametrize("descending", [False, True])
def test_pages_follow_the_order(descending: bool) -> None:
    for number in (10, 2, 1, 33, 2):
        projects.create(name=f"node-{number}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = paging.page(Project.objects.all(), field="name", descending=descending, limit=2, cursor=cursor)
        seen += [row.name for row in page.rows]
        cursor = page.next
    ordered = ["node-1", "node-2", "node-2", "node-10", "node-33"]
    assert seen == (ordered[::-1] if descending else ordered)


@pytest.mark.django_db
@pytest.mark.parametrize("model", [IPAddress, Machine, Network, Project])
def test_order_is_that_of_an_index(model: type[IPAddress]) -> None:
    rows = model.objects.annotate(place=Natural("name")).filter(place__gte="b").order_by("place", "pk")[:50]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        plan = rows.explain()
    assert "_in_order" in plan or "network_by_name" in plan
    assert "TEMP B-TREE" not in plan
