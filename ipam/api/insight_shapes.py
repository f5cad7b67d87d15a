"""The shape of answers about what happened, what to look at and what was searched for."""

from typing import Any

from rest_framework import serializers

from ipam import models
from ipam.api import fields, outputs
from ipam.api.shapes import Shape
from ipam.domain.core import timelines
from ipam.models.events import MAX_LISTED


class Holder(Shape):
    project = serializers.UUIDField()
    machine = serializers.SerializerMethodField()

    def get_machine(self, holder: timelines.Holder) -> str | None:
        return holder.machine or None


class Held(Shape):
    network = serializers.CharField()
    addresses = serializers.ListField(child=serializers.CharField())
    before = Holder(allow_null=True, help_text="who held these addresses until then; null: they were free")
    after = Holder(allow_null=True, help_text="who held them from then on; null: they were free")


class Event(Shape):
    """An entry of the change history, in a list."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_blank=True)
    door = serializers.CharField()
    request_id = serializers.CharField(allow_blank=True)
    verb = serializers.CharField()
    kind = serializers.CharField()
    object = serializers.CharField(source="object_id", allow_blank=True)
    name = serializers.CharField(source="object_name", allow_blank=True)
    network = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    count = serializers.IntegerField(help_text="how many objects it is about")
    changes = serializers.DictField(child=serializers.ListField(), help_text="{field: [before, after]}")
    addresses = serializers.SerializerMethodField(help_text=f"the first {MAX_LISTED} in a list, all in an event")
    undo_until = serializers.DateTimeField(allow_null=True, help_text="null: it cannot be undone, or was")
    undone_by = serializers.IntegerField(allow_null=True, help_text="the event that undid it")
    undoes = serializers.IntegerField(allow_null=True, help_text="the event that it undid")

    def get_network(self, event: models.Event) -> str | None:
        return event.network_id or None

    def get_addresses(self, event: models.Event) -> list[str]:
        return list(event.first_addresses)


class EventDetail(Event):
    """An entry of the change history with all its addresses, and who held them before and after."""

    holders = Held(many=True)
    part_of = serializers.IntegerField(
        source="part_of_id", allow_null=True, help_text="the event of the operation around this one"
    )

    def get_addresses(self, event: Any) -> list[str]:
        return [str(address) for group in event.holders for address in group.addresses]


class Undone(Shape):
    """What an undo has left: an event like any other, and the addresses that are held again."""

    event = serializers.IntegerField(help_text="the event that the undo has left")
    undone = serializers.IntegerField(help_text="the event that it undid")
    ips = outputs.Address(many=True, required=False, help_text="of a release: the same addresses as before")
    dry_run = serializers.BooleanField(required=False)


class Finding(Shape):
    """Something to look at, and what mends it."""

    key = serializers.CharField(help_text="stays the same from survey to survey; what snooze and accept take")
    code = serializers.CharField()
    severity = serializers.CharField(source="severity_word", help_text="serious, warning or info")
    kind = serializers.CharField(help_text="of what it is about: network, address, machine, cluster, project, pool")
    object = serializers.CharField(source="object_id", allow_blank=True)
    name = serializers.CharField(source="object_name", allow_blank=True)
    network = serializers.SerializerMethodField()
    project = serializers.UUIDField(source="project_id", allow_null=True)
    address_family = fields.OneFamily(source="family", allow_null=True)
    detail = serializers.CharField(source="sentence")
    until = serializers.DateTimeField(allow_null=True, help_text="of one that is snoozed; null: accepted, or shown")
    reason = serializers.CharField(allow_null=True, help_text="why it is snoozed or accepted; null: it is shown")
    dry_run = serializers.BooleanField(required=False)

    def get_network(self, finding: models.Finding) -> str | None:
        return finding.network_id or None


class Hit(Shape):
    id = serializers.CharField()
    text = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    network = serializers.CharField(allow_blank=True)


class Hits(Shape):
    addresses = Hit(many=True)
    prefixes = Hit(many=True)
    networks = Hit(many=True)
    machines = Hit(many=True)
    clusters = Hit(many=True)
    projects = Hit(many=True)
    partitions = Hit(many=True)
    vrfs = Hit(many=True)
