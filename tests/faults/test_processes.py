"""Web processes that are killed, replaced and stopped under load: nothing lost, doubled or done by halves."""

import os
import signal
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ipam.models import IPAddress
from tests.faults.robots import LONG, NO_DIFFERENCE, differences, progress, promised_twice, robots
from tests.faults.servers import Server, serving, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_killed_in_the_middle_of_a_thousand_allocations(token: str, pair: dict[str, Any]) -> None:
    each = 250 if LONG else 100
    with serving() as server:
        with robots(server, token, pair, each=each) as told:
            for _ in range(3):
                wait_until(progress(told, each * 4 // 5))
                os.kill(server.workers()[0], signal.SIGKILL)
        assert len(server.workers()) == 2
    assert (told.outcomes.keys() - {201, 0}, told.outcomes.total()) == (set(), 4 * each)
    assert told.outcomes[0] < 50  # what the killed were at, and no more
    assert (differences(told), promised_twice(told)) == (NO_DIFFERENCE, [])


def test_killed_under_robots_that_ask_again_with_the_same_key(token: str, pair: dict[str, Any]) -> None:
    with serving() as server, robots(server, token, pair, each=25, stubborn=True) as told:
        for _ in range(3):
            wait_until(progress(told, 20))
            os.kill(server.workers()[0], signal.SIGKILL)
    assert (told.outcomes, differences(told), promised_twice(told)) == ({201: 100}, NO_DIFFERENCE, [])


def test_replaced_under_load_without_a_failed_request_and_counted_through(token: str, pair: dict[str, Any]) -> None:
    with serving(METRICS_TOKEN="prometheus") as server:
        with robots(server, token, pair) as told:
            for _ in range(2 if LONG else 1):
                before = set(server.workers())
                os.kill(server.master, signal.SIGHUP)
                wait_until(lambda before=before: before.isdisjoint(server.workers()) and len(server.workers()) == 2)
                wait_until(progress(told, 20))
        counted = allocated(server)
    assert set(told.outcomes) == {201}
    assert counted == 2 * told.outcomes[201]
    assert differences(told) == NO_DIFFERENCE


def test_stopped_under_load_answers_what_it_has_begun(token: str, pair: dict[str, Any]) -> None:
    with serving() as server, robots(server, token, pair) as told:
        wait_until(progress(told, 20))
        os.kill(server.master, signal.SIGTERM)
        wait_until(lambda: not server.is_ready())
    assert set(told.outcomes) == {201, 0}
    assert (differences(told), told.open & stored_names()) == (NO_DIFFERENCE, set())


def stored_names() -> set[str]:
    return set(IPAddress.objects.values_list("name", flat=True))


def allocated(server: Server) -> float:
    """How many addresses all processes together have counted."""
    text = server.call("GET", "/metrics", "prometheus").text
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    labels = {"kind": "address", "verb": "allocate"}
    (counted,) = [one.value for one in samples if (one.name, one.labels) == ("twofold_changes_total", labels)]
    return counted
