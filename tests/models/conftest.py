"""Rows by raw SQL: what no rule of the domain layer has seen."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models

from ipam.domain.networks import networks
from ipam.models import Network
from tests.builders import external
from tests.shared import shared_fixture

Insert = Callable[..., Any]


@pytest.fixture
def insert(db: None) -> Insert:
    """INSERT a row with these columns; the others are what the instance's defaults say. Returns the key."""

    def run(instance: models.Model, **columns: Any) -> Any:
        values: dict[str, Any] = {}
        for field in instance._meta.concrete_fields:
            value = columns[field.column] if field.column in columns else getattr(instance, field.attname)
            if field.has_db_default() and not field.has_default() and field.column not in columns:
                continue
            if value is not None or field.column in columns or not field.primary_key:
                values[field.column] = field.get_db_prep_save(value, connection)
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join(["%s"] * len(values))
        with connection.cursor() as cursor:
            cursor.execute(
                f'INSERT INTO "{instance._meta.db_table}" ({names}) VALUES ({marks}) RETURNING '
                f'"{instance._meta.pk.column}"',
                list(values.values()),
            )
            return cursor.fetchone()[0]

    return run


@shared_fixture
def bare() -> Network:
    """A network far away from the addresses that the tests are about."""
    return networks.create(external(id="bare", vrf=7))
