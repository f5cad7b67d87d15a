from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_LOCK = 0x74776F66  # “twof”; an advisory lock of PostgreSQL is known by a number, within one database


class Command(migrate.Command):
    """Django's, one at a time: when several are started at once, the others wait and then find nothing to do."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with _turn(connection.copy()):
            super().handle(*args, **options)


@contextmanager
def _turn(holder: BaseDatabaseWrapper) -> Iterator[None]:
    """The lock is held by a transaction of a connection of its own, and goes with it.

    A lock of the session would stay behind a pooler, which lends each transaction another session.
    """
    holder.settings_dict["OPTIONS"].pop("pool", None)  # it may have room for one connection only
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                cursor.execute(f"SET LOCAL {name} = 0")  # however the role is bounded
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
    finally:
        holder.close()
