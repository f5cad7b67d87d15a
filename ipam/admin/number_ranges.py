from typing import Any

from django.contrib import admin
from django.db.models import QuerySet

from ipam.admin.base import ReadOnlyAdmin
from ipam.models import NumberRange


@admin.register(NumberRange)
class NumberRangeAdmin(ReadOnlyAdmin):
    list_display = ("pool", "first", "last")
    list_filter = ("pool",)
    search_help_text = "A number: the free range that holds it."

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            return queryset.none()
        return queryset.filter(first__lte=int(text), last__gte=int(text))
