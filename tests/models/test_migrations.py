"""Migrations: the squashed one makes what the older ones made one after another."""

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
