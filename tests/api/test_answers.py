"""What a request is told when others undo at once what it has just done, or take away what it reads."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_save
from rest_framework.test import APIClient

from ipam.models import Partition

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def undone_at_once() -> Iterator[None]:
    """Each partition that is saved inside is removed as soon as others can see it."""

    def undo(instance: Partition, **_: Any) -> None:
        transaction.on_commit(lambda: Partition.objects.filter(pk=instance.pk).delete())

    post_save.connect(undo, sender=Partition)
    try:
        yield
    finally:
        post_save.disconnect(undo, sender=Partition)


def test_who_makes_an_object_is_told_so_though_it_is_removed_at_once(api: APIClient) -> None:
    with undone_at_once():
        made = api.post("/api/v1/partitions/", {"id": "mini-lab"})
    assert (made.status_code, made.json()["id"]) == (201, "mini-lab")
    assert not Partition.objects.exists()


def test_who_changes_an_object_is_told_so_though_it_is_removed_at_once(api: APIClient, partition: Partition) -> None:
    with undone_at_once():
        changed = api.patch("/api/v1/partitions/mini-lab/", {"name": "lab"})
    assert (changed.status_code, changed.json()["name"]) == (200, "lab")
    assert not Partition.objects.exists()


def test_object_that_goes_while_it_is_read_is_not_found(api: APIClient, partition: Partition) -> None:
    def remove_after(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith("SELECT") and "ipam_partition" in sql:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM ipam_partition")
        return result

    with connection.execute_wrapper(remove_after):
        answer = api.get("/api/v1/partitions/mini-lab/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
