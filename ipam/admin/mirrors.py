from django.contrib import admin

from ipam.admin.base import ReadOnlyAdmin
from ipam.models import Mirror


@admin.register(Mirror)
class MirrorAdmin(ReadOnlyAdmin):
    """When the last pass over what is mirrored was, and what it did: `import_metal_stack --follow` keeps that."""

    list_display = ("id", "url", "passes", "ended_at", "succeeded_at", "seconds", "error", "done")
    ordering = ("id",)
    search_help_text = "An id."
    search_fields = ("=id",)
