"""Rows as files hold them, before their cells become values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ipam.domain.files.documents import ParseError

MAX_COLUMNS = 100

Row = dict[str, Any]


@dataclass(frozen=True)
class Faulty:
    """A row that is not like its table: why, and what can be made out of it. The rows around it may be good."""

    detail: str
    cells: Row = field(default_factory=dict)


def header(cells: Iterable[str]) -> list[str]:
    """The names of the columns; a spreadsheet may have empty cells behind them."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MAX_COLUMNS or len(set(names)) < len(names) or "" in names:
        raise ParseError(f"The first line names each column once, and at most {MAX_COLUMNS} of them.")
    return names
