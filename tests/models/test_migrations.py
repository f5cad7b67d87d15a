"""Migrations: the squashed one makes what the older ones made one after another."""

from django.apps import apps
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader

SQUASHED = ("ipam", "0001_squashed_0014_idempotent_response")


def test_squashed_migration_ends_where_those_that_it_replaces_end() -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    last = loader.disk_migrations[SQUASHED].replaces[-1]
    one_by_one, at_once = loader.project_state(last), loader.project_state(SQUASHED)
    assert MigrationAutodetector(one_by_one, at_once)._detect_changes() == {}


def test_squashed_migration_replaces_every_older_one() -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    older = {key for key in loader.disk_migrations if key[0] == "ipam" and key < ("ipam", "0015")} - {SQUASHED}
    assert set(loader.disk_migrations[SQUASHED].replaces) == older


_NAMES = {
    "postgresql": "SELECT conname FROM pg_constraint UNION ALL SELECT indexname FROM pg_indexes",
    "sqlite": "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
}


def test_database_has_every_constraint_and_index_of_the_models(db: None) -> None:
    """PostgreSQL: a column that gives up its own index can take a conditional unique one of the same column with it."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES[connection.vendor])
        stored = "\n".join(name for (name,) in cursor.fetchall())
    models = apps.get_app_config("ipam").get_models()
    wanted = [one.name for model in models for one in (*model._meta.constraints, *model._meta.indexes)]
    assert [name for name in wanted if name not in stored] == []
