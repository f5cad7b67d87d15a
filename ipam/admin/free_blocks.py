from django.contrib import admin
from django.db.models import QuerySet

from ipam.admin.base import ReadOnlyAdmin
from ipam.admin.filters import FamilyFilter, chosen
from ipam.domain.networks import narrowing
from ipam.models import FreeBlock


@admin.register(FreeBlock)
class FreeBlockAdmin(ReadOnlyAdmin):
    list_display = ("cidr", "prefix", "network_id", "namespace")
    list_filter = (FamilyFilter, chosen(FreeBlock, "network"))
    list_select_related = ("prefix", "namespace")
    ordering = ("network_id", "family", "prefix_id", "first")  # an index: the table has millions of rows
    fields = ("cidr", "prefix", "network", "namespace")
    search_help_text = "An address, a CIDR or a part of one, such as 10.0. or 2001:db8: — or a part of a network's id."

    def search(self, queryset: QuerySet[FreeBlock], text: str) -> QuerySet[FreeBlock]:
        found: QuerySet[FreeBlock] = narrowing.free_blocks(queryset, text)
        return found
