"""Undo: for a short time the inverse of what was just done, judged anew as anything else is; all of it, or nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from ipam import errors
from ipam.domain.core import access, context, lookups
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import addresses, removal
from ipam.domain.undo import restoring
from ipam.models import Event, IPAddress, Network, Prefix, Tenure
from ipam.models.events import Verb
from ipam.models.tenures import addresses_held_since


@dataclass(frozen=True)
class Undone:
    """What an undo has done: it left `event`, as each operation does; `addresses` are those that are held again."""

    event: Event
    undone: Event
    addresses: Sequence[IPAddress] = ()


@operation
def undo(key: object) -> Undone:
    """Do the inverse of an allocation, a release or a carving, which whoever may do that inverse may.

    The page about time, section 2. NotFound for an event that the caller does not see; AlreadyUndone; NotUndoable for
    what has no inverse here; UndoExpired after `UNDO_SECONDS`; ChangedSince when a part of it went its own way;
    AlreadyAllocated when somebody else has an address by now; and all that the rules say of the inverse.
    """
    event = lookups.get(Event, key, lock=True)
    access.require(Permission.ALLOCATE, event.project_id)
    _check(event)
    given = _INVERSES[Verb(event.verb)](event)
    undoing = Event.objects.get(undoes=event.pk)
    Event.objects.filter(pk=event.pk).update(undone_by=undoing.pk, kept=None)
    return Undone(undoing, event, given)


def newest() -> Event | None:
    """What the request that is under way has just done and may undo; None when it has done nothing of the kind."""
    left = access.visible(Event.objects.filter(request_id=context.current().request_id, is_undoable=True))
    return left.told().order_by("-at", "-id").first()


def _check(event: Event) -> None:
    """Whether it is one that can be undone, and in time."""
    if event.undone_by is not None:
        raise errors.AlreadyUndone(f"This was undone already, by event {event.undone_by}. Nothing is left to do.")
    if event.undo_until is None:
        whole = f" It was a part of event {event.part_of_id}." if event.part_of_id else ""
        raise errors.NotUndoable(
            f"“{event.verb} {event.kind}” is not undone here, only addresses that were allocated for no machine, or "
            f"released (not too many at once), and child networks that were carved.{whole} Do the opposite yourself."
        )
    if timezone.now() >= event.undo_until:
        raise errors.UndoExpired(
            f"This could be undone until {event.undo_until:%Y-%m-%d %H:%M:%S} UTC. Do the opposite yourself."
        )


def _release(event: Event) -> Sequence[IPAddress]:
    """The inverse of an allocation."""
    held = addresses.lock(addresses_held_since(event.pk))
    taken = [one for one in held if one.machine_id][:_MAX_TOLD]
    machines = [f"{one} belongs to machine {one.machine} now." for one in taken]
    if machines or len(held) != event.count:
        begun = Tenure.objects.of_addresses().filter(begun_by=event.pk).exclude(until=None).order_by("address")
        lost = machines or [f"{one} was released or given to a machine." for one in begun[:_MAX_TOLD]]
        raise _changed(*lost, "Release the rest yourself.")
    addresses.release_locked(sorted(held, key=lambda one: one.address), undoes=event.pk)
    return ()


def _delete(event: Event) -> Sequence[IPAddress]:
    """The inverse of carving a child network."""
    network = access.visible(Network.objects.filter(pk=event.object_id)).first()
    blocks = Tenure.objects.open().of_blocks().filter(begun_by=event.pk).count()
    if network is None or Prefix.objects.filter(network=network).count() != blocks:
        gone = "was deleted" if network is None else "has got another prefix"
        raise _changed(f"Network {event.object_id} {gone}.")
    try:
        removal.remove(network, undoes=event.pk)
    except errors.IpamError as refusal:
        if isinstance(refusal.errors[0], errors.HasChildren | errors.HasMachines | errors.HasIps | errors.InUse):
            raise _changed(refusal.detail) from refusal
        raise
    return ()


def _changed(*what: str) -> errors.ChangedSince:
    return errors.ChangedSince(" ".join(["Something has changed since.", *what]))


_MAX_TOLD = 5  # addresses
_INVERSES: Mapping[Verb, Callable[[Event], Sequence[IPAddress]]] = {
    Verb.ALLOCATE: _release,
    Verb.RELEASE: restoring.restore,
    Verb.CARVE: _delete,
}
