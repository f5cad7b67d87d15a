"""Reading the change history: what happened to an object, and to an address."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, Subquery, UUIDField
from netaddr import IPAddress as Address

from ipam.domain.core import access
from ipam.domain.core.paging import HIGHEST_LIMIT, Page, page
from ipam.models import Event, Mention, Network, Project, Tenure
from ipam.models.events import EventQuerySet


class Holder(NamedTuple):
    """Who holds an address: a project, and perhaps one of its machines (empty for none)."""

    project: UUID | None
    machine: str


@dataclass
class Held:
    """Addresses of a network that an event left with the same holder, and found with the same; None: they were free."""

    network: str
    before: Holder | None
    after: Holder | None
    addresses: list[Address] = field(default_factory=list)


def newest(events: EventQuerySet, *, limit: int, cursor: str = "") -> Page:
    """A page of these events, newest first, with the names of their networks and projects; one statement."""
    return page(with_names(events), field="at", descending=True, limit=limit, cursor=cursor)


def with_names(events: EventQuerySet) -> EventQuerySet:
    """`network_name`, `namespace_id` and `project_name` of each: None of what is gone, or hidden from the caller."""
    who = access.current()
    networks = access.visible(Network.objects.filter(pk=OuterRef("network_id"))).order_by()
    namespaced = networks if who.sees_everything else networks.filter(namespace__in=who.projects)
    projects = access.visible(Project.objects.filter(pk=OuterRef("project_id"))).order_by()
    return events.annotate(
        network_name=Subquery(networks.values("name")[:1]),
        namespace_id=Subquery(namespaced.values("namespace")[:1], output_field=UUIDField()),
        project_name=Subquery(projects.values("name")[:1]),
    )


def of_object(kind: str, object_id: str) -> EventQuerySet:
    """What happened to one object: a machine, a project, … by its kind and id; to be paged by `newest`."""
    return access.visible(Event.objects.of_object(kind, object_id))


def of_network(network_id: str) -> EventQuerySet:
    """What happened to a network and in it; to be paged by `newest`."""
    return access.visible(Event.objects.in_networks([network_id]).told())


def of_address(network_id: str, address: Address) -> list[Event]:
    """The timeline of an address of a network, newest first, at most the newest 1,000 events of it; one statement."""
    events = access.visible(Event.objects.about(network_id, address).told())
    return list(with_names(events).order_by("-at", "-id")[:HIGHEST_LIMIT])


def holders(event: Event) -> list[Held]:
    """Who held the addresses that an event is about, before and after it; networks in order, addresses ascending.

    Three statements. Of an address whose holder stayed, and whose tenures have been forgotten, nobody is told.
    """
    moved: dict[tuple[str, Address], list[Holder | None]] = {}
    for is_end, (network_id, address, *holder) in chain(
        _rows(True, ended_by=event.pk), _rows(False, begun_by=event.pk)
    ):
        moved.setdefault((network_id, address), [None, None])[0 if is_end else 1] = Holder(*holder)
    for (network_id, address), known in _unchanged(event):
        moved.setdefault((network_id, address), [known, known])
    found: dict[Any, Held] = {}
    for (network_id, address), (before, after) in sorted(moved.items()):
        group = found.setdefault((network_id, before, after), Held(network_id, before, after))
        group.addresses.append(address)
    return list(found.values())


def _rows(is_end: bool, **event: int) -> Iterator[tuple[bool, Any]]:
    tenures = Tenure.objects.of_addresses().filter(**event).order_by()
    for row in tenures.values_list("network_id", "address", "project_id", "machine_id").iterator():
        yield is_end, row


def _unchanged(event: Event) -> Iterator[tuple[tuple[str, Address], Holder | None]]:
    """Mentioned addresses, each with its holder of that time."""
    mentions = Mention.objects.filter(event=event, address__isnull=False)
    of_mention = mentions.filter(address=OuterRef("address"), network_id=OuterRef("network_id"))
    lasting = Q(until=None) | Q(until__gt=event.at)
    tenures = Tenure.objects.of_addresses().filter(Exists(of_mention), lasting, since__lte=event.at).order_by("since")
    columns = "network_id", "address", "project_id", "machine_id"
    known = {(network_id, address): Holder(*holder) for network_id, address, *holder in tenures.values_list(*columns)}
    for key in mentions.values_list("network_id", "address"):
        yield key, known.get(key)
