from typing import Any

from django.core.management.commands import migrate
from django.db import connections

_LOCK = 0x74776F66  # “twof”; an advisory lock of PostgreSQL is known by a number, within one database


class Command(migrate.Command):
    """Django's, one at a time: when several are started at once, the others wait and then find nothing to do."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":
            super().handle(*args, **options)
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            super().handle(*args, **options)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
