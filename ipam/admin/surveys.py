from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from ipam.admin.base import ReadOnlyAdmin
from ipam.models import Finding, UtilizationSample


@admin.register(Finding)
class FindingAdmin(ReadOnlyAdmin):
    """What the last survey found; the next one replaces it."""

    list_display = ("severity", "code", "object_name", "sentence")
    list_filter = ("severity",)
    search_help_text = "A part of the name of what was found."

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return queryset.filter(object_name__icontains=text)


@admin.register(UtilizationSample)
class UtilizationSampleAdmin(ReadOnlyAdmin):
    """How full the last survey found each network; the next one replaces it."""

    list_display = ("network_id", "family", "utilization", "sampled_at")
    list_filter = ("family",)
    search_help_text = "A part of the id of a network."

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return queryset.filter(network__id__icontains=text)
