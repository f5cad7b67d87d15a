from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam.models import Event, Mention
from tests.shared import shared_fixture

Run = Callable[..., str]


@shared_fixture
def events() -> None:
    """2,500 events that are two years old, and ten of today."""
    old = timezone.now() - timedelta(days=730)
    Event.objects.bulk_create(
        Event(at=at, door="api", verb="create", kind="partition") for at in [old] * 2500 + [timezone.now()] * 10
    )


def test_old_events_go_and_one_says_so(run: Run, events: None) -> None:
    assert run("prune_events", "--older-than", "365d").startswith("Deleted 2,500 events from before ")
    kept = Event.objects.order_by("id")
    assert [event.verb for event in kept] == ["create"] * 10 + ["prune"]
    assert (kept[10].count, kept[10].door) == (2500, "command")


def test_no_transaction_deletes_more_than_a_thousand(run: Run, events: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        run("prune_events", "--older-than", "365d")
    assert sum(query["sql"].startswith('DELETE FROM "ipam_event"') for query in captured) == 3


def test_parts_and_mentions_go_with_their_event(run: Run, events: None) -> None:
    whole = Event.objects.earliest("id")
    part = Event.objects.create(door="api", verb="create", kind="network", part_of=whole)
    Mention.objects.create(event=part, network_id="internet")
    run("prune_events", "--older-than", "365d")
    assert not Event.objects.filter(pk__in=[whole.pk, part.pk]).exists()
    assert not Mention.objects.exists()


def test_dry_run_counts_and_keeps_all(run: Run, events: None) -> None:
    assert run("prune_events", "--older-than", "365d", "--dry-run").startswith("Would delete 2,500 events")
    assert Event.objects.count() == 2510


def test_nothing_to_prune_leaves_no_event(run: Run, events: None) -> None:
    assert run("prune_events", "--older-than", "9999d").startswith("Deleted 0 events")
    assert Event.objects.count() == 2510


@pytest.mark.parametrize("text", ["365", "0d", "1y", "-1d", "d", "100000d", "٣d"])
def test_anything_but_days_is_refused_with_an_example(run: Run, text: str) -> None:
    with pytest.raises(CommandError, match="Write 365d for a year"):
        run("prune_events", f"--older-than={text}")


def test_moment_may_be_named_instead_of_an_age(run: Run, events: None) -> None:
    moment = timezone.now() - timedelta(days=1)
    assert run("prune_events", f"--before={moment.isoformat()}").startswith("Deleted 2,500 events from before ")
    assert Event.objects.count() == 11


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31", "2026-01-31T00:00:00", "2026-13-01T00:00:00Z"])
def test_anything_but_a_moment_is_refused_with_an_example(run: Run, text: str) -> None:
    with pytest.raises(CommandError, match="Write 2026-01-31T00:00:00Z"):
        run("prune_events", f"--before={text}")


def test_moment_that_has_not_come_is_refused(run: Run) -> None:
    with pytest.raises(CommandError, match="has not come yet"):
        run("prune_events", "--before=2999-01-01T00:00:00Z")


def test_age_and_moment_are_not_named_both(run: Run) -> None:
    with pytest.raises(CommandError, match="not allowed with"):
        run("prune_events", "--older-than=365d", "--before=2020-01-01T00:00:00Z")


def test_age_has_to_be_named(run: Run) -> None:
    with pytest.raises(CommandError, match="--older-than"):
        run("prune_events")
