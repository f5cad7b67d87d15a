"""Reading the change history: what happened to an object, and to an address."""

from netaddr import IPAddress as Address

from ipam.domain.core import access
from ipam.domain.core.paging import HIGHEST_LIMIT, Page, page
from ipam.models import Event
from ipam.models.events import EventQuerySet


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
