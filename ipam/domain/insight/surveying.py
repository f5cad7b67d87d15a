"""Taking a survey: reading every free block and every allocation once, and keeping what differs from the last one."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from ipam.addressing import Family
from ipam.domain.core import access, bulk_insert, pruning
from ipam.domain.core.operations import snapshot
from ipam.domain.core.permissions import Permission
from ipam.domain.insight import (
    changes,
    cluster_findings,
    findings,
    forecasts,
    judging,
    series,
    survey_age,
    thinning,
    transitions,
)
from ipam.domain.insight.series import Reading
from ipam.domain.insight.survey import families_of, in_order
from ipam.domain.insight.watching import Watched
from ipam.domain.notify import feed, letters
from ipam.domain.space import cooling, utilization
from ipam.models import Finding, Network, Survey
from ipam.models.feed import Position

_EVERY = timedelta(hours=1)
_CHUNK = 500  # networks whose free blocks are summed at once


def run() -> int:
    """Survey the whole installation, keep what differs from the last survey, and say how many findings there are.

    What has cooled is free again by then. Everything is read in one snapshot, and written afterwards in small
    transactions: nobody waits for a survey. What it has seen is judged by the alert rules, and letters are sent.
    """
    access.require(Permission.OPERATE)
    cooling.expire()
    now, begun_at = timezone.now(), feed.now()
    kept: list[Finding] = []
    families: dict[str, set[Family]] = {}
    by_id: dict[str, Network] = {}
    readings: list[Reading] = []
    with snapshot():
        for networks in _chunks():
            uses = utilization.of_networks(networks)
            kept += findings.of_networks(networks, uses)
            families |= families_of(uses)
            by_id |= {network.pk: network for network in networks}
            readings += series.of_networks(networks, uses)
        readings += series.of_projects()
        kept += [*findings.of_the_rest(families, limit=None), *cluster_findings.of_clusters(limit=None)]
    series.record(readings, now)
    _keep_findings(kept := in_order(kept))
    forecasts.keep_due(now)
    _judge(Watched(now, networks=by_id, readings=[one for one in readings if one.network_id], findings=kept), begun_at)
    Survey.objects.update_or_create(pk=1, defaults={"at": now})
    _forget(now)
    letters.send_due()
    return len(kept)


def _judge(watched: Watched, begun_at: Position) -> None:
    """By the alert rules; what has changed since the survey began as it is now, and again with the feed."""
    changes.see_again(watched, begun_at)
    judging.judge(watched)
    changes.follow_from(begun_at)


def _forget(now: datetime) -> None:
    """Let go of what is too old to be of use."""
    thinning.thin(now, steps_days=settings.HISTORY_STEPS_DAYS, days=settings.HISTORY_DAYS)
    pruning.forget_kept(now)
    transitions.forget(now - timedelta(days=settings.HISTORY_DAYS))


def run_if_due() -> None:
    """Survey if the last survey is an hour old. ADMINS are told when something has been in the way for a day."""
    as_of = survey_age.last()
    if as_of and timezone.now() - as_of < _EVERY:
        return
    try:
        run()
    except Exception:
        survey_age.tell_admins()
        raise


def _keep_findings(found: Sequence[Finding]) -> None:
    """Let these findings stand in the place of the last survey's; what is still so stays as it is."""
    said = {(one.place, one.sentence): one for one in found}
    gone = []
    for one in Finding.objects.iterator(chunk_size=_CHUNK):
        if said.pop((one.place, one.sentence), None) is None:
            gone.append(one.pk)
    for batch in bulk_insert.batches(gone, _CHUNK):
        Finding.objects.filter(pk__in=batch).delete()
    for new in bulk_insert.batches(said.values(), _CHUNK):
        Finding.objects.bulk_create(new)


def _chunks() -> Iterable[list[Network]]:
    after = ""
    while networks := list(Network.objects.filter(pk__gt=after).order_by("pk")[:_CHUNK]):
        yield networks
        after = networks[-1].pk
