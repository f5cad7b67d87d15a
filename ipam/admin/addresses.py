from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest

from ipam.admin.actions import bulk
from ipam.admin.base import DescribedAdmin
from ipam.admin.filters import AddressFamilyFilter, HolderFilter, ManagerFilter, chosen
from ipam.admin.forms import Data, chooser
from ipam.admin.lists import unlisted
from ipam.domain.networks import addresses
from ipam.forms.described import LabelledForm
from ipam.forms.fields import AddressesField, FamiliesField
from ipam.models import IPAddress, Network

MAX_SHOWN = 100  # machines on the page of an address


class _Consent(forms.BooleanField):
    """Says that somebody means it; no change by itself."""

    def has_changed(self, initial: object, data: object) -> bool:
        return False


class AddressForm(LabelledForm):
    type = forms.ChoiceField(choices=IPAddress.Type.choices, help_text="A static address stays static.")
    for_good = _Consent(required=False, label="Make it static for good", help_text="Tick to say so.")

    def clean(self) -> Data:
        """What cannot be undone takes two hands."""
        data = super().clean() or {}
        if data.get("type") == IPAddress.Type.STATIC != self.initial["type"] and not data.get("for_good"):
            self.add_error("for_good", "A static address never becomes ephemeral again. Tick this, or leave the type.")
        return data


class NewAddressesForm(LabelledForm):
    """An allocation: one address of each family, or certain ones. Many at once are the dashboard's and the API's."""

    network = chooser(IPAddress, "network")
    project = chooser(IPAddress, "project")
    machine = chooser(IPAddress, "machine", required=False, help_text="One that is in the network.")
    address_family = FamiliesField(label="Families")
    ip = AddressesField(required=False, label="Certain addresses", help_text="Empty: the lowest free ones.")
    type = forms.ChoiceField(choices=IPAddress.Type.choices, initial=IPAddress.Type.STATIC)
    field_order = ["network", "project", "machine", "address_family", "ip", "type"]


@admin.register(IPAddress)
class AddressAdmin(DescribedAdmin[IPAddress]):
    table = "addresses"
    add_form = NewAddressesForm
    change_form = AddressForm
    list_display = ("address", "name", "description", "network", "project", "machine", "type", "label_list")
    list_display_links = ("address",)
    list_filter = (
        AddressFamilyFilter,
        "type",
        HolderFilter,
        ManagerFilter,
        chosen(Network, "partition", of="network"),
        chosen(IPAddress, "network"),
        chosen(IPAddress, "project"),
        chosen(IPAddress, "machine"),
    )
    list_select_related = ("network", "project", "machine")
    unlisted = unlisted(beside=list_select_related)
    readonly_fields = (
        "managed_by",
        "address",
        "network",
        "prefix",
        "project",
        "namespace",
        "machine",
        "shared",
        "beside",
        "allocation",
        "created_at",
        "updated_at",
    )
    sortable_by = ("address",)
    search_help_text = "An address, a CIDR or a part of one, such as 10.0. or 2001:db8: — or a part of a name."
    actions: tuple[str, ...] = ("make_static", "change_labels", "rename", "delete_selected")

    def make(self, given: Data) -> IPAddress:
        asked = dict(given)
        families, named = asked.pop("address_family"), asked.pop("ip")
        return addresses.allocate(asked.pop("network"), families=families, addresses=named, **asked)[0]

    def change(self, obj: IPAddress, changes: Data) -> None:
        addresses.update(obj, **changes)

    def discard(self, obj: IPAddress) -> None:
        addresses.release(obj)

    def discard_all(self, rows: Iterable[IPAddress]) -> None:
        addresses.release_many(rows)

    @bulk("Make selected %(verbose_name_plural)s static", says="They stay when their machine goes, for good.")
    def make_static(self, rows: list[IPAddress]) -> None:
        addresses.make_static(rows)

    @bulk(
        "Release selected %(verbose_name_plural)s",
        permission="delete",
        says="They are free again at once. The other family of an allocation stays unless it is selected too.",
    )
    def delete_selected(self, rows: list[IPAddress]) -> None:
        self.discard_all(rows)

    @admin.display(description="shared with")
    def beside(self, obj: IPAddress) -> str:
        """The machines that have it beside the first, by name."""
        return ", ".join(str(one.machine) for one in obj.holders.select_related("machine")[:MAX_SHOWN])

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Say which one of the other family came with it."""
        for other in IPAddress.objects.filter(allocation=obj.allocation).exclude(pk=obj.pk):
            messages.info(request, f"{other} was allocated with it.")
        return super().log_addition(request, obj, message)
