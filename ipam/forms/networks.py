"""What people type about networks. Whether it may be, the domain says."""

from typing import Any, ClassVar

from django import forms

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.domain.networks.network_fields import FIELDS, REFUSED, REQUIRED
from ipam.domain.networks.networks import MAX_CHILDREN
from ipam.forms.described import ID_HELP, DescribedForm, LabelledForm
from ipam.forms.families import PresentFamiliesField, offer
from ipam.forms.fields import AddressField, CidrField, CidrsField
from ipam.forms.named import PartitionField, ProjectField, VrfField
from ipam.measures import MAX_HOURS
from ipam.models import Network
from ipam.models.base import SLUG_LENGTH
from ipam.models.networks import CHILD_TYPES, NatType, NetworkType, Stack
from ipam.models.super_networks import ChildChoice

# A box for each family: the field of the domain, and how the names of its boxes begin.
BY_FAMILY = {
    "default_child_prefix_length": "default_length",
    "min_child_prefix_length": "min_length",
    "quarantine": "quarantine",
}


class HoursField(forms.FloatField):
    """A time in hours, with fractions; empty for none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_HOURS, required=False, **options)


ROOT_TYPES = [(one.value, one.label) for one in NetworkType if one not in CHILD_TYPES]


def domain_name(field: str) -> str:
    """`default_length_ipv4` of a form is part of `default_child_prefix_length`; force lets announcable CIDRs go."""
    if field == "force":
        return "additional_announcable_cidrs"
    stems = {f"{stem}_{family.key}": name for name, stem in BY_FAMILY.items() for family in Family}
    return stems.get(field, field)


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
    vrf = VrfField(required=False, label="VRF")
    vrf_shared = forms.BooleanField(required=False, label="Other networks may share the VRF")


class ChangedNetworkForm(NetworkForm):
    """With prefixes as lines, and a box for each length of children; an empty one means none."""

    prefixes = CidrsField(help_text="Of both families, separated by spaces or lines.")
    default_length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="IPv4 child length")
    default_length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="IPv6 child length")
    min_length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="Shortest IPv4 child")
    min_length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="Shortest IPv6 child")
    child_choice = forms.ChoiceField(choices=ChildChoice.choices, initial=ChildChoice.BEST_FIT, label="Children get")
    quarantine_ipv4 = HoursField(label="IPv4 quarantine", help_text="Hours that what is released stays out of use.")
    quarantine_ipv6 = HoursField(label="IPv6 quarantine")
    quarantine_strict = forms.BooleanField(
        required=False, label="Strict quarantine", help_text="Nothing is given early, also where nothing else is left."
    )
    field_order = [
        *("name", "description", "labels", "stack", "nat_type", "prefixes", "destination_prefixes"),
        *("default_length_ipv4", "default_length_ipv6", "min_length_ipv4", "min_length_ipv6", "child_choice"),
        *("quarantine_ipv4", "quarantine_ipv6", "quarantine_strict"),
    ]

    def request(self) -> dict[str, Any]:
        """The fields by their names in the domain."""
        data = dict(self.cleaned_data)
        for name, stem in BY_FAMILY.items():
            given = {family: data.pop(f"{stem}_{family.key}", None) for family in Family}
            data[name] = {family: one for family, one in given.items() if one is not None}
        data["quarantine"] = {family: hours for family, hours in data["quarantine"].items() if hours}
        return data


class NewRootForm(NewNetworkForm, ChangedNetworkForm):
    """A network whose prefixes are given; children are carved on the page of their parent."""

    type = forms.ChoiceField(choices=ROOT_TYPES, widget=forms.HiddenInput)
    partition = PartitionField(required=False, help_text="Empty: every one.")
    project = ProjectField(required=False, help_text="Empty: everybody's.")
    child_choice = forms.ChoiceField(  # the first one unsaid: networks without children take none
        choices=[("", ChildChoice.BEST_FIT.label), *ChildChoice.choices[1:]], required=False, label="Children get"
    )
    field_order = ["type", "id", "name", "description", "partition", "project", "prefixes", "vrf", "vrf_shared"]

    def __init__(self, *args: Any, type_: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["type"] = type_
        for name in list(self.fields):
            wants = FIELDS[type_].get(domain_name(name))
            if wants == REFUSED:
                del self.fields[name]
            elif wants == REQUIRED:
                self.fields[name].is_needed = True  # type: ignore[attr-defined]  # the domain says so in its own words


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
    prefixes = CidrsField(required=False, help_text="Just these, of both families; empty: the next that are free.")
    count = forms.IntegerField(min_value=1, max_value=MAX_CHILDREN, required=False, label="How many")
    field_order = [
        *("name", "project", "type", "families", "length_ipv4", "length_ipv6", "prefixes", "count", "description"),
    ]

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
        data = {name: value for name, value in self.cleaned_data.items() if name != "count"} | {"parent": self.parent}
        defaults = self.parent.default_child_prefix_length
        chosen = data.pop("families") or tuple(defaults)
        families = () if data["prefixes"] else chosen  # which stand in the prefixes
        asked = {family: data.pop(f"length_{family.key}", None) for family in Family}
        given = {family: length for family, length in asked.items() if length is not None and family in chosen}
        if given:  # naming one length replaces the defaults as a whole, so name the others too
            given = {**{family: defaults[family] for family in families}, **given}
        return {**data, "address_family": families, "length": given}


class ChangedPrefixForm(forms.Form):
    """What may change of a prefix."""

    gateway = AddressField(
        required=False, max_length=60, help_text="An address of the prefix, given only to who names it. Empty: none."
    )
    gives_ends = forms.BooleanField(
        required=False,
        label="Give its first and last address too",
        help_text="As of a pool that is translated to, where no address means the network or all hosts.",
    )

    def fields_of_prefix(self) -> dict[str, Any]:
        """The columns of a prefix, as `prefixes.update` has them."""
        data = self.cleaned_data
        return {"gateway": data.get("gateway"), "reserve_ends": not data.get("gives_ends")}


class PrefixForm(ChangedPrefixForm):
    """One more prefix of a network."""

    prefix = CidrField(label="Prefix", help_text="Such as 2001:db8:4::/48.")  # type: ignore[assignment]
    default_child_prefix_length = forms.IntegerField(
        min_value=0,
        max_value=128,
        required=False,
        label="Child prefix length",
        help_text="Needed when the network gains a family by this prefix.",
    )
    field_order = ["prefix", "default_child_prefix_length", "gateway", "gives_ends"]
    stands_for: ClassVar = {"prefixes": "prefix"}

    def __init__(self, *args: Any, network: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("gateway", "gives_ends") if network.is_super else ("default_child_prefix_length",):
            del self.fields[name]

    def request(self) -> dict[str, Any]:
        """The arguments of `networks.add_prefix`."""
        length = self.cleaned_data.get("default_child_prefix_length")
        given = {"cidr": self.cleaned_data["prefix"], "default_child_prefix_length": length}
        return given if "default_child_prefix_length" in self.fields else {**given, **self.fields_of_prefix()}


class LengthForm(forms.Form):
    """How long the prefix of a second family is."""

    length = forms.IntegerField(min_value=0, max_value=128, required=False, label="Prefix length")

    def __init__(self, *args: Any, family: Family, parent: Network | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = parent.default_child_prefix_length.get(family) if parent else None
        self.fields["length"].widget.attrs["placeholder"] = f"/{default} by default" if default else "required"
