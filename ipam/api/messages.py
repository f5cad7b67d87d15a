"""What a webhook is told: an event, and its object as the API shows it to the one who made the webhook."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.urls import reverse

from ipam.api import (
    alerts,
    claims,
    clusters,
    insight_shapes,
    machines,
    networks,
    outputs,
    partitions,
    projects,
    quotas,
    vrfs,
)
from ipam.api.resources import Resource
from ipam.domain.core import access, lookups, timelines
from ipam.links import page_of_event
from ipam.models import Event, IPAddress, Webhook
from ipam.models.events import Kind

# Views of what events are about.
_VIEWS: dict[str, type[Resource[Any]]] = {
    Kind.ALERT: alerts.AlertViews,
    Kind.ALERT_RULE: alerts.AlertRuleViews,
    Kind.NETWORK: networks.NetworkViews,
    Kind.PREFIX: networks.PrefixViews,
    Kind.MACHINE: machines.MachineViews,
    Kind.CLUSTER: clusters.ClusterViews,
    Kind.CLAIM: claims.ClaimViews,
    Kind.PROJECT: projects.ProjectViews,
    Kind.QUOTA: quotas.QuotaViews,
    Kind.PARTITION: partitions.PartitionViews,
    Kind.VRF: vrfs.VrfViews,
}


def describe(event: Event | None, webhook: Webhook) -> dict[str, Any]:
    """The `data` of a message, of what the caller may see; of a test, without an event."""
    if event is None:
        return {"event": None, "object": None, "url": settings.PUBLIC_URL + reverse("webhook", args=[webhook.pk])}
    shown = _object(event)
    return {
        "event": insight_shapes.Event.of(event),
        "alert" if event.kind == "alert" else "object": shown,
        "url": settings.PUBLIC_URL + _page(event, is_there=shown is not None),
    }


def _object(event: Event) -> dict[str, Any] | None:
    """The object as it is now, all addresses of an allocation together; None when it is gone, or there are several."""
    if event.kind == Kind.ADDRESS and event.object_id:
        rows = list(access.visible(IPAddress.objects.filter(allocation=event.object_id)).order_by("address"))
        prefetch_related_objects(rows, "prefix")
        return {"ips": [outputs.Address.of(row) for row in rows]} if rows else None
    view = _VIEWS[event.kind]() if event.kind in _VIEWS else None
    if view is None or not lookups.is_id(view.model, event.object_id):
        return None
    one = view.objects().filter(pk=event.object_id).first()
    return Resource.show(view, one) if one else None


def _page(event: Event, *, is_there: bool) -> str:
    """Where people see more of it: the object, addresses held or free, or what happened to it."""
    if event.kind == Kind.ADDRESS:
        page = page_of_event(timelines.with_names(Event.objects.filter(pk=event.pk)).first() or event)
    else:
        page = page_of_event(event) if is_there else ""
    return page or f"{reverse('activity')}?{urlencode({'kind': event.kind, 'object': event.object_id})}"
