from django.contrib import admin

from ipam.admin.base import ReadOnlyAdmin
from ipam.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The change history is never written by hand."""

    list_display = ("at", "actor", "door", "verb", "kind", "title", "network_id")
    list_filter = ("door",)
    ordering = ("-at", "-id")
    exclude = ("kept",)
    search_help_text = "An address, or a part of a name, an id or an actor."
