"""Rows that many tests need, stored once: to functions what Django's `setUpTestData` is to classes.

A shared fixture only stores rows, of other shared fixtures if it likes. Each stands in a savepoint of its own, upon
those that were stored before. They stay for the next test of the module: what it asks for as well is taken as it is,
and from the first difference on savepoints are rolled back and rows stored anew. So a test sees the rows of the
fixtures that it asks for, directly or through others, and no more. What it does itself goes with the savepoint that
pytest-django puts on top. Instances are handed out as copies, so what a test or a fixture sets on them is gone too.

Shared rows are older than everything else that a test prepares (clocks, settings, patches). Tests with
`transaction=True` have none: for them fixtures are stored as ordinary ones are.
"""

import functools
import pickle
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker


def shared_fixture(store: Callable[..., Any]) -> Any:
    """A fixture whose rows are stored once for all tests in a row that need them; each test gets copies."""

    @functools.wraps(store)
    def fixture(**needs: Any) -> Any:
        return _layers.take(store, needs)

    fixture.is_shared = True  # type: ignore[attr-defined]
    return pytest.fixture(fixture)


@dataclass(frozen=True)
class _Layer:
    """What a fixture has stored, and the savepoint around it."""

    store: Callable[..., Any]
    pickled: bytes  # what it has returned: quicker to copy than by `deepcopy`, and with what was prefetched
    savepoint: AbstractContextManager[None]


class _Layers:
    """Savepoints one inside another, each with the rows of one shared fixture."""

    def __init__(self) -> None:
        self._layers: list[_Layer] = []
        self._used = 0  # how many of them the coming test has asked for
        self._is_open = False  # while a test runs they are not: what it asks for only then is its own

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """Inside, shared fixtures are taken or stored; rows of those that were not asked for are gone afterwards."""
        self._used, self._is_open = 0, True
        try:
            yield
            self.drop_from(self._used)
        finally:
            self._is_open = False

    def take(self, store: Callable[..., Any], needs: dict[str, Any]) -> Any:
        """A copy of what this fixture has stored. What it needs has been taken before."""
        if not self._is_open:
            return store(**needs)
        if self._used == len(self._layers) or self._layers[self._used].store is not store:
            self.drop_from(self._used)
            self._add(store, needs)
        self._used += 1
        return pickle.loads(self._layers[self._used - 1].pickled)

    def drop_from(self, count: int) -> None:
        while len(self._layers) > count:
            self._layers.pop().savepoint.__exit__(None, None, None)

    def _add(self, store: Callable[..., Any], needs: dict[str, Any]) -> None:
        stored = {layer.store.__name__: layer.pickled for layer in self._layers}
        savepoint = _rolled_back()
        savepoint.__enter__()
        try:
            pickled = pickle.dumps(store(**{name: pickle.loads(stored[name]) for name in needs}))
        except BaseException:
            savepoint.__exit__(None, None, None)
            raise
        self._layers.append(_Layer(store, pickled, savepoint))


_layers = _Layers()


@contextmanager
def _rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _names(test: pytest.Item) -> list[str]:
    """The shared fixtures that a test asks for, directly or through others."""
    if not isinstance(test, pytest.Function):
        return []
    found = test._fixtureinfo.name2fixturedefs
    return [name for name in test.fixturenames if name in found and hasattr(found[name][-1].func, "is_shared")]


@pytest.hookimpl(tryfirst=True)  # before pytest-django puts those that need a database first
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever needs shared rows needs a database."""
    for item in items:
        if _names(item) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="module")
def _shared_rows_of_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        _layers.drop_from(0)


@pytest.fixture
def _shared_rows(
    request: pytest.FixtureRequest, _shared_rows_of_module: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """All shared rows that this test needs, and no others."""
    marker = request.node.get_closest_marker("django_db")
    transactional = (marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames
    with django_db_blocker.unblock(), _layers.chosen():
        for name in [] if transactional else _names(request.node):
            request.getfixturevalue(name)


@pytest.fixture
def _django_db_helper(_shared_rows: None, _django_db_helper: None) -> None:
    """What `db` and the mark `django_db` stand on in pytest-django: the transaction of a test, now upon shared rows."""
