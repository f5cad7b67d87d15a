"""What people type about networks. Whether it may be, the domain says."""

from typing import Any

from django import forms

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.forms.described import ID_HELP, DescribedForm, LabelledForm
from ipam.forms.families import PresentFamiliesField, offer
from ipam.forms.fields import CidrField, CidrsField, ProjectField
from ipam.models import Network, Partition
from ipam.models.base import SLUG_LENGTH
from ipam.models.networks import CHILD_TYPES, NatType, NetworkType, Stack
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI


class NetworkForm(LabelledForm):
    """What may change of a network, but for its prefixes and those of its children: each door has its way with them."""

    stack = forms.ChoiceField(choices=Stack.choices, initial=Stack.DUAL)
    nat_type = forms.ChoiceField(choices=NatType.choices, initial=NatType.NONE, label="NAT")
    destination_prefixes = CidrsField(required=False, help_text="Where the network leads, such as 0.0.0.0/0 ::/0.")
    additional_announcable_cidrs = CidrsField(required=False, label="Announcable CIDRs")
    force = forms.BooleanField(
        required=False,
        label="Remove announcable CIDRs",
        help_text="Tick when no cluster announces from those that you take away.",
    )


class NewNetworkForm(NetworkForm):
    """What is said once, when a network is made."""

    force = None  # type: ignore[assignment]  # a new network has nothing to take away
    type = forms.ChoiceField(choices=NetworkType.choices)
    id = forms.CharField(max_length=SLUG_LENGTH, help_text=ID_HELP)
    vrf = forms.IntegerField(min_value=LOWEST_VNI, max_value=HIGHEST_VNI, required=False, label="VRF")
    vrf_shared = forms.BooleanField(required=False, label="Other networks may share the VRF")


class ChangedNetworkForm(NetworkForm):
    """With prefixes as lines, and a box for each length of children; an empty one means none."""

    prefixes = CidrsField(help_text="Of both families, separated by spaces or lines.")
    default_length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="IPv4 child length")
    default_length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="IPv6 child length")
    min_length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="Shortest IPv4 child")
    min_length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="Shortest IPv6 child")
    field_order = [
        *("name", "description", "labels", "stack", "nat_type", "prefixes", "destination_prefixes"),
        *("default_length_ipv4", "default_length_ipv6", "min_length_ipv4", "min_length_ipv6"),
    ]

    def request(self) -> dict[str, Any]:
        """The fields by their names in the domain."""
        data = dict(self.cleaned_data)
        for name in ("default", "min"):
            lengths = {family: data.pop(f"{name}_length_{family.key}", None) for family in Family}
            data[f"{name}_child_prefix_length"] = {family: one for family, one in lengths.items() if one is not None}
        return data


class NewRootForm(NewNetworkForm, ChangedNetworkForm):
    """A network whose prefixes are given; children are carved on the page of their parent."""

    type = forms.ChoiceField(choices=[(one.value, one.label) for one in NetworkType if one not in CHILD_TYPES])
    partition = forms.ModelChoiceField(Partition.objects.order_by("id"), required=False, empty_label="every one")
    project = ProjectField(required=False, help_text="Empty: everybody's.")
    field_order = ["type", "id", "name", "description", "partition", "project", "prefixes", "vrf", "vrf_shared"]


class CarveForm(DescribedForm):
    """A child network out of a super network."""

    project = ProjectField()
    type = forms.ChoiceField(
        choices=[
            (NetworkType.CHILD, "Private: only this project"),
            (NetworkType.CHILD_SHARED, "Shared: others may join"),
        ],
        initial=NetworkType.CHILD,
        widget=forms.RadioSelect,
    )
    families = PresentFamiliesField()
    length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="IPv4 prefix length")
    length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="IPv6 prefix length")
    field_order = ["name", "project", "type", "families", "length_ipv4", "length_ipv6", "description"]

    def __init__(self, *args: Any, parent: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lengths = parent.default_child_prefix_length
        offer(self, "families", list(lengths), both="Dual-stack")
        for family in Family:
            if family in lengths:
                self.fields[f"length_{family.key}"].widget.attrs["placeholder"] = f"/{lengths[family]} by default"
            else:
                del self.fields[f"length_{family.key}"]
        if not access.current().may_anywhere(Permission.MANAGE):  # rule 12
            del self.fields["type"].choices[1]  # type: ignore[attr-defined]
        self.parent = parent

    def clean(self) -> dict[str, Any]:
        """A length of a family that was not chosen is a contradiction."""
        data = super().clean() or {}
        chosen = data.get("families", ())
        for family in Family:
            if chosen and family not in chosen and data.get(f"length_{family.key}") is not None:
                detail = f"There will be no {family.label} prefix. Choose that family too, or leave this empty."
                self.add_error(f"length_{family.key}", detail)
        return data

    def request(self) -> dict[str, Any]:
        """The fields of a `NewNetwork`."""
        data = dict(self.cleaned_data)
        families = data.pop("families") or tuple(self.parent.default_child_prefix_length)
        asked = {family: data.pop(f"length_{family.key}", None) for family in Family}
        given = {family: length for family, length in asked.items() if length is not None and family in families}
        if given:  # naming one length replaces the defaults as a whole, so name the others too
            given = {**{family: self.parent.default_child_prefix_length[family] for family in families}, **given}
        return {**data, "parent": self.parent, "address_family": families, "length": given}


class PrefixForm(forms.Form):
    """One more prefix of a network."""

    prefix = CidrField(label="Prefix", help_text="Such as 2001:db8:4::/48.")  # type: ignore[assignment]
    default_child_prefix_length = forms.IntegerField(
        min_value=0,
        max_value=128,
        required=False,
        label="Child prefix length",
        help_text="Needed when the network gains a family by this prefix.",
    )

    def __init__(self, *args: Any, network: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not network.is_super:
            del self.fields["default_child_prefix_length"]

    def request(self) -> dict[str, Any]:
        """The arguments of `networks.add_prefix`."""
        data = dict(self.cleaned_data)
        return {"cidr": data.pop("prefix"), **data}


class LengthForm(forms.Form):
    """How long the prefix of a second family is."""

    length = forms.IntegerField(min_value=0, max_value=128, required=False, label="Prefix length")

    def __init__(self, *args: Any, family: Family, parent: Network | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = parent.default_child_prefix_length.get(family) if parent else None
        self.fields["length"].widget.attrs["placeholder"] = f"/{default} by default" if default else "required"
