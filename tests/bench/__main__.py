"""`python -m tests.bench`: print the table of goals and measurements for the database that DATABASE_URL names."""

import argparse
import platform
import signal
import sys
from types import ModuleType

from django.db import connection

from ipam.domain.core import context
from tests.bench import (
    children,
    contention,
    fill_level,
    full_database,
    go_ipam,
    lists,
    machines,
    moving,
    operations,
    over_http,
    pages,
    phone,
    ranges,
    scans,
    scratch,
    statements,
    surveys,
)
from tests.bench.table import HEAD
from tests.bench.timing import database_processes

GROUPS: dict[str, ModuleType] = {
    "statements": statements,
    "operations": operations,
    "fill_level": fill_level,
    "ranges": ranges,
    "children": children,
    "contention": contention,
    "machines": machines,
    "over_http": over_http,
    "go_ipam": go_ipam,
    "pages": pages,
    "lists": lists,
}
LARGE: dict[str, ModuleType] = {
    "phone": phone,
    "moving": moving,
    "surveys": surveys,
    "full_database": full_database,
    "scans": scans,
}


def main() -> None:
    options = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a scratch database goes with its bench
    print(f"{_database_version()}, Python {platform.python_version()}. {_database_cpu()}\n\n{HEAD}")
    for name in options.only or [*GROUPS, *(LARGE if options.large else [])]:
        with scratch.database(name), context.system():
            for row in {**GROUPS, **LARGE}[name].rows():
                print(row, flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*GROUPS, *LARGE], help="just this group; repeatable")
    parser.add_argument(
        "--large", action="store_true", help="also what drives a browser, or stores a million rows first"
    )
    return parser.parse_args()


def _database_version() -> str:
    version = ".".join(map(str, connection.get_database_version()))
    return f"{connection.display_name} {version}"


def _database_cpu() -> str:
    if connection.vendor == "sqlite":
        return "The database is part of the application, so is its CPU."
    return f"CPU of the database's sessions: {'counted' if database_processes() else 'left out, as it runs elsewhere'}."


if __name__ == "__main__":
    main()
