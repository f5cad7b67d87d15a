"""Web processes behind PgBouncer in transaction mode: everything works as without it, and commands are not bounded."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from ipam.domain.files import exports
from ipam.models import IPAddress
from tests.faults.poolers import pooler
from tests.faults.robots import LONG, NO_DIFFERENCE, differences, promised_twice, robots
from tests.faults.servers import ROOT, Server, database_url, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL"),
]
FILES = [(name, format) for name, export in exports.EXPORTS.items() for format in export.formats]
FORMS = ["/networks/new/", "/machines/allocate/", "/clusters/new/", "/tokens/", "/admin/ipam/ipaddress/add/"]


@pytest.fixture
def pooled(transactional_db: None) -> Iterator[str]:
    with pooler() as made:
        yield made.url


def test_exports_and_forms_are_whole_though_sessions_are_shared(pooled: str, cloud: None, operator: User) -> None:
    with serving(DATABASE_POOLER_URL=pooled, SECRET_KEY=settings.SECRET_KEY) as server:
        get = signed_in(server, operator)
        paths = [f"/exports/{name}.{format}" for name, format in FILES] + FORMS
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(get, paths * (20 if LONG else 2)))
    assert {(answer.url, answer.status_code) for answer in answers if answer.status_code != 200} == set()
    csv = {answer.url.rpartition("/")[2]: answer.content for answer in answers if answer.url.endswith(".csv")}
    assert csv == {
        f"{name}.csv": b"".join(exports.pieces(name, "csv", exports.EXPORTS[name].objects()))
        for name, format in FILES
        if format == "csv"
    }


def signed_in(server: Server, user: User) -> Any:
    """A way to get pages as this user."""
    browser = Client()
    browser.force_login(user)
    cookies = {"sessionid": browser.cookies["sessionid"].value}
    return lambda path: requests.get(f"http://127.0.0.1:{server.port}{path}", cookies=cookies, timeout=60)


def test_allocations_share_sessions_with_nothing_lost(pooled: str, token: str, pair: dict[str, Any]) -> None:
    each = 100 if LONG else 10
    with serving(DATABASE_POOLER_URL=pooled) as server, robots(server, token, pair, clients=8, each=each) as told:
        pass
    assert (set(told.outcomes), differences(told), promised_twice(told)) == ({201}, NO_DIFFERENCE, [])


_MIGRATE = """
import sys, django, psycopg
django.setup()
from django.apps import apps
from django.core.management import call_command
from django.db.models.signals import pre_migrate
others = []
def take_the_session_that_is_free(**kwargs):
    others.append(psycopg.connect(sys.argv[1]))
    others[-1].execute("SELECT 1")
pre_migrate.connect(take_the_session_that_is_free, sender=apps.get_app_config("ipam"))
call_command("migrate", verbosity=0)
others[0].rollback()  # else the pooler would end the session, and its locks with it
"""


def test_migration_leaves_no_lock_behind_when_its_session_is_lent_to_others(pooled: str) -> None:
    environment = {"DATABASE_URL": pooled, "DJANGO_SETTINGS_MODULE": "webui.settings"}
    subprocess.run([sys.executable, "-c", _MIGRATE, pooled], cwd=ROOT, env=environment, check=True)
    assert advisory_locks() == 0


def advisory_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database "
            "WHERE locktype = 'advisory' AND datname = current_database()"
        )
        found: int = cursor.fetchone()[0]
        return found


@pytest.mark.parametrize(
    ("process", "expected"), [("import webui.wsgi", "15s"), ("# a command", "0")], ids=["web", "command"]
)
def test_pooler_bounds_statements_of_web_processes_alone(pooled: str, process: str, expected: str) -> None:
    show = """
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    print(cursor.fetchone()[0])
"""
    given = {"DATABASE_URL": database_url(), "DATABASE_POOLER_URL": pooled, "SECRET_KEY": "x" * 60}
    environment = {**given, "DJANGO_SETTINGS_MODULE": "webui.settings"}
    command = [sys.executable, "-c", process + show]
    assert subprocess.check_output(command, cwd=ROOT, env=environment, text=True) == f"{expected}\n"


def test_waiting_in_vain_for_a_session_changes_nothing_and_passes(token: str, pair: dict[str, Any]) -> None:
    with pooler(sessions=1, wait_seconds=1) as made, serving(workers=1, DATABASE_POOLER_URL=made.url) as server:
        with psycopg.connect(made.url) as greedy:
            greedy.execute("SELECT 1")
            answer = server.call("POST", "/api/v1/ips/", token, pair)
        assert (answer.status, IPAddress.objects.count()) == (503, 0)
        assert server.call("POST", "/api/v1/ips/", token, pair).status == 201
