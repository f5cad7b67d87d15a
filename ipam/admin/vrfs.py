from django.contrib import admin

from ipam.admin.base import DescribedAdmin
from ipam.admin.forms import Data
from ipam.domain.networks import vrfs
from ipam.forms.described import NewVrfForm
from ipam.models import VRF


@admin.register(VRF)
class VrfAdmin(DescribedAdmin[VRF]):
    table = "vrfs"
    add_form = NewVrfForm
    list_display = ("id", "name", "description", "kept", "label_list")
    list_display_links = ("id",)
    list_filter = ("kept",)
    readonly_fields = ("id", "kept", "created_at", "updated_at")
    sortable_by = ("id", "name")
    search_help_text = "A VNI, or a part of a name or description."

    def make(self, given: Data) -> VRF:
        return vrfs.create(**given)

    def change(self, obj: VRF, changes: Data) -> None:
        vrfs.update(obj, **changes)

    def discard(self, obj: VRF) -> None:
        vrfs.delete(obj)
