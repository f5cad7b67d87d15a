from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from ipam.admin.actions import bulk
from ipam.admin.base import DescribedAdmin
from ipam.admin.filters import ManagerFilter, chosen
from ipam.admin.forms import Data, chooser, many_chooser
from ipam.domain.networks import machines
from ipam.domain.networks.machine_rules import Attachment
from ipam.forms.machines import NETWORKS_HELP, MachineForm
from ipam.models import IPAddress, Machine, MachineNetwork
from ipam.models.base import SLUG_LENGTH

MAX_SHOWN = 100  # addresses on the page of a machine


class NewMachineForm(MachineForm):
    """A machine with an automatic address of every family of each of its networks."""

    id = forms.CharField(max_length=SLUG_LENGTH, required=False, help_text="Made if left empty; it never changes.")
    project = chooser(Machine, "project")
    partition = chooser(Machine, "partition")
    role = forms.ChoiceField(choices=Machine.Role.choices)
    networks = many_chooser(Machine, "networks", help_text=NETWORKS_HELP)
    field_order = ["project", "partition", "role", "networks", "id", "name", "hostname"]


class AttachmentInline(admin.TabularInline):  # type: ignore[type-arg]
    """The networks that a machine is in; they are chosen when it is allocated."""

    model = MachineNetwork
    fields = readonly_fields = ("network", "position")
    verbose_name_plural = "networks"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("network", "machine")

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Machine)
class MachineAdmin(DescribedAdmin[Machine]):
    table = "machines"
    add_form = NewMachineForm
    change_form = MachineForm
    list_display = (
        "opened", "name", "description", "hostname", "role", "project", "partition_id", "asn", "label_list", "id",
    )  # fmt: skip
    list_filter = ("role", ManagerFilter, chosen(Machine, "partition"), chosen(Machine, "project"))
    list_select_related = ("project", "partition")
    readonly_fields = (
        "id", "role", "project", "partition", "asn", "address_list", "managed_by", "created_at", "updated_at",
    )  # fmt: skip
    search_help_text = "An id, an ASN, an address or a CIDR, or a part of a name or host name."

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [AttachmentInline] if obj else []

    @admin.display(description="addresses")
    def address_list(self, obj: Machine) -> str:
        """Its addresses in one line, lowest first."""
        return ", ".join(map(str, IPAddress.objects.held_by([obj.pk]).order_by("address")[:MAX_SHOWN]))

    def make(self, given: Data) -> Machine:
        asked = dict(given)
        return machines.allocate(networks=[Attachment(network=one) for one in asked.pop("networks")], **asked)

    def change(self, obj: Machine, changes: Data) -> None:
        machines.update(obj, **changes)

    def discard(self, obj: Machine) -> None:
        machines.release(obj)

    @bulk(
        "Release selected %(verbose_name_plural)s",
        permission="delete",
        says="Their ephemeral addresses and ASN are free again; their static addresses stay, without machine.",
    )
    def delete_selected(self, rows: list[Machine]) -> None:
        self.discard_all(rows)
