from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from ipam.admin.base import ReadOnlyAdmin
from ipam.models import KeptAnswer


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnlyAdmin):
    """Which requests would be answered without being done again; what they were answered is their sender's."""

    list_display = ("at", "user", "key", "status")
    list_select_related = ("user",)
    unlisted = ("request", "body")
    fields = readonly_fields = ("user", "key", "at", "status")
    search_help_text = "The beginning of a key."

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return queryset.filter(key__startswith=text)
