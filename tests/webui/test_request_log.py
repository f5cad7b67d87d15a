"""Logs: one line per request, with what an operator looks for and nothing that is secret."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from rest_framework.test import APIClient

from ipam.domain.people import tokens
from ipam.models import Event, Network
from ipam.models.events import REQUEST_ID_LENGTH
from tests.callers import asked_by_nobody
from webui.request_log import JsonLine, RequestId

PASSWORD = "correct horse"


@pytest.fixture(params=["text", "json"])
def formatter(request: pytest.FixtureRequest) -> logging.Formatter:
    return JsonLine() if request.param == "json" else logging.Formatter(**_text())


def _text() -> dict[str, Any]:
    configured = settings.LOGGING["formatters"]["text"]
    return {"fmt": configured["format"], "style": configured["style"]}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that any logger writes, in the format of the test's choice."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RequestId())
    handler.setFormatter(JsonLine())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def lines(written: io.StringIO) -> Callable[[], list[dict[str, Any]]]:
    """The lines of requests so far, without the time that they took."""

    def read() -> list[dict[str, Any]]:
        found = [json.loads(line) for line in written.getvalue().splitlines()]
        return [line for line in found if line["logger"] == "twofold.request"]

    return read


Lines = Callable[[], list[dict[str, Any]]]


def essence(line: dict[str, Any]) -> list[Any]:
    return [line[name] for name in ("method", "route", "status", "user")]


def test_page_leaves_one_line(client: Client, operator: User, internet: Network, lines: Lines) -> None:
    client.force_login(operator)
    client.get("/networks/internet/")
    assert [essence(line) for line in lines()] == [["GET", "network", 200, "operator"]]


def test_request_with_a_token_is_of_its_user(operator: User, lines: Lines) -> None:
    APIClient().get("/api/v1/networks/", headers={"Authorization": f"Bearer {tokens.issue(operator)}"})
    assert [essence(line) for line in lines()] == [["GET", "api:network-list", 200, "operator"]]


def test_line_carries_the_id_that_the_answer_carries(client: Client, lines: Lines) -> None:
    answer = client.get("/api/v1/healthz/")
    assert [line["request_id"] for line in lines()] == [answer.headers["X-Request-ID"]]


def test_longest_id_that_is_taken_fits_into_the_history(operator: User) -> None:
    client = APIClient()
    client.force_authenticate(operator)
    client.post("/api/v1/partitions/", {"id": "fra"}, headers={"X-Request-ID": "x" * 64})
    assert (Event.objects.get().request_id, REQUEST_ID_LENGTH) == ("x" * 64, 64)


def test_line_says_how_long_it_took_in_milliseconds(client: Client, lines: Lines) -> None:
    client.get("/api/v1/healthz/")
    (line,) = lines()
    assert 0 < line["duration_ms"] < 60_000


@pytest.mark.parametrize(("path", "status"), [("/nowhere/at/all", 404), ("/static/css/none.css", 404)])
def test_what_leads_nowhere_has_no_route(client: Client, db: None, lines: Lines, path: str, status: int) -> None:
    client.get(path)
    assert [essence(line) for line in lines()] == [["GET", "-", status, "-"]]


def test_refused_csrf_has_a_line_and_an_id_too(operator: User, lines: Lines) -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/")
    assert [essence(line)[:3] for line in lines()] == [["POST", "login", 403]]
    assert lines()[0]["request_id"] == answer.headers["X-Request-ID"]


def test_traceback_carries_the_id_of_its_request(
    operator: User, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipam.domain.networks.search.find", _break)
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(operator)
    answer = client.get("/api/v1/search/", {"q": "x"})
    (traceback,) = [line for line in map(json.loads, written.getvalue().splitlines()) if "exception" in line]
    assert (answer.status_code, traceback["request_id"]) == (500, answer.headers["X-Request-ID"])


def test_traceback_is_mailed_to_nobody(settings: Any) -> None:
    """ADMINS are told of what needs them; a failing database would be a mail for each request."""
    settings.ADMINS = [("Ada", "ada@example.org")]
    logging.getLogger("django.request").error("It failed.", extra={"status_code": 500})
    assert mail.outbox == []


def _break(*args: object) -> None:
    raise RuntimeError("broken on purpose")


def test_outside_of_requests_there_is_no_id(client: Client) -> None:
    client.get("/api/v1/healthz/")
    record = logging.makeLogRecord({})
    asked_by_nobody(lambda: RequestId().filter(record))
    assert vars(record)["request_id"] == ""


def test_no_secret_is_logged(
    operator: User, written: io.StringIO, formatter: logging.Formatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    logging.getLogger().handlers[-1].setFormatter(formatter)
    monkeypatch.setattr("ipam.domain.networks.search.find", _break)
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"username": "operator", "password": PASSWORD})
    session = client.cookies["sessionid"].value
    made = client.post("/tokens/", {"name": "robot"}).context["made"]
    client.post("/accounts/login/", {"username": "operator", "password": "wrong horse"})
    client.get("/api/v1/search/", {"q": "secret-query"}, headers={"Authorization": f"Bearer {made}"})
    client.get("/search/", {"q": "secret-query"})
    client.get("/nowhere/", {"token": "secret-query"}, headers={"Authorization": f"Bearer {made}x"})
    Client(enforce_csrf_checks=True).post("/tokens/?next=secret-query", {"csrfmiddlewaretoken": "c" * 64})
    secrets = [PASSWORD, "wrong horse", session, made, made.removeprefix("twofold_"), "secret-query", "c" * 64]
    assert [secret for secret in secrets if secret in written.getvalue()] == []
    assert "api:search" in written.getvalue()
