"""The order in which events are read one after the other, and who has read up to where."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler


class WritingTransaction(models.Func):
    """The number of the transaction that writes the row: each is greater than all before. On SQLite it is 0."""

    output_field = models.BigIntegerField()
    template = "pg_current_xact_id()::text::bigint"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="0", **extra)


@dataclass(frozen=True, order=True)
class Position:
    """A place in the order of events: after the one with this `xid` and this id, and before all that are greater."""

    xid: int = 0
    id: int = 0


class FeedReader(models.Model):
    """What reads events one after the other, and keeps up to where it has.

    Whatever inherits from this is set right when the events come to another cluster of PostgreSQL (`feed.renumber`).
    """

    feed_xid = models.BigIntegerField(default=0)
    feed_id = models.BigIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def position(self) -> Position:
        return Position(self.feed_xid, self.feed_id)

    @position.setter
    def position(self, position: Position) -> None:
        self.feed_xid, self.feed_id = position.xid, position.id


class FeedState(models.Model):
    """What those who keep a place for themselves have to know; one row, or none while nothing has happened to it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    era = models.PositiveIntegerField(default=0, help_text="how often all positions have changed")
    pruned_xid = models.BigIntegerField(default=0, help_text="of the last event that was pruned")
    pruned_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="feed_is_one", condition=models.Q(id=1), violation_error_message="There is one feed."
            ),
        ]

    def __str__(self) -> str:
        return f"era {self.era}"

    @property
    def pruned(self) -> Position:
        """The last event that was pruned."""
        return Position(self.pruned_xid, self.pruned_id)


def renumber(*, using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Let events and their readers begin anew with transaction 0 where they come from another cluster of PostgreSQL.

    That is when some are of transactions that have not been yet: what is written now would come before them. A reader
    reads on at the first event that it has not read, and so perhaps some again. Runs after every `migrate`.
    """
    database = connections[using]
    if database.vendor != "postgresql" or not _has_columns(apps.get_model("ipam", "Event"), "xid"):
        return
    readers = [model._meta.db_table for model in apps.get_models() if _has_columns(model, "feed_xid", "feed_id")]
    with transaction.atomic(using), database.cursor() as cursor:
        cursor.execute(_IS_FROM_ELSEWHERE)
        if not cursor.fetchone()[0]:
            return
        cursor.execute("LOCK TABLE ipam_event IN SHARE ROW EXCLUSIVE MODE")
        for table in readers:
            cursor.execute(_RENUMBER_READERS.format(table=table))
        cursor.execute("UPDATE ipam_event SET xid = 0 WHERE xid <> 0")
        cursor.execute(_NEXT_ERA)


def _has_columns(model: type[models.Model], *names: str) -> bool:
    return {field.name for field in model._meta.concrete_fields}.issuperset(names)


_IS_FROM_ELSEWHERE = "SELECT max(xid) >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM ipam_event"
_RENUMBER_READERS = """
UPDATE {table} SET feed_xid = 0, feed_id = coalesce(
  (SELECT min(id) - 1 FROM ipam_event WHERE (xid, id) > (feed_xid, feed_id)), (SELECT max(id) FROM ipam_event))
"""
_NEXT_ERA = """
INSERT INTO ipam_feedstate (id, era, pruned_xid, pruned_id) VALUES (1, 1, 0, 0)
ON CONFLICT (id) DO UPDATE SET era = ipam_feedstate.era + 1, pruned_xid = 0, pruned_id = 0
"""
