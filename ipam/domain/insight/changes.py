"""Judging what changes between surveys: the networks that the feed names, every minute."""

from collections.abc import Sequence

from django.utils import timezone

from ipam.domain.core import bulk_insert
from ipam.domain.insight import judging, watching
from ipam.domain.insight.watching import Watched
from ipam.domain.notify import feed, letters
from ipam.models import AlertReader, Event, Mention, Network
from ipam.models.events import Kind
from ipam.models.feed import Position

_EVENTS, _NETWORKS = 1_000, 500  # read, and judged, at once
_MAX_READ = 20_000  # events of one run; a survey judges all
_OURS = (Kind.ALERT, Kind.ALERT_RULE, Kind.FINDING)


def follow() -> None:
    """Judge the networks that were named since the last time, pools and quotas; then send the letters that are due.

    Of snoozes that have ended it tells as well. The first time there is nothing to follow: the next survey judges all.
    """
    reader, _ = AlertReader.objects.get_or_create(pk=1)
    if not reader.has_begun:
        AlertReader.objects.update(has_begun=True, **_columns(feed.now()))
        return
    keys, position = _named_since(reader.position)
    for batch in bulk_insert.batches(sorted(keys), _NETWORKS):
        judging.judge_networks(batch)
    if not keys:
        judging.judge_networks([])
    AlertReader.objects.filter(pk=1, **_columns(reader.position)).update(**_columns(position))
    letters.send_due()


def see_again(watched: Watched, position: Position) -> None:
    """Let networks that were named after this position, while a survey read, be judged as they are now: what has begun
    or ended meanwhile would end, or begin, and the other way round a minute later.
    """
    keys, _ = _named_since(position)
    for batch in bulk_insert.batches(sorted(keys & watched.networks.keys()), _NETWORKS):
        watched.replace(watching.of_networks(batch, timezone.now()))


def follow_from(position: Position) -> None:
    """Judge again what has changed after this position: a survey that began then has judged by older values."""
    reader = AlertReader.objects.filter(pk=1, has_begun=True).first()
    if reader and reader.position > position:
        AlertReader.objects.filter(pk=1, **_columns(reader.position)).update(**_columns(position))


def _named_since(position: Position) -> tuple[set[str], Position]:
    """The networks that events after this position are about, and up to where that is."""
    keys: set[str] = set()
    events = Event.objects.exclude(kind__in=_OURS)
    for _ in range(_MAX_READ // _EVENTS):
        page = feed.read(position, limit=_EVENTS, events=events)
        keys |= _networks_of(page.events)
        position = page.next
        if not page.more:
            return keys, position
    return keys, feed.now()


def _networks_of(events: Sequence[Event]) -> set[str]:
    """The networks of these events, and those that they were carved from; two statements."""
    if not events:
        return set()
    named = {one.network_id for one in events}
    named |= {key for one in events for key in one.changes.get("parent", ()) if isinstance(key, str)}
    mentioned = Mention.objects.filter(event__in=[one.pk for one in events], address=None).order_by()
    named |= set(mentioned.values_list("network_id", flat=True))
    carved = Network.objects.filter(pk__in=named, parent__isnull=False).order_by().values_list("parent", flat=True)
    return {key for key in (*named, *carved) if key}


def _columns(position: Position) -> dict[str, int]:
    return {"feed_xid": position.xid, "feed_id": position.id}
