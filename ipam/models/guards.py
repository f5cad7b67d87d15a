"""What the database itself refuses and Django cannot declare: overlapping sibling prefixes and reserved ranges, and
ids that differ only in case.

PostgreSQL: an exclusion constraint over a range of stored addresses. SQLite: triggers with the same
meaning. `install` runs after every `migrate`: SQLite rebuilds a table to alter it, and that drops triggers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps as installed_apps
from django.apps.registry import Apps
from django.core.exceptions import FieldDoesNotExist
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count
from django.db.models.functions import Lower

from ipam.models import holder_guards, range_guards, reservation_guards
from ipam.models.holder_guards import HOLDERS_SHARE
from ipam.models.range_guards import RANGES_APART
from ipam.models.reservation_guards import APART_FROM_NETWORKS, RANGES_DISJOINT, STRICT_RANGES_DISJOINT

SIBLINGS_DISJOINT = "prefix_siblings_disjoint"
DISJOINT = (SIBLINGS_DISJOINT, RANGES_DISJOINT, APART_FROM_NETWORKS, RANGES_APART)

# Ids that differ only in case are one (rule 4b). No constraint of Django's, for older data may hold such pairs, whose
# ids cannot change: there the index has to wait until one of them is gone.
ID_ONCE = "id_once_in_any_case"
_WITH_SLUGS = ("Network", "Machine", "Partition")
# Further guards by their model, and the field without which it is as it was before them.
_FURTHER: tuple[tuple[str, str, Any], ...] = (
    ("ClusterRange", "reserved_vrf", reservation_guards),
    ("AddressRange", "first", range_guards),
    ("AddressHolder", "machine", holder_guards),
)

_POSTGRESQL = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'ipam_address_range') THEN
    CREATE TYPE ipam_address_range AS RANGE (subtype = bytea);
  END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'prefix_siblings_disjoint') THEN
    ALTER TABLE ipam_prefix ADD CONSTRAINT prefix_siblings_disjoint EXCLUDE USING gist (
      coalesce(namespace_id, '00000000-0000-0000-0000-000000000000'::uuid) WITH =,
      coalesce(parent_id, 0) WITH =,
      ipam_address_range(first, last, '[]') WITH &&
    );
  END IF;
END $$;
"""

# Siblings that are stored are disjoint, so only the one with the greatest `first` can reach the new prefix.
_SQLITE_TRIGGER = """
CREATE TRIGGER IF NOT EXISTS {name}_on_{event} BEFORE {when} ON ipam_prefix
BEGIN
  SELECT RAISE(ABORT, '{name}') WHERE NEW.first <= (
    SELECT last FROM ipam_prefix
    WHERE parent_id IS NEW.parent_id AND namespace_id IS NEW.namespace_id
      AND first <= NEW.last AND id IS NOT {itself}
    ORDER BY first DESC LIMIT 1
  );
END
"""
_SQLITE = [
    _SQLITE_TRIGGER.format(name=SIBLINGS_DISJOINT, event="insert", when="INSERT", itself="NULL"),
    _SQLITE_TRIGGER.format(
        name=SIBLINGS_DISJOINT,
        event="update",
        when="UPDATE OF first, last, parent_id, namespace_id",
        itself="OLD.id",
    ),
]


def install(*, using: str, apps: Apps = installed_apps, **kwargs: Any) -> None:
    """Put the guards in place where they are missing; harmless to repeat."""
    connection = connections[using]
    tables = connection.introspection.table_names()
    if "ipam_prefix" not in tables:
        return  # migrated back to nothing
    statements = [_POSTGRESQL] if connection.vendor == "postgresql" else _SQLITE
    for name, field, more in _FURTHER:
        if _has_field(apps, name, field):  # a database that went back lacks what they ask for
            statements = statements + ([more.POSTGRESQL] if connection.vendor == "postgresql" else more.SQLITE)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        for name in _WITH_SLUGS:
            _index_ids(connection, cursor, apps.get_model("ipam", name))


def _has_field(apps: Apps, model: str, field: str) -> bool:
    try:
        return bool(apps.get_model("ipam", model)._meta.get_field(field))
    except (LookupError, FieldDoesNotExist):
        return False


def _index_ids(connection: BaseDatabaseWrapper, cursor: Any, model: Any) -> None:
    """Refuse ids that differ only in case, unless there are such; a table that is being written to takes no index."""
    table = model._meta.db_table
    name = _index_of(model)
    if name in connection.introspection.get_constraints(cursor, table):
        return
    lowered = model.objects.using(connection.alias).order_by().annotate(lowered=Lower("pk")).values("lowered")
    if not lowered.annotate(number=Count("*")).filter(number__gt=1).exists():
        cursor.execute(f"CREATE UNIQUE INDEX {name} ON {table} (lower(id))")


def _index_of(model: Any) -> str:
    return f"{model._meta.db_table}_{ID_ONCE}"


@contextmanager
def ids_in_any_case(*, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Ids that are stored inside may differ only in case, as those of older data do; to be called in a transaction."""
    connection = connections[using]
    models = [installed_apps.get_model("ipam", name) for name in _WITH_SLUGS]
    with connection.cursor() as cursor:
        connection.check_constraints()  # with checks pending, PostgreSQL neither drops nor makes an index
        for model in models:
            cursor.execute(f"DROP INDEX IF EXISTS {_index_of(model)}")
        yield
        connection.check_constraints()
        for model in models:
            _index_ids(connection, cursor, model)


def lift(*, using: str, **kwargs: Any) -> None:
    """Take away the triggers that look at two tables; SQLite cannot rebuild a table that another one's trigger names.

    Runs before every `migrate`; `install` puts them back after it.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for trigger in _triggers(cursor):
            if trigger.startswith((APART_FROM_NETWORKS, HOLDERS_SHARE)):
                cursor.execute(f"DROP TRIGGER {trigger}")


def are_installed(connection: BaseDatabaseWrapper) -> bool:
    """Whether the database refuses prefixes and reserved ranges that overlap, and holders of what nobody shares."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT (SELECT count(*) FROM pg_constraint WHERE conname = ANY(%s)),"
                " (SELECT count(*) FROM pg_trigger WHERE tgname = ANY(%s))",
                [
                    [SIBLINGS_DISJOINT, RANGES_DISJOINT, STRICT_RANGES_DISJOINT, RANGES_APART],
                    [APART_FROM_NETWORKS, HOLDERS_SHARE],
                ],
            )
            return bool(cursor.fetchone() == (4, 4))
        there = _triggers(cursor)
        expected = {SIBLINGS_DISJOINT: 2, APART_FROM_NETWORKS: 4, RANGES_APART: 2, HOLDERS_SHARE: 3}
        return all(sum(name.startswith(stem) for name in there) == number for stem, number in expected.items())


def _triggers(cursor: Any) -> list[str]:
    """The triggers of SQLite by name."""
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    return [name for (name,) in cursor.fetchall()]
