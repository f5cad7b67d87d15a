"""Points in time as PostgreSQL tells them, read by one call: its driver and Django take ten times as long."""

from datetime import UTC, datetime

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format


class MomentLoader(Loader):
    timezone = UTC  # as it is for all sessions; Django asks

    def load(self, data: Buffer) -> datetime:
        return datetime.fromisoformat(str(data, "ascii"))


def teach(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Let a connection that has just been opened, or comes out of the pool, read them so."""
    if connection.vendor == "postgresql":
        adapters = connection.connection.adapters
        if adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT) is not MomentLoader:
            adapters.register_loader("timestamptz", MomentLoader)
