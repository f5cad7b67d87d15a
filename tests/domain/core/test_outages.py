"""A database that fails: what is said, and that nothing is kept by halves."""

import io
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)

from ipam import errors
from ipam.domain.core import outages
from ipam.domain.core.outages import OutOfTime
from ipam.domain.files import importing
from ipam.domain.files.kinds import KINDS
from ipam.domain.files.tables import Table
from ipam.models import Project

only_on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")


def code_of(error: Exception) -> str | None:
    explained = outages.explain(error)
    return explained and explained.code


@only_on_postgresql
@pytest.mark.django_db
def test_statement_that_takes_too_long_is_timed_out() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 10")
        with pytest.raises(OperationalError) as failure:
            cursor.execute("SELECT pg_sleep(60)")
    assert code_of(failure.value) == "timed_out"


@only_on_postgresql
@pytest.mark.django_db(transaction=True)
def test_connection_that_was_cut_leaves_it_open_what_happened() -> None:
    with connection.cursor() as cursor, pytest.raises((OperationalError, InterfaceError)) as failure:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close()
    assert code_of(failure.value) == "unavailable"


@pytest.fixture
def connect(db: None) -> Iterator[Callable[..., None]]:
    """Opens one more connection, from a pool of one."""
    opened: list[Any] = []

    def open_one(**settings: Any) -> None:
        opened.append(connection.copy(alias="pool-of-one"))
        options = {**connection.settings_dict["OPTIONS"], "pool": {"min_size": 0, "max_size": 1, "timeout": 0.1}}
        opened[-1].settings_dict = {**connection.settings_dict, "OPTIONS": options, **settings}
        opened[-1].ensure_connection()

    yield open_one
    for one in opened:
        one.close()
    if opened[0].pool:
        opened[0].close_pool()


@only_on_postgresql
def test_who_waits_for_a_connection_of_the_pool_in_vain_is_busy(connect: Callable[..., None]) -> None:
    connect()
    with pytest.raises(OperationalError) as failure:
        connect()
    assert code_of(failure.value) == "busy"


@only_on_postgresql
def test_who_cannot_connect_has_changed_nothing(connect: Callable[..., None]) -> None:
    with pytest.raises(OperationalError) as failure:
        connect(HOST="127.0.0.1", PORT=1, OPTIONS={})
    assert code_of(failure.value) == "busy"


@only_on_postgresql
@pytest.mark.django_db(transaction=True)
def test_commit_that_failed_stays_open_when_no_new_connection_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_the_connection_before_the_commit() -> None:
        with transaction.atomic():
            Project.objects.create(name="shop")
            with closing(connection.copy()) as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
            for name, value in {"OPTIONS": {}, "PORT": 1}.items():
                monkeypatch.setitem(connection.settings_dict, name, value)

    with pytest.raises((OperationalError, InterfaceError)) as failure:
        lose_the_connection_before_the_commit()
    monkeypatch.undo()
    connection.close()
    assert code_of(failure.value) == "unavailable"


@pytest.mark.parametrize("words", ["query_wait_timeout", "server login has been failing (server_login_retry)"])
def test_pooler_that_has_no_session_to_lend_is_busy(words: str) -> None:
    assert code_of(OperationalError(words)) == "busy"


@pytest.mark.parametrize("mistake", [ProgrammingError(), DataError(), IntegrityError(), ValueError()])
def test_mistakes_of_ours_are_no_outages(mistake: Exception) -> None:
    assert outages.explain(mistake) is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statements", range(3, 12, 4))
def test_import_that_runs_out_of_time_keeps_nothing_though_it_skips_what_is_refused(statements: int) -> None:
    left = iter(range(statements))

    def run_out(execute: Any, *statement: Any) -> Any:
        if next(left, None) is None:
            raise OutOfTime
        return execute(*statement)

    rows = "name,tenant\n" + "".join(f"p{number},t\n" for number in range(50))
    table = Table(KINDS["projects"], io.BytesIO(rows.encode()), "csv")
    with pytest.raises(OutOfTime), connection.execute_wrapper(run_out):
        importing.apply(table, skip_refused=True)
    assert Project.objects.count() == 0


def test_refusal_for_time_says_that_nothing_was_changed() -> None:
    explained = outages.explain(OutOfTime())
    assert isinstance(explained, errors.TimedOut)
    assert "Nothing was changed" in explained.detail
