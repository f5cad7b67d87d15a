from django.contrib import admin

from ipam.admin.base import DomainAdmin
from ipam.admin.filters import FamilyFilter, chosen
from ipam.admin.forms import Data, chooser
from ipam.domain.networks import ranges
from ipam.forms.ranges import WHERE, NewRangeForm, RangeForm, bounds_of
from ipam.models import AddressRange


class ChangedRangeForm(RangeForm):
    project = chooser(AddressRange, "project", required=False)


class AddedRangeForm(NewRangeForm):
    network = chooser(AddressRange, "network")
    project = chooser(AddressRange, "project", required=False)
    field_order = ["network", *NewRangeForm.field_order]


@admin.register(AddressRange)
class RangeAdmin(DomainAdmin[AddressRange]):
    table = "ranges"
    add_form = AddedRangeForm
    change_form = ChangedRangeForm
    list_display = ("first", "last", "use", "name", "network", "project")
    list_filter = (FamilyFilter, "use", chosen(AddressRange, "network"), chosen(AddressRange, "project"))
    list_select_related = ("project", "network")
    readonly_fields = ("network", "prefix", "family", "first", "last", "created_at", "updated_at")
    search_fields = ("name",)
    search_help_text = "A part of its name."

    def make(self, given: Data) -> AddressRange:
        words = {name: value for name, value in given.items() if name not in (*WHERE, "network")}
        return ranges.create(given["network"], bounds_of(given), **words)

    def change(self, obj: AddressRange, changes: Data) -> None:
        ranges.update(obj, **changes)

    def discard(self, obj: AddressRange) -> None:
        ranges.delete(obj)
