"""The shape of what people type. Whether it may happen, the domain says."""

import uuid
from typing import Any

from django import forms
from django.db.models import Q

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.domain.core.permissions import Deed
from ipam.domain.networks.address_rules import MOST_PER_REQUEST
from ipam.form_fields import AddressesField, CidrField, CidrsField, LabelsField
from ipam.models import IPAddress, Machine, Network, Partition, Project
from ipam.models.base import DESCRIPTION_LENGTH, NAME_LENGTH, SLUG_LENGTH
from ipam.models.networks import CHILD_TYPES, NatType, NetworkType, Stack
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI

BOTH = "both"
LABELS_HELP = "One per line: key or key=value."
_MOST_SUGGESTIONS = 50


class ProjectInput(forms.TextInput):
    """A text box that suggests projects; works without scripts."""

    template_name = "components/project_input.html"

    def __init__(self) -> None:
        super().__init__(attrs={"list": "projects", "autocomplete": "off"})

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["projects"] = access.visible(Project.objects.all()).order_by("name", "id")[:_MOST_SUGGESTIONS]
        return context


class ProjectField(forms.CharField):
    """A project, named by its id or, where that is unique, by its name."""

    widget = ProjectInput

    def clean(self, value: Any) -> Project | None:
        text = super().clean(value).strip()
        if not text and not self.required:
            return None
        found = list(access.visible(Project.objects.filter(_by_id_or_name(text)))[:2])
        if len(found) == 1:
            return found[0]
        why = "There is no such project." if not found else "Several projects have that name; use the id."
        raise forms.ValidationError(f"{why} Type its name or id.")


class DescribedForm(forms.Form):
    name = forms.CharField(max_length=NAME_LENGTH, required=False, strip=False)
    description = forms.CharField(max_length=DESCRIPTION_LENGTH, required=False, strip=False)


class LabelledForm(DescribedForm):
    labels = LabelsField(required=False, help_text=LABELS_HELP)


class ChangedAddressForm(LabelledForm):
    """What may change of an address; the domain refuses what may not."""

    type = forms.ChoiceField(choices=IPAddress.Type.choices, widget=forms.RadioSelect)
    field_order = ["name", "type", "description", "labels"]


class ChangedMachineForm(LabelledForm):
    hostname = forms.CharField(max_length=NAME_LENGTH, required=False)
    field_order = ["name", "hostname", "description", "labels"]


class AllocateForm(DescribedForm):
    """Addresses from a network."""

    project = ProjectField()
    families = forms.ChoiceField(widget=forms.RadioSelect)
    ip = AddressesField(
        required=False,
        label="Certain addresses",
        help_text="Leave empty for the lowest free ones; of a pair you may name one half, or both.",
    )
    count = forms.IntegerField(min_value=1, max_value=MOST_PER_REQUEST, initial=1, label="How many")
    type = forms.ChoiceField(
        choices=[
            (IPAddress.Type.EPHEMERAL, "Ephemeral: goes with its machine"),
            (IPAddress.Type.STATIC, "Static: stays until released"),
        ],
        initial=IPAddress.Type.STATIC,
        widget=forms.RadioSelect,
    )
    field_order = ["project", "families", "ip", "count", "type", "name", "description"]

    def __init__(self, *args: Any, network: Network, present: list[Family], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["families"].choices = _family_choices(present, "A pair")  # type: ignore[attr-defined]
        self.fields["families"].initial = BOTH if len(present) > 1 else present[0].key if present else None
        if network.project_id and not network.is_shared_child:
            self.fields["project"].initial = str(network.project_id)

    def clean(self) -> dict[str, Any]:
        """An address of a family that was not chosen is a contradiction."""
        data = super().clean() or {}
        chosen = chosen_families(data.get("families", BOTH))
        for address in data.get("ip", ()):
            if chosen and Family.of(address) not in chosen:
                label = Family.of(address).label
                self.add_error("ip", f"{address} is {label}. Choose a pair or {label} only, or another address.")
        return data

    def request(self) -> dict[str, Any]:
        """The arguments of `addresses.allocate`: a pair of which one half is named gets the other one too."""
        data = dict(self.cleaned_data)
        named, families = data.pop("ip"), chosen_families(data.pop("families"))
        return {**data, "addresses": named, "families": () if named else families, "as_pair": not families}


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
    families = forms.ChoiceField(widget=forms.RadioSelect)
    length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="IPv4 prefix length")
    length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="IPv6 prefix length")
    field_order = ["name", "project", "type", "families", "length_ipv4", "length_ipv6", "description"]

    def __init__(self, *args: Any, parent: Network, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lengths = parent.default_child_prefix_length
        present = list(lengths)
        self.fields["families"].choices = _family_choices(present, "Dual-stack")  # type: ignore[attr-defined]
        self.fields["families"].initial = BOTH if len(present) > 1 else present[0].key if present else None
        for family in Family:
            if family in present:
                self.fields[f"length_{family.key}"].widget.attrs["placeholder"] = f"/{lengths[family]} by default"
            else:
                del self.fields[f"length_{family.key}"]
        if not access.current().may_anywhere(Deed.MANAGE):  # rule 12
            del self.fields["type"].choices[1]  # type: ignore[attr-defined]
        self.parent = parent

    def clean(self) -> dict[str, Any]:
        """A length of a family that was not chosen is a contradiction."""
        data = super().clean() or {}
        chosen = chosen_families(data.get("families", BOTH))
        for family in Family:
            if chosen and family not in chosen and data.get(f"length_{family.key}") is not None:
                detail = f"There will be no {family.label} prefix. Choose that family too, or leave this empty."
                self.add_error(f"length_{family.key}", detail)
        return data

    def request(self) -> dict[str, Any]:
        """The fields of a `NewNetwork`."""
        data = dict(self.cleaned_data)
        families = chosen_families(data.pop("families")) or tuple(self.parent.default_child_prefix_length)
        asked = {family: data.pop(f"length_{family.key}", None) for family in Family}
        given = {family: length for family, length in asked.items() if length is not None and family in families}
        if given:  # naming one length replaces the defaults as a whole, so name the others too
            given = {**{family: self.parent.default_child_prefix_length[family] for family in families}, **given}
        return {**data, "parent": self.parent, "address_family": families, "length": given}


class PrefixForm(forms.Form):
    """One more prefix of a network."""

    prefix = CidrField(label="Prefix", help_text="Such as 2001:db8:4::/48.")
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


class ChangedNetworkForm(LabelledForm):
    """What may change of a network; empty lengths mean none."""

    stack = forms.ChoiceField(choices=Stack.choices, initial=Stack.DUAL)
    nat_type = forms.ChoiceField(choices=NatType.choices, initial=NatType.NONE, label="NAT")
    prefixes = CidrsField(help_text="Of both families, separated by spaces or lines.")
    destination_prefixes = CidrsField(required=False, help_text="Where the network leads, such as 0.0.0.0/0 ::/0.")
    default_length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="IPv4 child length")
    default_length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="IPv6 child length")
    min_length_ipv4 = forms.IntegerField(min_value=0, max_value=32, required=False, label="Shortest IPv4 child")
    min_length_ipv6 = forms.IntegerField(min_value=0, max_value=128, required=False, label="Shortest IPv6 child")
    additional_announcable_cidrs = CidrsField(required=False, label="Announcable CIDRs")
    force = forms.BooleanField(
        required=False,
        label="Remove announcable CIDRs",
        help_text="Tick when no cluster announces from those that you take away.",
    )

    def request(self) -> dict[str, Any]:
        """The fields by their names in the domain."""
        data = dict(self.cleaned_data)
        for name in ("default", "min"):
            lengths = {family: data.pop(f"{name}_length_{family.key}", None) for family in Family}
            data[f"{name}_child_prefix_length"] = {family: one for family, one in lengths.items() if one is not None}
        return data


