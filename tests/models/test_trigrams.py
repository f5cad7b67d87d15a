"""PostgreSQL finds a part of a text by an index: what the ORM asks for is what the migration has indexed."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from ipam.domain.networks import search
from ipam.models import VRF, IPAddress, Machine, Network, Project

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no trigrams")


@pytest.mark.parametrize(
    ("matching", "columns"),
    [
        (Network.objects.matching("web"), ["id", "name", "description"]),
        (Machine.objects.matching("web"), ["id", "name", "hostname", "description"]),
        (Project.objects.matching("fed"), ["id", "name", "description"]),
        (VRF.objects.matching("123"), ["id", "name", "description"]),
        (IPAddress.objects.matching("web"), ["name", "description"]),
        (IPAddress.objects.called("web"), ["name"]),
        (IPAddress.objects.called("web fra"), ["name"]),
        (Network.objects.matching("web").matching("fra"), ["id", "name", "description"]),
    ],
)
def test_part_of_a_text_is_found_by_its_trigrams(db: None, matching: QuerySet[Network], columns: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL random_page_cost = 0"
        )
    plan = matching.order_by().explain()
    table = matching.model._meta.db_table
    assert [column for column in columns if f"{table}_{column}_trigrams" not in plan] == []


@pytest.mark.parametrize("model", [IPAddress, Machine])
def test_value_of_any_label_is_found_by_its_index(db: None, model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = model.objects.labelled_any(["52:54:00:ab:cd:ef", "525400abcdef"]).order_by().explain()
    assert f"{model._meta.db_table}_label_values" in plan


def test_what_a_half_typed_group_may_go_on_as_is_one_range_of_the_index_each(db: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        search.find("2001:db8:0:1")
    (sql,) = [one["sql"] for one in captured if one["sql"].count('"ipam_ipaddress"."address" >= ') > 1]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert (plan.count("Index Cond"), "Filter" in plan) == (4, False)
