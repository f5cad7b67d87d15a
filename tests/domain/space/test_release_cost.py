"""What giving an address back reads: the same few index entries however many holes its prefix has."""

import json
from typing import Any

import pytest
from django.db import connection

from ipam.domain.networks import addresses, networks, projects, quota_limits
from ipam.models import FreeBlock, IPAddress, Network, Project
from tests.builders import IPV4, cidrs, external
from tests.shared import shared_fixture

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]
HOLES = 2000


@shared_fixture
def holed(project: Project) -> Network:
    """A network whose free space is single addresses, two apart."""
    made = networks.create(external(id="holed", prefixes=cidrs("10.0.0.0/20"), stack="ipv4", destination_prefixes=()))
    for _ in range(4):
        addresses.allocate(made, project=project, count=HOLES // 2)
    addresses.release_many(IPAddress.objects.filter(network=made).order_by("address")[::2])
    return made


def test_release_reads_as_much_of_a_prefix_as_it_may_merge(holed: Network) -> None:
    asked: list[tuple[str, Any]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith("SELECT") and FreeBlock._meta.db_table in sql:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    held = IPAddress.objects.filter(network=holed).order_by("address")[500]
    with connection.execute_wrapper(listen):
        addresses.release_allocation(held.allocation)
    assert max(_buffers(sql, params) for sql, params in asked) < 100


def _buffers(sql: str, params: Any) -> int:
    """How many pages a statement reads."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


# EXPLAIN does not look into a procedure, but PostgreSQL counts the rows that a transaction reads.
@pytest.mark.parametrize("quotas", [0, 200])
def test_procedure_that_releases_one_reads_a_few_rows(holed: Network, project: Project, quotas: int) -> None:
    for number in range(quotas):
        other = projects.create(name=f"p{number}")
        quota_limits.create(project=other, address_family=IPV4, resource="addresses", limit=9)
    held = IPAddress.objects.filter(network=holed).order_by("address")[500]
    asked: list[int] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        before = _rows_read() if "ipam_give_back" in sql else None
        done = execute(sql, params, many, context)
        if before is not None:
            asked.append(before)
        return done

    with connection.execute_wrapper(listen):
        addresses.release(held)
    assert 0 < _rows_read() - asked[0] < 20


def _rows_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables")
        (found,) = cursor.fetchone()
    return int(found)


@pytest.mark.parametrize("table", ["ipam_freeblock", "ipam_numberrange"])
def test_tables_whose_rows_come_and_go_are_swept_often(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [table])
        (settings,) = cursor.fetchone()
    assert settings == ["autovacuum_vacuum_threshold=500", "autovacuum_vacuum_scale_factor=0.01"]
