"""A database of the bench's own, beside the one that DATABASE_URL names and on the same disk, gone afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from django.db import connection


@contextmanager
def database(purpose: str) -> Iterator[str]:
    """Migrated and empty; everything uses it until the end, processes started meanwhile too. Yields its name.

    Contexts may be nested; `use` goes to and fro between their databases.
    """
    outer = connection.settings_dict["NAME"]
    name = _name(purpose)
    connection.settings_dict["TEST"]["NAME"] = name
    _disconnect()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    use(name)
    try:
        yield name
    finally:
        use(name)
        _disconnect()
        connection.creation.destroy_test_db(outer, verbosity=0)
        use(outer)


def use(name: str) -> None:
    """Let everything that follows use this database."""
    _disconnect()
    connection.settings_dict["NAME"] = name
    os.environ["DATABASE_URL"] = _url(name)


def settle() -> None:
    """What autovacuum would do some time after a large import."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "PRAGMA optimize")


def _name(purpose: str) -> str:
    name = f"twofold_bench_{os.getpid()}_{purpose}"
    return name if connection.vendor != "sqlite" else str(_operators_file().parent / f"db.sqlite3.{name}")


def _operators_file() -> Path:
    return Path(cast(str, connection.settings_dict["NAME"])).resolve()


def _url(name: str) -> str:
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def _disconnect() -> None:
    connection.close()
    database: Any = connection
    if database.vendor == "postgresql":
        database.close_pool()
