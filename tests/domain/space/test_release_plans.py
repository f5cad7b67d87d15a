"""What SQLite reads to give an address back: the blocks that it may merge with, not all that is free in its prefix."""

from typing import Any

import pytest
from django.db import connection

from ipam.domain.networks import addresses
from ipam.models import FreeBlock, Network, Project

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="plans are SQLite's; test_release_cost counts")


def test_each_block_that_an_address_may_merge_with_is_sought_by_itself(internet: Network, project: Project) -> None:
    asked: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "SELECT" in sql and f"{FreeBlock._meta.db_table} AS free" in sql:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    held = addresses.allocate(internet, project=project)
    with connection.execute_wrapper(listen):
        addresses.release_allocation(held[0].allocation)
    assert len(asked) == 2
    for sql, params in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            (sought,) = [detail for *_, detail in cursor.fetchall() if " free " in detail]
        assert sought.endswith("(prefix_id=? AND namespace_id=? AND length=? AND first=?)")
