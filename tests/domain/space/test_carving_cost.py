"""What carving and removing read: the same few rows however much is free, or set aside, elsewhere."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ipam.addressing import block
from ipam.domain.networks import networks
from ipam.domain.space import free_rows, set_aside
from ipam.domain.space.free_rows import Part
from ipam.domain.space.set_aside import Kept
from ipam.models import FreeBlock, Network, Project
from tests.builders import IPV4, child, cidrs, external, ip, prefixes_of, super_network
from tests.domain.space.test_release_cost import _buffers

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's"),
]


def holed(choice: str, blocks: int = 20_000) -> Network:
    """A super network whose free space is single /24s, two apart."""
    length = {IPV4: 24}
    parent = networks.create(
        super_network(prefixes=cidrs("10.0.0.0/8"), default_child_prefix_length=length, child_choice=choice)
    )
    prefix = parent.prefixes.get()
    FreeBlock.objects.filter(prefix=prefix).delete()
    first = prefix.first.value + 256
    free_rows.store(Part(parent.pk, prefix.pk, None, block(IPV4, first + 512 * one, 24)) for one in range(blocks))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ipam_freeblock")
    return parent


@pytest.mark.parametrize("choice", ["best-fit", "sparse", "first-fit"])
def test_choice_of_a_block_reads_a_few_pages_of_any_number(choice: str, project: Project) -> None:
    parent, asked = holed(choice), list[tuple[str, Any]]()

    def listen(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "DELETE FROM ipam_freeblock" in sql:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        made = networks.create(child(parent=parent, project=project))
    assert prefixes_of(made) == ["10.0.1.0/24"]
    assert _buffers(*asked[0]) < 100


def test_removing_a_prefix_reads_nothing_that_others_set_aside(project: Project) -> None:
    wide = networks.create(external(id="wide", prefixes=cidrs("10.0.0.0/8"), destination_prefixes=[]))
    prefix = wide.prefixes.get()
    FreeBlock.objects.filter(prefix=prefix).delete()
    parts = (Part(wide.pk, prefix.pk, None, block(IPV4, ip("10.0.0.1").value + 2 * one, 32)) for one in range(5_000))
    set_aside.store(Kept(part, until=timezone.now(), project_id=project.pk) for part in parts)
    small = networks.create(external(id="small", vrf=9, prefixes=cidrs("192.0.2.0/24"), destination_prefixes=[]))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ipam_setasideblock")
        before = _read(cursor)
        networks.delete(small)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert _read(cursor) - before < 10


def _read(cursor: Any) -> int:
    """The rows of what is set aside that this transaction has read."""
    table = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'ipam_setasideblock'"
    cursor.execute(table)
    return int(cursor.fetchone()[0])
