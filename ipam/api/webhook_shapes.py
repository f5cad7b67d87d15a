"""The shape of webhooks, of what they were told, and of requests about them."""

from typing import Any

from rest_framework import serializers

from ipam import models
from ipam.api import fields
from ipam.api.inputs import Input
from ipam.api.shapes import Output, Shape
from ipam.domain.core import access
from ipam.domain.notify.targets import URL_LENGTH
from ipam.labels import LABEL_LENGTH
from ipam.models.base import NAME_LENGTH, SLUG_LENGTH

_MAX_TYPES, _TYPE_LENGTH, _SECRET_LENGTH = 200, 40, 100


class ChangedWebhook(Input):
    """What may change of a webhook; null takes a limit away."""

    name = fields.Text(required=False, allow_blank=True, max_length=NAME_LENGTH)
    url = fields.Text(required=False, max_length=URL_LENGTH)
    types = fields.Many(child=fields.Text(max_length=_TYPE_LENGTH), required=False, max_length=_MAX_TYPES)
    network = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    project = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    partition = fields.Text(required=False, allow_null=True, max_length=SLUG_LENGTH)
    label = fields.Text(required=False, allow_null=True, allow_blank=True, max_length=LABEL_LENGTH)  # type: ignore[assignment]
    enabled = fields.Flag(required=False)


class NewSecret(Input):
    secret = fields.Text(required=False, allow_null=True, max_length=_SECRET_LENGTH)


class NewWebhook(ChangedWebhook, NewSecret):
    """A webhook: which events are told, and where."""

    url = fields.Text(max_length=URL_LENGTH)


class Webhook(Output):
    """Who is told of what happens."""

    id = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    url = serializers.SerializerMethodField(help_text="without its path for those who may not change it")
    types = serializers.ListField(child=serializers.CharField(), help_text="empty: all")
    network = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    partition = serializers.SerializerMethodField()
    label = serializers.SerializerMethodField(method_name="get_wanted_label")  # type: ignore[assignment]
    enabled = serializers.BooleanField()
    state = serializers.ChoiceField(["active", "backing_off", "disabled"])
    disabled_reason = serializers.CharField(allow_blank=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField(help_text="how many messages are still to be delivered")

    def get_url(self, webhook: models.Webhook) -> str:
        return webhook.url if access.may_change(webhook) else webhook.shown_url

    def get_network(self, webhook: models.Webhook) -> str | None:
        return webhook.network_id or None

    def get_partition(self, webhook: models.Webhook) -> str | None:
        return webhook.partition_id or None

    def get_wanted_label(self, webhook: models.Webhook) -> str | None:
        return webhook.label or None


class RevealedWebhook(Webhook):
    """A webhook and its secret, which is shown this once."""

    secret = serializers.CharField()


class Delivery(Shape):
    """A message to a webhook, and what has become of it."""

    id = serializers.IntegerField()
    event = serializers.IntegerField(allow_null=True, help_text="null: a test")
    type = serializers.CharField()
    state = serializers.ChoiceField(models.Delivery.State.choices)
    attempts = serializers.IntegerField()
    next_at = serializers.SerializerMethodField(help_text="when it is tried (again); null when it is not")
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField(allow_blank=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    dry_run = serializers.BooleanField(required=False)

    def get_next_at(self, delivery: models.Delivery) -> Any:
        return delivery.next_at if delivery.state == models.Delivery.State.PENDING else None


class Deliveries(Shape):
    """A page of messages to a webhook."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = Delivery(many=True)
