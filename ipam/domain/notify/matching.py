"""Which events a webhook is told: what it asks for, of what the one who made it may see at this moment."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import AnonymousUser

from ipam.domain.core import access, context
from ipam.domain.notify.messages import type_of
from ipam.labels import split_label
from ipam.models import VRF, ApiToken, Cluster, Event, IPAddress, Machine, Network, Partition, Project, Webhook
from ipam.models.events import Door, Kind, Verb

_LABELLED: dict[str, Any] = {
    Kind.NETWORK: Network,
    Kind.MACHINE: Machine,
    Kind.CLUSTER: Cluster,
    Kind.PROJECT: Project,
    Kind.PARTITION: Partition,
    Kind.VRF: VRF,
}


@contextmanager
def as_maker(webhook: Webhook) -> Iterator[None]:
    """What happens inside reads what the one who made a webhook may read; of a project's webhook, of that project.

    Who has gone, or may not sign in any more, sees nothing.
    """
    user = webhook.maker or AnonymousUser()
    limits = ApiToken(is_read_only=True, projects=[str(webhook.project_id)] if webhook.project_id else [])
    with context.as_caller(lambda: (user, limits), door=Door.COMMAND):
        yield


def told(webhook: Webhook, events: Iterable[Event]) -> list[Event]:
    """Those of the events that the webhook is told, in their order."""
    asked = [event for event in events if _asks_for(webhook, event)]
    with as_maker(webhook):
        seen = access.visible(Event.objects.filter(pk__in=[event.pk for event in asked]))
        if webhook.network_id:
            seen = seen.in_networks([webhook.network_id])
        keys = set(seen.order_by().values_list("pk", flat=True)) if asked else set()
    found = [event for event in asked if event.pk in keys]
    if webhook.partition_id:
        found = _in_partition(webhook.partition_id, found)
    return _labelled(webhook.label, found) if webhook.label else found


def may_be_told(webhook: Webhook, event: Event) -> bool:
    """Whether the one who made the webhook may see the event, at this moment."""
    with as_maker(webhook):
        return access.sees(event)


def _asks_for(webhook: Webhook, event: Event) -> bool:
    """By type and project. No webhook is told of itself."""
    if event.kind == Kind.WEBHOOK and event.object_id == str(webhook.pk):
        return False
    if event.kind == Kind.ALERT and event.verb in (Verb.FIRE, Verb.CLEAR) and "told" not in event.changes:
        return False  # snoozed, or hushed by something worse of the same object
    if webhook.project_id and event.project_id != webhook.project_id:
        return False
    return not webhook.types or type_of(event) in webhook.types


def _in_partition(partition: str, events: Sequence[Event]) -> list[Event]:
    """Those about the partition itself, or about networks and machines that are, were or have come to be in it."""
    networks = Network.objects.filter(pk__in={event.network_id for event in events}, partition=partition)
    machines = Machine.objects.filter(pk__in={event.object_id for event in events}, partition=partition)
    inside = set(networks.values_list("pk", flat=True))
    objects = {(Kind.PARTITION, partition), *((Kind.MACHINE, key) for key in machines.values_list("pk", flat=True))}
    return [
        event
        for event in events
        if event.network_id in inside
        or (event.kind, event.object_id) in objects
        or partition in event.changes.get("partition", ())
    ]


def _labelled(text: str, events: Sequence[Event]) -> list[Event]:
    """Those whose object has such a label (`key` or `key=value`), had it, or has got it."""
    key, value = split_label(text)
    found = []
    keys_of: dict[str, set[str]] = {}
    for kind, model in _LABELLED.items():
        named = {event.object_id for event in events if event.kind == kind}
        if named:
            rows = model._default_manager.filter(pk__in=named).labelled(key, value)
            keys_of[kind] = {str(one) for one in rows.values_list("pk", flat=True)}
    allocations = {event.object_id for event in events if event.kind == Kind.ADDRESS and event.object_id}
    if allocations:
        held = IPAddress.objects.filter(allocation__in=allocations).labelled(key, value)
        keys_of[Kind.ADDRESS] = {str(one) for one in held.values_list("allocation", flat=True)}
    for event in events:
        sides = [side for side in event.changes.get("labels", ()) if isinstance(side, dict)]
        is_said = any(key in side and value in (None, side[key]) for side in sides)
        if is_said or event.object_id in keys_of.get(event.kind, ()):
            found.append(event)
    return found