class NewNetworkForm(ChangedNetworkForm):
    """A network whose prefixes are given; children are carved on the page of their parent."""

    force = None  # a new network has nothing to take away
    type = forms.ChoiceField(choices=[(one.value, one.label) for one in NetworkType if one not in CHILD_TYPES])
    id = forms.CharField(max_length=SLUG_LENGTH, help_text="2 to 128 letters, digits, dots, dashes; it never changes.")
    partition = forms.ModelChoiceField(Partition.objects.order_by("id"), required=False, empty_label="every one")
    project = ProjectField(required=False, help_text="Empty: everybody's.")
    vrf = forms.IntegerField(min_value=LOWEST_VNI, max_value=HIGHEST_VNI, required=False, label="VRF")
    vrf_shared = forms.BooleanField(required=False, label="Other networks may share the VRF")
    field_order = ["type", "id", "name", "description", "partition", "project", "prefixes", "vrf", "vrf_shared"]


class PartitionForm(LabelledForm):
    id = forms.CharField(max_length=SLUG_LENGTH, help_text="2 to 128 letters, digits, dots, dashes; it never changes.")
    field_order = ["id", "name", "description", "labels"]


class ProjectForm(LabelledForm):
    id = forms.UUIDField(required=False, help_text="Made if left empty; it never changes.")
    tenant = forms.CharField(max_length=NAME_LENGTH, required=False)
    field_order = ["name", "tenant", "description", "labels", "id"]


class VrfForm(LabelledForm):
    id = forms.IntegerField(min_value=LOWEST_VNI, max_value=HIGHEST_VNI, label="VNI")
    field_order = ["id", "name", "description", "labels"]


class MachineOwnerForm(forms.Form):
    """Step one of a machine: whose it is and where; that decides which networks it can join."""

    project = ProjectField()
    partition = forms.ModelChoiceField(Partition.objects.order_by("id"), empty_label=None)
    role = forms.ChoiceField(choices=Machine.Role.choices, initial=Machine.Role.MACHINE, widget=forms.RadioSelect)


class MachineForm(DescribedForm):
    """Step two: which networks, and what it is called."""

    hostname = forms.CharField(max_length=NAME_LENGTH, required=False)
    networks = forms.ModelMultipleChoiceField(
        Network.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="One private network per family, and any number of external ones.",
    )
    field_order = ["networks", "name", "hostname", "description"]

    def __init__(self, *args: Any, project: Project, partition: Partition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        here = Q(partition=partition) | Q(partition=None)
        usable = access.visible(Network.objects.usable_by(project)).filter(here)
        self.fields["networks"].queryset = usable.order_by("-type", "id")  # type: ignore[attr-defined]


def labels_text(labels: dict[str, str]) -> str:
    """Labels as the text of a `LabelsField`."""
    return str(LabelsField().show(labels))


def chosen_families(key: str) -> tuple[Family, ...]:
    """No family means every one that is there."""
    return () if key == BOTH else (Family.from_key(key),)


def _family_choices(present: list[Family], both: str) -> list[tuple[str, str]]:
    single = [(family.key, f"{family.label} only") for family in present]
    return [(BOTH, f"{both}: IPv4 and IPv6"), *single] if len(present) > 1 else single


def _by_id_or_name(text: str) -> Q:
    try:
        return Q(pk=uuid.UUID(text))
    except ValueError:
        return Q(name=text)
