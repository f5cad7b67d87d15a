"""The inverse of a release: the same addresses, ids, allocation, names and labels (the exception to rule 26)."""

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Q, QuerySet

from ipam import errors
from ipam.domain.core import access, history, kept_rows, lookups
from ipam.domain.networks import address_batches, addresses
from ipam.models import Event, IPAddress, Network, Project
from ipam.models.base import Record
from ipam.models.events import Verb

R = TypeVar("R", bound=Record)


def restore(event: Event) -> Sequence[IPAddress]:
    """Take what an event has released, as it was; the event is locked, and whoever asks is of its project.

    UndoExpired when it is kept no longer; ChangedSince when its network, prefix or project has gone, or its allocation
    has another address by now; else the errors of `address_batches.take_back`.
    """
    if event.kept is None:
        raise errors.UndoExpired("What it released is kept no longer. Allocate it anew.")
    rows = kept_rows.read(event)
    networks = {one.pk: one for one in _there(Network.objects.all(), {row.network_id for row in rows}, "network")}
    projects = {one.pk: one for one in _there(Project.objects.all(), {row.project_id for row in rows}, "project")}
    for row in rows:
        row.network, row.project = networks[row.network_id], projects[row.project_id]
    for network_id, project_id in {(row.network_id, row.project_id) for row in rows}:
        addresses.require_allocation(networks[network_id], projects[project_id])
    _check_halves(rows)
    try:
        address_batches.take_back(rows)
    except (errors.NotInPrefix, errors.ReservedAddress) as gone:
        raise errors.ChangedSince(gone.detail) from None
    history.record_addresses(Verb.ALLOCATE, begun=rows, is_undoable=True, undoes=event.pk)
    return rows


def _there(objects: QuerySet[R], keys: set[object], kind: str) -> list[R]:
    """These objects, locked, so that nobody completes allocations of them or deletes them; ChangedSince without one."""
    found = lookups.lock_all(objects.filter(pk__in=keys).order_by("pk"), no_key=True)
    if gone := keys - {one.pk for one in found}:
        raise errors.ChangedSince(f"The {kind} {min(map(str, gone))} has gone. Nothing can be taken from it.")
    return found


def _check_halves(rows: Sequence[IPAddress]) -> None:
    """What is in their allocations by now leaves room for them: the other half, of nobody else and no machine."""
    keys, places = {row.pk for row in rows}, {(row.allocation, row.family) for row in rows}
    projects = {row.allocation: row.project_id for row in rows}
    same = Q(pk__in=keys) | Q(allocation__in=projects)
    for one in lookups.lock_all(IPAddress.objects.filter(same).order_by("pk")):
        access.require_own(one)
        if one.machine_id:
            raise errors.ChangedSince(f"{one} of the same allocation belongs to machine {one.machine} now.")
        if one.pk in keys or (one.allocation, one.family) in places or projects[one.allocation] != one.project_id:
            raise errors.ChangedSince(f"Its allocation has {one} by now. Release that first.")
