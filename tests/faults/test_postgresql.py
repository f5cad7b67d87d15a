"""PostgreSQL goes away under load and comes back: honest errors meanwhile, nothing lost, no web process restarted."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from tests.faults.clusters import Cluster, cluster
from tests.faults.robots import LONG, NO_DIFFERENCE, differences, progress, promised_twice, robots
from tests.faults.servers import serving, wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL"),
]


@pytest.fixture
def private(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster that everything here uses in place of the one that is shared."""
    with cluster() as made:
        shared = connection.settings_dict.copy()
        _use({**shared, "NAME": "postgres", "HOST": "127.0.0.1", "PORT": made.port, "USER": "postgres"})
        monkeypatch.setenv("DATABASE_URL", made.url())
        call_command("migrate", verbosity=0)
        yield made
        _use(shared)


def _use(settings: dict[str, Any]) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict.update(settings)


def test_stopped_and_crashed_under_load(private: Cluster, token: str, pair: dict[str, Any]) -> None:
    with serving(DATABASE_POOL_SECONDS="1") as server:
        before = server.workers()
        with robots(server, token, pair) as told, robots(server, token, pair, stubborn=True) as stubborn:
            for mode in ["fast", "immediate"] * (10 if LONG else 1):
                wait_until(progress(told, 50))
                private.stop(mode)
                wait_until(lambda: not server.is_ready())
                wait_until(progress(told, 4))
                private.start()
                wait_until(server.is_ready)
            wait_until(progress(told, 50))
        assert server.workers() == before
    _use(connection.settings_dict)
    assert set(told.outcomes) <= {201, "unavailable", "busy"}
    assert set(stubborn.outcomes) == {201}
    assert (differences(told, stubborn), promised_twice(told, stubborn)) == (NO_DIFFERENCE, [])
