from django.contrib import admin
from django.db.models import QuerySet

from ipam.addressing import parse_address
from ipam.admin.base import ReadOnlyAdmin
from ipam.models import Event
from ipam.models.events import EventQuerySet


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The change history is never written by hand."""

    list_display = ("at", "actor", "door", "verb", "kind", "title", "network_id")
    list_filter = ("door",)
    ordering = ("-at", "-id")
    search_help_text = "An address, or a part of a name, an id or an actor."

    def search(self, queryset: EventQuerySet, text: str) -> QuerySet[Event]:
        try:
            return queryset.naming(parse_address(text))
        except ValueError:
            return queryset.matching(text)
