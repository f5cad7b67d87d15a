"""Reading the change history: what happened to an object, and who had an address on that day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from netaddr import IPAddress as Address

from ipam.domain import access
from ipam.domain.paging import HIGHEST_LIMIT, Page, page
from ipam.models import Event, IPAddress
from ipam.models.events import EventQuerySet


@dataclass(frozen=True)
class Holder:
    """Who had an address: a project, and perhaps one of its machines. They may be gone since."""

    project_id: UUID
    machine_id: str | None


def newest(events: EventQuerySet, *, limit: int, cursor: str = "") -> Page:
    """A page of these events, newest first, without what no list shows; one statement."""
    return page(events.listed(), field="at", descending=True, limit=limit, cursor=cursor)


def of_object(kind: str, object_id: str) -> EventQuerySet:
    """What happened to one object: a machine, a project, … by its kind and id; to be paged by `newest`."""
    return access.visible(Event.objects.of_object(kind, object_id))


def of_network(network_id: str) -> EventQuerySet:
    """What happened to a network and in it; to be paged by `newest`."""
    return access.visible(Event.objects.in_networks([network_id]))


def of_address(network_id: str, address: Address) -> list[Event]:
    """The timeline of an address of a network, newest first, at most the newest 1,000 events of it; one statement."""
    events = access.visible(Event.objects.about(network_id, address)).listed()
    return list(events.order_by("-at", "-id")[:HIGHEST_LIMIT])


def holder_at(network_id: str, address: Address, moment: datetime) -> Holder | None:
    """Who held an address of a network at a moment; None if nobody did.

    The last event before the moment says it; else the first one after it, which knows what was before; else, where
    history begins later than the address, the address that is there now.
    """
    about = Event.objects.about(network_id, address)
    if event := about.filter(at__lte=moment).order_by("-at", "-id").first():
        return _holder(event, "after", network_id, address)
    if event := about.filter(at__gt=moment).order_by("at", "id").first():
        return _holder(event, "before", network_id, address)
    held = IPAddress.objects.filter(network=network_id, address=address, created_at__lte=moment).first()
    return Holder(held.project_id, held.machine_id) if held else None


def _holder(event: Event, side: str, network_id: str, address: Address) -> Holder | None:
    move: Any = event.move_of(network_id, str(address))
    found = move[side]
    return Holder(UUID(found["project"]), found["machine"]) if found else None
