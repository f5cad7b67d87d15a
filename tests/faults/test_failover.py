"""A standby takes over from a primary that crashed: what was promised is there, and robots find it by themselves."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from tests.faults.clusters import Cluster, cluster, standby
from tests.faults.robots import LONG, NO_DIFFERENCE, differences, progress, promised_twice, robots
from tests.faults.servers import serving, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL"),
]


class Pair(NamedTuple):
    primary: Cluster
    second: Cluster


@pytest.fixture
def clusters(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Two clusters that everything here uses, whichever is the primary, in place of the one that is shared."""
    with cluster() as primary, standby(primary) as second:
        places = f"127.0.0.1:{primary.port},127.0.0.1:{second.port}"
        writable = "target_session_attrs=read-write&connect_timeout=2"
        monkeypatch.setenv("DATABASE_URL", f"postgres://postgres@{places}/postgres?{writable}")
        shared = connection.settings_dict.copy()
        _use(
            {
                **shared,
                "NAME": "postgres",
                "HOST": "127.0.0.1,127.0.0.1",
                "PORT": f"{primary.port},{second.port}",
                "USER": "postgres",
                "OPTIONS": {**shared["OPTIONS"], "target_session_attrs": "read-write"},
            }
        )
        call_command("migrate", verbosity=0)
        yield Pair(primary, second)
        _use(shared)


def _use(settings: dict[str, Any]) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict.update(settings)


def test_standby_has_all_that_was_promised_when_the_primary_crashes(
    clusters: Pair, token: str, pair: dict[str, Any]
) -> None:
    number = 500 if LONG else 50
    with (
        serving(DATABASE_POOL_SECONDS="1") as server,
        robots(server, token, pair) as told,
        robots(server, token, pair, stubborn=True) as stubborn,
    ):
        wait_until(progress(told, number))
        clusters.primary.crash()
        wait_until(lambda: not server.is_ready())
        clusters.second.promote()
        wait_until(server.is_ready)
        wait_until(progress(told, number))
    _use(connection.settings_dict)
    assert set(told.outcomes) <= {201, "unavailable", "busy"}
    assert set(stubborn.outcomes) == {201}
    assert (differences(told, stubborn), promised_twice(told, stubborn)) == (NO_DIFFERENCE, [])


def test_nothing_is_promised_while_the_standby_is_away(clusters: Pair, token: str, pair: dict[str, Any]) -> None:
    with serving() as server, psycopg.connect(clusters.primary.url(), autocommit=True) as session:
        clusters.second.stop()
        with ThreadPoolExecutor(1) as robot:
            asked = robot.submit(server.call, "POST", "/api/v1/ips/", token, {**pair, "name": "patient"})
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            wait_until(lambda: session.execute(waiting).fetchone() == (1,))
            assert (asked.done(), server.is_ready()) == (False, True)
            clusters.second.start()
            assert asked.result(60).status == 201
