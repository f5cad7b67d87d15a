"""The feed: whoever reads on from a position gets each event once, in an order in which nothing arrives late."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import isolate_apps
from django.utils import timezone

from ipam import errors
from ipam.domain.core import history, pruning
from ipam.domain.notify import feed
from ipam.domain.people import members
from ipam.models import Event, FeedReader, FeedState, Project
from ipam.models import feed as feed_models
from ipam.models.events import Kind, Verb
from ipam.models.feed import Position
from ipam.models.roles import Role
from tests.callers import as_user
from tests.domain import clients
from tests.domain.crowd import in_processes, in_threads

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite has one writer, and no clusters")


def write(count: int = 1, kind: Kind = Kind.INSTALLATION, **columns: Any) -> list[int]:
    """Leave events; their ids."""
    return [event.pk for _ in range(count) if (event := history.write(Verb.UPDATE, kind, **columns))]


def keys(page: feed.Page) -> list[int]:
    return [event.pk for event in page.events]


def test_every_event_of_eight_writers_is_read_once_while_they_write() -> None:
    writers = [partial(clients.write_events, seed=seed, times=30) for seed in range(8)]
    reader = partial(clients.follow_events, wanted=8 * 30)
    *written, read, other = in_processes([*writers, reader, reader])
    assert sorted(read) == sorted(key for keys in written for key in keys)
    assert other == read


@on_postgresql
def test_event_that_is_seen_first_waits_for_one_whose_transaction_began_to_write_before() -> None:
    begun = feed.now()
    with transaction.atomic():
        slow = write()
        (quick,) = in_threads([write])
        waiting = in_threads([partial(feed.read, begun, limit=9)])[0]
    assert (keys(waiting), keys(feed.read(waiting.next, limit=9))) == ([], slow + quick)


@on_postgresql
def test_transaction_of_another_database_of_the_cluster_holds_nothing_back() -> None:
    begun = feed.now()
    elsewhere = connection.copy()
    elsewhere.settings_dict["NAME"] = "postgres"
    elsewhere.settings_dict["OPTIONS"].pop("pool", None)
    try:
        elsewhere.set_autocommit(False)
        with elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
            written = write()
            assert keys(feed.read(begun, limit=9)) == written
    finally:
        elsewhere.close()


@on_postgresql
def test_order_is_that_of_transactions_and_not_of_ids() -> None:
    begun = feed.now()
    with transaction.atomic():
        write(kind=Kind.USER)
        (later,) = in_threads([write])
        last = write()
    assert keys(feed.read(begun, limit=9))[1:] == last + later


def test_pages_follow_one_another_to_the_end() -> None:
    written = write(5)
    first = feed.read(feed.start(), limit=2)
    second = feed.read(first.next, limit=2)
    third = feed.read(second.next, limit=2)
    assert [keys(first), keys(second), keys(third)] == [written[:2], written[2:4], written[4:]]
    assert [first.more, second.more, third.more] == [True, True, False]


def test_now_is_after_all_that_was_and_before_all_that_comes() -> None:
    write(2)
    now = feed.now()
    assert keys(feed.read(now, limit=9)) == []
    written = write(2)
    assert keys(feed.read(now, limit=9)) == written


def test_position_goes_beyond_what_the_reader_has_left_out() -> None:
    write(3)
    page = feed.read(feed.start(), limit=9, events=Event.objects.filter(kind=Kind.USER))
    assert (page.events, page.next) == ([], feed.now())


def test_reader_sees_no_foreign_events(project: Project, stranger: Project) -> None:
    user = User.objects.create(username="alice")
    members.grant(user, Role.VIEWER, project=project)
    begun = feed.now()
    mine = write(project_id=project.pk)
    write(project_id=stranger.pk)
    write()
    with as_user(user):
        assert keys(feed.read(begun, limit=9)) == mine


def test_cursor_is_text_that_leads_back_to_its_position() -> None:
    write(3)
    position = feed.read(feed.start(), limit=2).next
    assert feed.position_at(feed.cursor_of(position)) == position


@pytest.mark.parametrize("text", ["", "x", "MC4x", "now", "é", "MC4xLi4x", "MC4tMS4x", "MC4xLjE=\n", "MA" * 400])
def test_other_texts_are_no_cursors(text: str) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        feed.position_at(text)
    assert refusal.value.field == "after"


def test_cursor_before_what_was_pruned_has_expired_and_one_after_it_has_not() -> None:
    old = timezone.now() - timedelta(days=9)
    write(4)
    Event.objects.filter(pk__in=Event.objects.order_by("pk")[:3]).update(at=old)
    cursors = [feed.cursor_of(event.position) for event in Event.objects.order_by("pk")]
    pruning.prune(timezone.now() - timedelta(days=1))
    with pytest.raises(errors.CursorExpired):
        feed.position_at(cursors[1])
    assert [len(feed.read(feed.position_at(cursor), limit=9).events) for cursor in cursors[2:]] == [2, 1]


def test_start_is_where_pruning_has_ended() -> None:
    write(4)
    Event.objects.filter(pk__in=Event.objects.order_by("pk")[:3]).update(at=timezone.now() - timedelta(days=9))
    pruning.prune(timezone.now() - timedelta(days=1))
    assert feed.position_at(feed.cursor_of(feed.start())) == feed.start() > Position()
    assert [event.verb for event in feed.read(feed.start(), limit=9).events] == ["update", "prune"]


def test_cursor_of_what_has_not_happened_has_expired() -> None:
    """As after a return to an earlier state of the database."""
    write()
    now = feed.now()
    with pytest.raises(errors.CursorExpired):
        feed.position_at(feed.cursor_of(Position(now.xid + 9, now.id + 9)))


# --- another cluster of PostgreSQL ----------------------------------------------------------------
@pytest.fixture
def follower() -> Iterator[Any]:
    """A model that keeps a position."""
    with isolate_apps("ipam"):

        class Follower(FeedReader):
            class Meta:
                app_label = "ipam"

    with connection.schema_editor() as editor:
        editor.create_model(Follower)
    yield Follower
    with connection.schema_editor() as editor:
        editor.delete_model(Follower)


def restored(written: list[int]) -> None:
    """As if these events, in this order, came from a cluster that is far ahead."""
    ahead = feed.now().xid + 1_000_000
    for number, key in enumerate(written):
        Event.objects.filter(pk=key).update(xid=ahead + number)


def migrated() -> None:
    feed_models.renumber(using="default")


@on_postgresql
def test_events_of_another_cluster_come_before_new_ones_once_it_was_migrated() -> None:
    written = write(3)
    restored(written)
    migrated()
    assert set(Event.objects.values_list("xid", flat=True)) == {0}
    assert keys(feed.read(feed.start(), limit=9)) == written
    written += write()
    assert keys(feed.read(feed.start(), limit=9)) == written


@on_postgresql
def test_cursor_of_another_cluster_has_expired() -> None:
    restored(write(3))
    cursor = feed.cursor_of(Event.objects.latest("xid").position)
    migrated()
    with pytest.raises(errors.CursorExpired):
        feed.position_at(cursor)


@on_postgresql
@pytest.mark.parametrize(("read", "left"), [(0, [1, 2, 3]), (1, [1, 2, 3]), (2, [2, 3]), (3, [])])
def test_reader_of_another_cluster_misses_nothing(read: int, left: list[int], follower: Any) -> None:
    """The order was 3, 1, 2: whoever has read 3 alone reads it again."""
    one, two, three = write(3)
    order = [three, one, two]
    restored(order)
    follower.objects.create(position=Event.objects.get(pk=order[read - 1]).position if read else Position())
    models = SimpleNamespace(get_model=apps.get_model, get_models=lambda: [follower, Event])
    feed_models.renumber(using="default", apps=models)
    wanted = {1: one, 2: two, 3: three}
    assert keys(feed.read(follower.objects.get().position, limit=9)) == [wanted[number] for number in left]


@on_postgresql
def test_events_of_the_same_cluster_keep_their_transactions() -> None:
    write(2)
    before = list(Event.objects.order_by("pk").values_list("xid", flat=True))
    migrated()
    assert list(Event.objects.order_by("pk").values_list("xid", flat=True)) == before
    assert not FeedState.objects.exists()
