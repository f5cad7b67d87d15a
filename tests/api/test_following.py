"""Events that are followed over the API: oldest first, each once, waited for by a few at a time."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.backends.signals import connection_created
from django.utils import timezone
from rest_framework.test import APIClient

from ipam.domain.core import history, pruning
from ipam.domain.notify import feed, waiting
from ipam.domain.people import members, tokens
from ipam.models import Event, Project
from ipam.models.events import Kind, Verb
from ipam.models.roles import Role
from tests.api.conftest import codes
from tests.api.serving import Server, serving, until
from tests.domain.crowd import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = "/api/v1/events/"


def write(count: int = 1, kind: Kind = Kind.INSTALLATION, **columns: Any) -> list[int]:
    return [event.pk for _ in range(count) if (event := history.write(Verb.UPDATE, kind, **columns))]


def follow(api: APIClient, after: str, **asked: Any) -> dict[str, Any]:
    answer = api.get(EVENTS, {"after": after, **asked})
    assert answer.status_code == 200, answer.json()
    body: dict[str, Any] = answer.json()
    return {**body, "results": [row["id"] for row in body["results"]]}


def test_pages_from_the_start_are_oldest_first_and_have_each_event_once(api: APIClient) -> None:
    written = [*Event.objects.order_by("pk").values_list("pk", flat=True), *write(5)]
    cursor, read, more = "start", [], True
    while more:
        page = follow(api, cursor, limit=2)
        cursor, more = page["cursor"], page["more"]
        read += page["results"]
    assert read == written
    assert follow(api, cursor)["results"] == []


def test_now_is_followed_by_what_comes(api: APIClient) -> None:
    page = follow(api, "now")
    written = write(3)
    assert (page["results"], follow(api, page["cursor"])["results"]) == ([], written)


def test_event_is_told_as_in_the_list(api: APIClient) -> None:
    cursor = follow(api, "now")["cursor"]
    write()
    (listed,) = api.get(EVENTS, {"limit": 1}).json()["results"]
    assert api.get(EVENTS, {"after": cursor}).json()["results"] == [listed]


def test_filters_of_the_list_leave_out_what_is_not_asked_for(api: APIClient) -> None:
    cursor = follow(api, "now")["cursor"]
    write()
    wanted = write(2, Kind.USER)
    write()
    assert follow(api, cursor, kind="user")["results"] == wanted


def test_foreign_events_are_absent(api: APIClient, project: Project, stranger: Project) -> None:
    alice = User.objects.create(username="alice")
    members.grant(alice, Role.VIEWER, project=project)
    client = APIClient(headers={"Authorization": f"Bearer {tokens.issue(alice)}"})
    cursor = follow(client, "now")["cursor"]
    mine = write(project_id=project.pk)
    write(project_id=stranger.pk)
    write()
    assert follow(client, cursor)["results"] == mine


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"after": "now", "ordering": "at"}, "ordering"),
        ({"after": "now", "cursor": "x"}, "cursor"),
        ({"after": "now", "count": "true"}, "count"),
        ({"after": "yesterday"}, "after"),
        ({"after": "MC4x"}, "after"),
        ({"after": ""}, "after"),
        ({"after": "now", "wait": "31"}, "wait"),
        ({"after": "now", "wait": "-1"}, "wait"),
        ({"after": "now", "wait": "long"}, "wait"),
        ({"wait": "3"}, "wait"),
        ({"after": "now", "limit": "1001"}, "limit"),
        ({"after": "now", "kind": "cat"}, "kind"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(api: APIClient, asked: dict[str, str], field: str) -> None:
    answer = api.get(EVENTS, asked)
    assert (answer.status_code, codes(answer)) == (400, [(field, "invalid")])


def test_cursor_before_what_was_pruned_is_gone(api: APIClient) -> None:
    cursor = follow(api, "now")["cursor"]
    write(2)
    Event.objects.update(at=timezone.now() - timedelta(days=3))
    pruning.prune(timezone.now() - timedelta(days=1))
    answer = api.get(EVENTS, {"after": cursor})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_expired")
    assert follow(api, "start")["results"] == list(Event.objects.values_list("pk", flat=True))


# --- waiting --------------------------------------------------------------------------------------
def test_all_that_wait_look_once_a_second_together() -> None:
    """Each look, and each first one, takes a connection and gives it back."""
    taken: list[object] = []
    begun, position = time.monotonic(), feed.now()

    def wait() -> feed.Page:
        return waiting.read(position, limit=1, events=Event.objects.all(), seconds=3)

    def count(**signal: object) -> None:
        taken.append(signal["connection"])

    connection_created.connect(count)
    try:
        pages = in_threads([wait] * 4)
    finally:
        connection_created.disconnect(count)
    assert [page.events for page in pages] == [[]] * 4
    assert len(taken) - 4 <= time.monotonic() - begun + 1


def test_nobody_waits_longer_than_half_of_what_a_request_may_take(settings: Any) -> None:
    settings.REQUEST_SECONDS = 1
    assert waiting.read(feed.now(), limit=1, events=Event.objects.all(), seconds=30).events == []


class Followers:
    """Clients of a server that wait for events, each by a request of its own."""

    def __init__(self, server: Server, pool: ThreadPoolExecutor) -> None:
        self.server, self._pool = server, pool
        user = User.objects.create_superuser("robot")
        self._bearer = {"Authorization": f"Bearer {tokens.issue(user)}"}
        self.cursor = self.get("?after=now")["cursor"]

    def get(self, asked: str) -> dict[str, Any]:
        status, _, body = self.server.send("GET", EVENTS + asked, None, self._bearer)
        assert status == 200, body
        return dict(json.loads(body))

    def wait(self) -> "Future[dict[str, Any]]":
        return self._pool.submit(self.get, f"?after={self.cursor}&wait=30")


@contextmanager
def following(threads: int) -> Iterator[Followers]:
    with serving(workers=1, threads=threads) as server, ThreadPoolExecutor(8) as pool:
        yield Followers(server, pool)


def test_one_who_waits_is_answered_when_something_happens() -> None:
    with following(threads=4) as followers:
        answers = [followers.wait(), followers.wait()]
        time.sleep(1.5)
        assert not any(answer.done() for answer in answers)
        written = write()
        assert [[row["id"] for row in answer.result()["results"]] for answer in answers] == [written] * 2


def test_more_than_may_wait_are_answered_at_once_and_all_others_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """By one connection: who waits has none."""
    monkeypatch.setenv("DATABASE_POOL_MAX", "1")
    with following(threads=4) as followers:
        answers = [followers.wait() for _ in range(3)]
        first = until(lambda: next((answer for answer in answers if answer.done()), None))
        assert first.result()["results"] == []
        assert [len(followers.get("?limit=1")["results"]) for _ in range(3)] == [1, 1, 1]
        assert sum(answer.done() for answer in answers) == 1
        write()
        assert sorted(len(answer.result()["results"]) for answer in answers) == [0, 1, 1]


def test_one_who_waits_is_answered_when_the_server_stops() -> None:
    with following(threads=4) as followers:
        answer = followers.wait()
        time.sleep(1)
        followers.server.process.terminate()
        assert answer.result(timeout=20)["results"] == []
