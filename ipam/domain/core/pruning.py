"""Forgetting the oldest part of the change history, in small transactions that hold nobody up."""

from collections.abc import Callable
from datetime import datetime

from django.db.models import Q

from ipam.domain.core import access, history
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.models import Event, Mention
from ipam.models.events import EventQuerySet, Kind, Verb

_BATCH = 1000  # events in one transaction


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
    _announce(moment, found)
    deleted = 0
    while batch := _delete_some(moment):
        deleted += batch
        on_progress(batch)
    return deleted


@operation
def _announce(moment: datetime, count: int) -> None:
    history.write(Verb.PRUNE, Kind.INSTALLATION, count=count, changes={"history_since": [None, moment.isoformat()]})


@operation
def _delete_some(moment: datetime) -> int:
    keys = list(older_than(moment).values_list("pk", flat=True)[:_BATCH])
    gone = Event.objects.filter(Q(pk__in=keys) | Q(part_of__in=keys))  # parts are older than their whole, as clocks go
    Mention.objects.filter(event__in=gone.order_by().values("pk")).delete()
    return gone._raw_delete(gone.db)  # with nothing to read before: all that refers to them has gone
