from typing import Any

from django import forms
from django.contrib import admin

from ipam.admin.base import DescribedAdmin
from ipam.admin.forms import NewDescribedForm
from ipam.domain.networks import partitions
from ipam.models import Partition
from ipam.models.base import SLUG_LENGTH


class NewPartitionForm(NewDescribedForm):
    id = forms.CharField(max_length=SLUG_LENGTH, help_text="2 to 128 letters, digits, dots, dashes; it never changes.")
    field_order = ["id"]


@admin.register(Partition)
class PartitionAdmin(DescribedAdmin):
    table = "partitions"
    add_form = NewPartitionForm
    list_display = ("id", "name", "description", "label_list")
    readonly_fields = ("id", "created_at", "updated_at")
    sortable_by = ("id", "name")

    def make(self, given: dict[str, Any]) -> Partition:
        return partitions.create(**given)

    def change(self, obj: Partition, changes: dict[str, Any]) -> None:
        partitions.update(obj, **changes)

    def discard(self, obj: Partition) -> None:
        partitions.delete(obj)
