"""What people type about addresses. Whether it may be, the domain says."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.networks.address_rules import MAX_PER_REQUEST
from ipam.forms.described import DescribedForm, LabelledForm
from ipam.forms.families import PresentFamiliesField, offer
from ipam.forms.fields import AddressesField
from ipam.forms.named import MachineField, ProjectField
from ipam.models import IPAddress, Machine, Network


class ChangedAddressForm(LabelledForm):
    """What may change of an address; the domain refuses what may not."""

    type = forms.ChoiceField(choices=IPAddress.Type.choices, widget=forms.RadioSelect)
    field_order = ["name", "type", "description", "labels"]


class AttachForm(forms.Form):
    """A machine of the project of addresses that is in their network, and has not all of them yet."""

    def __init__(self, *args: Any, held: Sequence[IPAddress], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one = held[0]
        have = set.intersection(*(set(each.machine_ids) for each in held))
        joined = Q(project=one.project_id, attachments__network=one.network_id) & ~Q(pk__in=have)
        self.is_empty = not access.visible(Machine.objects.filter(joined)).exists()
        field = self.fields["machine"] = MachineField(among=joined, help_text="Its name or id.")
        field.widget.attrs["data-network"] = one.network_id  # the picker offers those that are in it


class AllocateForm(DescribedForm):
    """Addresses from a network."""

    project = ProjectField()
    families = PresentFamiliesField()
    ip = AddressesField(
        required=False,
        label="Certain addresses",
        help_text="Leave empty for the lowest free ones; of a pair you may name one half, or both.",
    )
    count = forms.IntegerField(min_value=1, max_value=MAX_PER_REQUEST, initial=1, label="How many")
    type = forms.ChoiceField(
        choices=[
            (IPAddress.Type.EPHEMERAL, "Ephemeral: goes with its machine"),
            (IPAddress.Type.STATIC, "Static: stays until released"),
        ],
        initial=IPAddress.Type.STATIC,
        widget=forms.RadioSelect,
    )
    shared = forms.ChoiceField(
        choices=[("", "No: of one machine at most"), *IPAddress.Shared.choices],
        required=False,
        help_text="Whether several machines may have it at once. What is shared is static.",
    )
    field_order = ["project", "families", "ip", "count", "type", "shared", "name", "description"]

    def __init__(self, *args: Any, network: Network, present: list[Family], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "families", present, both="A pair")
        if network.project_id and not network.is_shared_child:
            self.fields["project"].initial = str(network.project_id)

    def clean(self) -> dict[str, Any]:
        """An address of a family that was not chosen is a contradiction."""
        data = super().clean() or {}
        chosen = data.get("families", ())
        for address in data.get("ip", ()):
            if chosen and Family.of(address) not in chosen:
                label = Family.of(address).label
                self.add_error("ip", f"{address} is {label}. Choose a pair or {label} only, or another address.")
        return data

    def request(self) -> dict[str, Any]:
        """The arguments of `addresses.allocate`: a pair of which one half is named gets the other one too."""
        data = dict(self.cleaned_data)
        named, families = data.pop("ip"), data.pop("families")
        return {**data, "addresses": named, "families": () if named else families, "as_pair": not families}
