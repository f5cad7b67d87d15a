"""What the statements that choose the rows of a page read, as PostgreSQL tells when it runs them once more."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

_DESCENT = 6  # blocks of a look at an index that finds one row
_SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan", "Bitmap Heap Scan")
Node = dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """How many rows and index entries a request reads, and where it reads most of them."""

    rows: int
    worst: str


def reading(request: Callable[[], Any], what: str) -> Reading:
    """All that the SELECTs of a request read that choose rows: those with a limit. Others fetch what rows show."""
    sent: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "(SELECT")) and " LIMIT " in sql:
            sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        status = request().status_code
    if status not in (200, 302):
        raise RuntimeError(f"{what} answered {status}")
    scans = [scan for sql, params in sent for scan in _scans(_plan(sql, params))]
    worst = max(scans, default=(0, "nothing"))
    return Reading(sum(number for number, _ in scans), f"{worst[0]:,} by {worst[1]}")


def _plan(sql: str, params: Any) -> Node:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        found = cursor.fetchone()[0]
    plan: Node = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return plan


def _scans(node: Node) -> Iterator[tuple[int, str]]:
    """What each scan of a plan has read, also what it read in vain.

    Of entries that an index passes over by itself only the blocks are told: each has one at least.
    """
    if node["Node Type"] in _SCANS:
        told = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
        loops = node["Actual Loops"]
        rows = sum(node.get(word, 0) for word in told) * loops
        blocks = node["Shared Hit Blocks"] + node["Shared Read Blocks"] - _DESCENT * loops
        below = sum(one["Shared Hit Blocks"] + one["Shared Read Blocks"] for one in node.get("Plans", ()))
        place = " ".join(filter(None, (node["Node Type"], node.get("Index Name"), node.get("Relation Name"))))
        yield max(rows, blocks - below), place
    for one in node.get("Plans", ()):
        yield from _scans(one)
