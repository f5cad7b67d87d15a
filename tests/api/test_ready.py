"""Whether a process may be sent requests: `readyz/` says so."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from rest_framework.test import APIClient

from ipam.models import guards

pytestmark = pytest.mark.django_db


def answer() -> tuple[int, str]:
    response = APIClient().get("/api/v1/readyz/")
    return response.status_code, response.json()["status"]


def test_probe_reads_no_migrations_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answer()
    monkeypatch.setattr(MigrationLoader, "load_disk", lambda loader: pytest.fail("migrations are read from the disk"))
    assert answer() == (200, "ok")


def test_probe_costs_few_statements(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(4):
        answer()


@pytest.mark.parametrize(
    ("app", "name"), [("ipam", "0001_squashed_0014_idempotent_response"), ("auth", "0001_initial")]
)
def test_database_that_lacks_a_migration_is_not_ready(app: str, name: str) -> None:
    answer()
    MigrationRecorder(connection).record_unapplied(app, name)
    assert answer() == (503, "migrations are missing")


def test_database_without_any_migration_is_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO elsewhere")
    assert answer() == (503, "migrations are missing")


def test_database_that_has_more_migrations_is_ready_for_a_rollback_of_the_code() -> None:
    MigrationRecorder(connection).record_applied("ipam", "9999_of_tomorrow")
    assert answer() == (200, "ok")


def test_database_without_its_guards_is_not_ready() -> None:
    guards.lift(using="default")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE ipam_prefix DROP CONSTRAINT {guards.SIBLINGS_DISJOINT}")
    assert answer() == (503, "the guards against overlap are missing")
