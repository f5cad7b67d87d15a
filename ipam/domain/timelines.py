"""Reading the change history: what happened to an object, and to an address."""

from collections.abc import Iterator
from itertools import islice

from netaddr import IPAddress as Address

from ipam.domain import access
from ipam.domain.paging import HIGHEST_LIMIT, Page, page
from ipam.models import Event
from ipam.models.events import EventQuerySet

_CHUNK = 50  # events read at once; one about a thousand addresses has 20 kB


def newest(events: EventQuerySet, *, limit: int, cursor: str = "") -> Page:
    """A page of these events, newest first; one statement."""
    return page(events, field="at", descending=True, limit=limit, cursor=cursor)


def of_object(kind: str, object_id: str) -> EventQuerySet:
    """What happened to one object: a machine, a project, … by its kind and id; to be paged by `newest`."""
    return access.visible(Event.objects.of_object(kind, object_id))


def of_network(network_id: str) -> EventQuerySet:
    """What happened to a network and in it; to be paged by `newest`."""
    return access.visible(Event.objects.in_network(network_id))


def of_address(network_id: str, address: Address) -> list[Event]:
    """The timeline of an address of a network, newest first, at most the newest 1,000 events of it; one statement."""
    return list(
        islice(_about(network_id, address, access.visible(Event.objects.order_by("-at", "-id"))), HIGHEST_LIMIT)
    )


def _about(network_id: str, address: Address, events: EventQuerySet) -> Iterator[Event]:
    """Those about this address of this network; an operation on several networks may be about its namesake."""
    found = events.naming(address).filter(network_id__in=[network_id, ""]).iterator(chunk_size=_CHUNK)
    return (event for event in found if event.move_of(network_id, str(address)))
