"""What one request, and one token, may cost."""

import os
import subprocess
import sys
import threading
from collections import Counter
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from rest_framework.test import APIClient

from ipam.api import throttling
from ipam.domain.networks import search
from ipam.domain.people import tokens
from ipam.models import ApiToken, Partition
from tests.api.conftest import codes

NETWORKS = "/api/v1/networks/"


# --- how often ---------------------------------------------------------------------------------------
@pytest.fixture
def three_a_minute(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr(throttling, "_levels", {})


def another(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user)}")
    return client


def test_token_that_asks_too_often_is_told_when_to_come_back(api: APIClient, three_a_minute: None) -> None:
    assert [api.get(NETWORKS).status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = api.get(NETWORKS)
    assert (refused.json()["code"], refused.headers["Content-Type"]) == ("throttled", "application/problem+json")
    assert 1 <= int(refused.headers["Retry-After"]) <= 20


def test_refused_request_changes_nothing(api: APIClient, three_a_minute: None) -> None:
    made = [api.post("/api/v1/partitions/", {"id": f"fra-{number}"}).status_code for number in range(5)]
    assert (made, Partition.objects.count()) == ([201, 201, 201, 429, 429], 3)


def test_other_tokens_of_the_same_user_are_not_held_up(api: APIClient, operator: User, three_a_minute: None) -> None:
    for _ in range(4):
        api.get(NETWORKS)
    assert another(operator).get(NETWORKS).status_code == 200


def test_sessions_are_counted_by_user(operator: User, three_a_minute: None) -> None:
    client = APIClient()
    client.force_login(operator)
    assert [client.get(NETWORKS).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_what_is_used_up_comes_back_with_time(
    api: APIClient, three_a_minute: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        api.get(NETWORKS)
    ((key, (left, since)),) = throttling._levels.items()
    monkeypatch.setitem(throttling._levels, key, (left, since - 20))
    assert [api.get(NETWORKS).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("name", ["REQUESTS_PER_MINUTE", "REQUESTS_AT_ONCE", "REQUEST_SECONDS"])
def test_zero_is_no_limit(api: APIClient, settings: Any, name: str) -> None:
    setattr(settings, name, 0)
    assert {api.get(NETWORKS).status_code for _ in range(10)} == {200}


@pytest.mark.django_db
def test_probes_are_not_counted(three_a_minute: None) -> None:
    assert {APIClient().get("/api/v1/healthz/").status_code for _ in range(10)} == {200}


# --- how much ----------------------------------------------------------------------------------------
def test_body_that_is_too_large_is_413(api: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = api.post("/api/v1/partitions/", {"id": "fra", "description": "x" * 1000})
    assert (answer.status_code, codes(answer)) == (413, [("", "too_large")])
    assert Partition.objects.count() == 0


def test_upload_that_is_too_large_is_not_even_read(operator: User, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    browser = Client()
    browser.force_login(operator)
    file = SimpleUploadedFile("addresses.csv", b"x" * 2000)
    answer = browser.post("/imports/", {"kind": "addresses", "file": file})
    assert (answer.status_code, "longer than 1,000 bytes" in answer.content.decode()) == (413, True)


# --- how long ----------------------------------------------------------------------------------------
def test_request_that_has_used_up_its_time_is_503_and_changes_nothing(api: APIClient, settings: Any) -> None:
    settings.REQUEST_SECONDS = -1
    answer = api.post("/api/v1/partitions/", {"id": "fra"})
    assert (answer.status_code, codes(answer)) == (503, [("", "timed_out")])
    assert Partition.objects.count() == 0


@pytest.mark.parametrize("path", ["/networks/", "/admin/ipam/network/"])
def test_page_that_has_used_up_its_time_is_503_and_says_so(operator: User, settings: Any, path: str) -> None:
    browser = Client()
    browser.force_login(operator)
    settings.REQUEST_SECONDS = -1
    answer = browser.get(path)
    assert (answer.status_code, "It took too long" in answer.content.decode()) == (503, True)


_SHOW = """
import django
django.setup()
from django.db import connection
from django.http import HttpRequest
with connection.cursor() as cursor:
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        cursor.execute("SHOW " + name)
        print(cursor.fetchone()[0])
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")
@pytest.mark.parametrize(
    ("process", "expected"),
    [("import webui.wsgi", ["7s", "10s", "0"]), ("# a command", ["0", "0", "0"])],
    ids=["web", "command"],
)
def test_web_processes_bound_their_statements_and_commands_do_not(process: str, expected: list[str]) -> None:
    given = {"DATABASE_STATEMENT_SECONDS": "7", "DATABASE_IDLE_SECONDS": "0", "SECRET_KEY": "x" * 60}
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "webui.settings", **given}
    ran = subprocess.run(
        [sys.executable, "-c", process + _SHOW],
        env={**environment, "DATABASE_URL": _maintenance()},
        cwd=configured.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert ran.stdout.split() == expected


def _maintenance() -> str:
    """A database that is there whatever the tests have made."""
    return os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres"


# --- how many at once --------------------------------------------------------------------------------
def test_searches_beyond_what_a_process_does_at_once_are_busy(api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_TURN_TIMEOUT_SECONDS", 0.01)
    for _ in range(search._MAX_AT_ONCE):
        assert search._slots.acquire(timeout=1)
    try:
        answer = api.get("/api/v1/search/", {"q": "x"})
    finally:
        for _ in range(search._MAX_AT_ONCE):
            search._slots.release()
    assert (answer.status_code, answer.headers["Retry-After"], codes(answer)) == (503, "1", [("", "busy")])
    assert api.get("/api/v1/search/", {"q": "x"}).status_code == 200


@pytest.fixture
def one_at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REQUESTS_AT_ONCE = 1
    monkeypatch.setattr(throttling, "_TURN_TIMEOUT_SECONDS", 0.01)
    monkeypatch.setattr(throttling, "_under_way", Counter())


def test_token_with_too_many_requests_under_way_is_told_to_come_back(
    api: APIClient, operator: User, one_at_once: None
) -> None:
    token = ApiToken.objects.get()
    throttling._under_way["token", token.pk] = 1
    answer = api.get(NETWORKS)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "throttled", "1")
    assert another(operator).get(NETWORKS).status_code == 200


def test_request_that_waits_its_turn_is_answered(
    api: APIClient, one_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "_TURN_TIMEOUT_SECONDS", 60)
    before = HttpRequest()
    before._place = ("token", ApiToken.objects.get().pk)  # type: ignore[attr-defined]
    throttling._under_way[before._place] = 1  # type: ignore[attr-defined]
    threading.Timer(0.05, throttling.leave, [before]).start()
    assert api.get(NETWORKS).status_code == 200


def test_requests_one_after_another_are_never_at_once(api: APIClient, one_at_once: None, settings: Any) -> None:
    paths = [NETWORKS, f"{NETWORKS}none/", "/api/v1/nowhere/", "/api/v1/search/"]
    asked = [api.get(path).status_code for path in paths] + [api.post(NETWORKS, {}).status_code]
    settings.REQUEST_SECONDS = -1  # fails in the middle
    asked += [api.get(NETWORKS).status_code for _ in range(2)]
    assert (asked, throttling._under_way) == ([200, 404, 404, 400, 400, 503, 503], Counter())


# --- numbers that settings may have ------------------------------------------------------------------
def started(**given: str) -> subprocess.CompletedProcess[str]:
    """What reading the settings of a process on PostgreSQL prints: how long it waits for a connection."""
    show = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS']['pool']['timeout'])"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "webui.settings", "DATABASE_URL": "postgres://x@127.0.0.1/x"}
    command = [sys.executable, "-c", show]
    return subprocess.run(command, env=environment | given, cwd=configured.BASE_DIR, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [("REQUEST_SECONDS", -1, 0), ("SESSION_HOURS", 0, 1), ("DATABASE_POOL_MAX", 0, 1), ("HISTORY_DAYS", 0, 1)],
)
def test_number_that_cannot_work_stops_the_start(name: str, value: int, least: int) -> None:
    assert f"{name} is {value}; it has to be {least} or more." in started(**{name: str(value)}).stderr


def test_zero_is_no_limit_to_waiting_for_a_connection() -> None:
    assert float(started(DATABASE_POOL_SECONDS="0").stdout) > 365 * 86_400
