"""The disk is full: refused in words, nothing done by halves, and it goes on when there is room again."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from ipam.domain.networks import addresses
from ipam.models import IPAddress, Network, Project
from tests.faults.robots import NO_DIFFERENCE, Told, differences
from tests.faults.servers import Answer, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite"),
]


@pytest.fixture
def small_disk(transactional_db: None, tmp_path: Path) -> Iterator[Path]:
    """A disk of 7 MB with the database of this test on it."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=7m", "tmpfs", tmp_path], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    shared = connection.settings_dict["NAME"]
    _use(str(tmp_path / "db.sqlite3"))
    try:
        call_command("migrate", verbosity=0)
        yield tmp_path
    finally:
        _use(shared)
        subprocess.run(["umount", tmp_path], check=True)


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def allocate(call: Any, pair: dict[str, Any], told: Told, *, until: int) -> None:
    """Allocate until this status is the answer."""
    for number in range(500):
        name = f"robot-{until}-{number}"
        told.answers[name] = call({**pair, "name": name, "count": 20})
        if told.answers[name].status == until:
            return
    raise AssertionError(told.outcomes)


def test_full_disk_is_507_until_there_is_room(small_disk: Path, token: str, pair: dict[str, Any]) -> None:
    told = Told()
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)
    connection.close()
    with serving() as server:

        def call(body: dict[str, Any]) -> Answer:
            return server.call("POST", "/api/v1/ips/", token, body)

        allocate(call, pair, told, until=507)
        assert server.call("GET", "/api/v1/networks/", token).status == 200
        ballast.unlink()
        allocate(call, pair, told, until=201)
    assert set(told.outcomes) == {201, "storage_full"}
    assert differences(told) == NO_DIFFERENCE


def test_operation_that_no_longer_fits_leaves_nothing(roomy: Network, project: Project, token: str) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 20}")
        body = {"network": roomy.pk, "project": str(project.pk), "count": 1000}
        answer = client.post("/api/v1/ips/", body)
        cursor.execute("PRAGMA max_page_count = 1073741823")
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert (IPAddress.objects.count(), differences(Told())) == (0, NO_DIFFERENCE)
    assert len(addresses.allocate(roomy, project=project, count=1000)) == 2000
