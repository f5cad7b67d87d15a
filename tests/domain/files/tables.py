"""Tables to import, and what came of their rows."""

import io
import json
from collections.abc import Sequence
from typing import Any

from ipam.domain.files import exports, importing
from ipam.domain.files.columns import Kind
from ipam.domain.files.summaries import Summary
from ipam.domain.files.tables import Table

FORMATS = ["csv", "json", "yaml", "xlsx"]


def exported(kind: Kind, format: str = "json") -> bytes:
    return b"".join(exports.pieces(kind.name, format, kind.rows()))


def table(kind: Kind, *rows: dict[str, Any]) -> Table:
    return Table(kind, io.BytesIO(json.dumps(rows).encode()), "json")


def csv(kind: Kind, *lines: str) -> Table:
    return Table(kind, io.BytesIO("\n".join(lines).encode()), "csv")


def told(summary: Summary) -> list[tuple[int, str, str]]:
    return [(one.place, one.key, one.state) for one in sorted(summary.shown(99), key=lambda one: one.place)]


def reasons(summary: Summary) -> dict[int, list[str]]:
    return {one.place: [error.code for error in one.reasons] for one in summary.refused}


def made(*tables: Table) -> Sequence[Summary]:
    return [importing.apply(one) for one in tables]
