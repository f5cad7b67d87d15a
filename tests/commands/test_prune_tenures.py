from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ipam.domain.core import pruning
from ipam.models import Event, Tenure
from tests.builders import ip
from tests.shared import shared_fixture

Run = Callable[..., str]


@shared_fixture
def tenures() -> None:
    """2,500 that ended four years ago between two that last since then, and one that ended yesterday."""
    now = timezone.now()
    old, long_ago, yesterday = (now - timedelta(days=days) for days in (2000, 1460, 1))
    ends = [None, *[long_ago] * 2500, None, yesterday]
    Tenure.objects.bulk_create(
        Tenure(address=ip(f"10.0.{n // 256}.{n % 256}"), network_id="n", since=old, until=until)
        for n, until in enumerate(ends)
    )


def test_tenures_that_ended_long_ago_go_and_an_event_says_so(run: Run, tenures: None) -> None:
    assert run("prune_tenures", "--older-than", "1095d").startswith("Deleted 2,500 tenures from before ")
    assert [one.until is None for one in Tenure.objects.order_by("pk")] == [True, True, False]
    event = Event.objects.get()
    assert (event.verb, event.count, list(event.changes)) == ("prune", 2500, ["tenures_since"])


def test_tenure_that_lasts_stays_however_old(run: Run, tenures: None) -> None:
    run("prune_tenures", "--before", timezone.now().isoformat())
    assert Tenure.objects.count() == Tenure.objects.open().count() == 2


def test_no_transaction_deletes_more_than_a_thousand_tenures(run: Run, tenures: None) -> None:
    with CaptureQueriesContext(connection) as captured:
        run("prune_tenures", "--older-than", "1095d")
    assert sum(query["sql"].startswith('DELETE FROM "ipam_tenure"') for query in captured) == 3


def test_dry_run_counts_and_keeps_all_tenures(run: Run, tenures: None) -> None:
    assert run("prune_tenures", "--older-than", "1095d", "--dry-run").startswith("Would delete 2,500 tenures")
    assert (Tenure.objects.count(), Event.objects.count()) == (2503, 0)


def test_nothing_to_forget_leaves_no_event(run: Run, tenures: None) -> None:
    assert run("prune_tenures", "--older-than", "9999d").startswith("Deleted 0 tenures")
    assert not Event.objects.exists()


def test_progress_is_told_by_the_thousand(tenures: None) -> None:
    told: list[int] = []
    assert pruning.prune_tenures(timezone.now() - timedelta(days=1095), on_progress=told.append) == 2500
    assert told == [1000, 1000, 500]
