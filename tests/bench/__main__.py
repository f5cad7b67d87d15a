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
    machines,
    moving,
    operations,
    over_http,
    pages,
    scratch,
)
from tests.bench.table import HEAD

GROUPS: dict[str, ModuleType] = {
    "operations": operations,
    "fill_level": fill_level,
    "children": children,
    "contention": contention,
    "machines": machines,
    "over_http": over_http,
    "pages": pages,
}
LARGE: dict[str, ModuleType] = {"moving": moving, "full_database": full_database}


def main() -> None:
    options = _parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a scratch database goes with its bench
    print(f"{_database_version()}, Python {platform.python_version()}\n\n{HEAD}")
    for name in options.only or [*GROUPS, *(LARGE if options.large else [])]:
        with scratch.database(name), context.system():
            for row in {**GROUPS, **LARGE}[name].rows():
                print(row, flush=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*GROUPS, *LARGE], help="just this group; repeatable")
    parser.add_argument("--large", action="store_true", help="also the group that stores a million addresses first")
    return parser.parse_args()


def _database_version() -> str:
    version = ".".join(map(str, connection.get_database_version()))
    return f"{connection.display_name} {version}"


if __name__ == "__main__":
    main()
