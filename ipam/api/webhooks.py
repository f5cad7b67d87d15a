"""Webhooks and their deliveries."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ipam import insight_filters
from ipam.api import inputs, preconditions, webhook_shapes
from ipam.api.resources import Body, Data, Editable, Resource, with_references
from ipam.domain.core import access, lookups
from ipam.domain.notify import targets, webhooks
from ipam.models import Delivery, Project, Webhook


class WebhookViews(Editable[Webhook]):
    model, output, filterset_class = Webhook, webhook_shapes.Webhook, insight_filters.WebhookFilters
    inputs = {
        "create": webhook_shapes.NewWebhook,
        "partial_update": webhook_shapes.ChangedWebhook,
        "test": inputs.Nothing,
        "rotate": webhook_shapes.NewSecret,
    }
    answers = {
        "create": webhook_shapes.RevealedWebhook,
        "rotate": webhook_shapes.RevealedWebhook,
        "deliveries": webhook_shapes.Deliveries,
        "test": webhook_shapes.Delivery,
    }
    parameters = {"deliveries": [OpenApiParameter("state", str, enum=Delivery.State.values)]}
    accepting = {"test"}
    ordering_fields = {"name": "name", "id": "pk", "created_at": "created_at"}

    def get_queryset(self) -> QuerySet[Webhook]:
        return Webhook.objects.with_waiting()

    def create(self, request: Request) -> Response:
        """A new webhook. Its host is resolved before the transaction, for names answer slowly."""
        data = self.parse(request)
        webhooks.require(_project(data))
        target = targets.resolve(data.pop("url"))
        return self.run(lambda: webhooks.create(target, **with_references(data)), self._reveal, status=201)

    def partial_update(self, request: Request, pk: str) -> Response:
        data = self.parse(request)
        access.require_change(lookups.get(Webhook, pk))
        target = targets.resolve(data.pop("url")) if "url" in data else None
        return self.write(lambda: webhooks.update(self.found(), target=target, **_changes(data)))

    def discard(self, found: Webhook) -> None:
        webhooks.delete(found)

    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Another secret; for 24 hours the old one signs as well."""
        secret = self.parse(request).get("secret") or ""
        return self.run(lambda: webhooks.rotate(self.found(), secret=secret), self._reveal)

    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a `webhook.ping`."""
        self.parse(request)
        return self.run(lambda: webhooks.test(self.found()), webhook_shapes.Delivery.of, status=202)

    @action(detail=True)
    def deliveries(self, request: Request, pk: str) -> Response:
        """What it was told and what waits, newest first."""
        asked = insight_filters.DeliveryFilters(request.query_params, queryset=self.found().deliveries.defer("body"))
        asked.refuse_unknown({"limit", "cursor", "count"})
        self.ordering_fields, self.ordering = {"id": "pk"}, "-id"  # type: ignore[misc]
        page = self.paginate_queryset(asked.narrowed()) or []
        return self.get_paginated_response([webhook_shapes.Delivery.of(one) for one in page])

    def _reveal(self, found: tuple[Webhook, str]) -> Body:
        webhook, secret = found
        return {**self.render(webhook), "secret": secret}


class DeliveryViews(Resource[Delivery]):
    """One delivery."""

    model, output = Delivery, webhook_shapes.Delivery
    inputs = {"resend": inputs.Nothing}
    accepting = {"resend"}

    def found(self) -> Delivery:
        """What has become of it is no change that people make, so it has no tag."""
        preconditions.refuse_tags(self.request)
        return super().found()

    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Send it again, with the same bytes and the same `webhook-id`."""
        self.parse(request)
        return self.run(lambda: webhooks.resend(self.found()), webhook_shapes.Delivery.of, status=202)


def _project(data: Data) -> Project | None:
    key = data.get("project")
    return lookups.named(Project, key, field="project") if key else None


def _changes(data: Data) -> dict[str, Any]:
    """What `update` is given: null takes a limit away."""
    nothing: dict[str, Any] = {name: None for name in ("network", "project", "partition") if name in data}
    return {**nothing, **({"label": ""} if "label" in data else {}), **with_references(data)}
