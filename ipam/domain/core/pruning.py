"""Forgetting the oldest part of what happened, in small transactions that hold nobody up."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from ipam.domain.core import access, history
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.models import Event, FeedState, Mention, Tenure
from ipam.models.events import EventQuerySet, Kind, Verb
from ipam.models.tenures import TenureQuerySet

_BATCH = 1000  # events or tenures in one transaction


def older_than(moment: datetime) -> EventQuerySet:
    """The events before this moment, oldest first."""
    return access.visible(Event.objects.filter(at__lt=moment)).order_by("at", "id")


def prune(moment: datetime, *, on_progress: Callable[[int], object] = lambda events: None) -> int:
    """Delete the events before this moment, and leave one that says so; how many were deleted.

    `on_progress` is called with the number that was just deleted. What is deleted stays deleted when it is interrupted.
    """
    access.require(Permission.OPERATE)
    if not (found := older_than(moment).count()):
        return 0
    _announce("history_since", moment, found)
    deleted = 0
    while batch := _delete_some(moment):
        deleted += batch
        on_progress(batch)
    return deleted


def ended_before(moment: datetime) -> TenureQuerySet:
    """The tenures that had ended before this moment, oldest first; never those that last."""
    return access.visible(Tenure.objects.filter(until__lt=moment)).order_by("pk")


def prune_tenures(moment: datetime, *, on_progress: Callable[[int], object] = lambda tenures: None) -> int:
    """Delete the tenures that ended before this moment, and leave an event that says so, as `prune` does."""
    access.require(Permission.OPERATE)
    if not (found := ended_before(moment).count()):
        return 0
    _announce("tenures_since", moment, found)
    deleted, last = 0, 0
    while keys := _delete_some_tenures(moment, last):
        deleted, last = deleted + len(keys), keys[-1]
        on_progress(len(keys))
    return deleted


def forget_kept(now: datetime) -> None:
    """Forget what events have kept for an undo that comes too late by now."""
    access.require(Permission.OPERATE)
    late = now - timedelta(seconds=settings.UNDO_SECONDS)
    old = Event.objects.filter(kept__isnull=False, at__lt=late).order_by("at").values_list("pk", flat=True)
    while keys := list(old[:_BATCH]):
        Event.objects.filter(pk__in=keys).update(kept=None)


@operation
def _announce(what: str, moment: datetime, count: int) -> None:
    history.write(Verb.PRUNE, Kind.INSTALLATION, count=count, changes={what: [None, moment.isoformat()]})


@operation
def _delete_some(moment: datetime) -> int:
    keys = list(older_than(moment).values_list("pk", flat=True)[:_BATCH])
    gone = Event.objects.filter(Q(pk__in=keys) | Q(part_of__in=keys))  # parts are older than their whole, as clocks go
    _expire_cursors(gone)
    Mention.objects.filter(event__in=gone.order_by().values("pk")).delete()
    return gone._raw_delete(gone.db)  # with nothing to read before: all that refers to them has gone


def _expire_cursors(gone: EventQuerySet) -> None:
    """Let whoever has not read these events yet be told so (`ipam.domain.notify.feed`)."""
    if (last := gone.order_by("-xid", "-pk").first()) is None:
        return
    state, _ = FeedState.objects.select_for_update().get_or_create(pk=1)
    if last.position > state.pruned:
        state.pruned_xid, state.pruned_id = last.position.xid, last.position.id
        state.save()


@operation
def _delete_some_tenures(moment: datetime, after: int) -> list[int]:
    """Those with the lowest keys after this one; whoever lasts is passed over once."""
    keys = list(ended_before(moment).filter(pk__gt=after).values_list("pk", flat=True)[:_BATCH])
    Tenure.objects.filter(pk__in=keys).order_by()._raw_delete(Tenure.objects.db)
    return keys
