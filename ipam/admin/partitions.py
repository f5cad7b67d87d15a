from django.contrib import admin

from ipam.admin.base import DescribedAdmin
from ipam.admin.filters import ManagerFilter
from ipam.admin.forms import Data
from ipam.domain.networks import partitions
from ipam.forms.described import NewPartitionForm
from ipam.models import Partition


@admin.register(Partition)
class PartitionAdmin(DescribedAdmin[Partition]):
    table = "partitions"
    add_form = NewPartitionForm
    list_display = ("id", "name", "description", "label_list")
    list_display_links = ("id",)
    readonly_fields = ("id", "managed_by", "created_at", "updated_at")
    list_filter = (ManagerFilter,)
    sortable_by = ("id", "name")

    def make(self, given: Data) -> Partition:
        return partitions.create(**given)

    def change(self, obj: Partition, changes: Data) -> None:
        partitions.update(obj, **changes)

    def discard(self, obj: Partition) -> None:
        partitions.delete(obj)
