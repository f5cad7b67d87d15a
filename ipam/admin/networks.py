from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest

from ipam.addressing import Cidr
from ipam.admin.actions import bulk
from ipam.admin.attempts import each
from ipam.admin.base import DescribedAdmin
from ipam.admin.filters import ManagerFilter, NetworkFamilyFilter, chosen
from ipam.admin.forms import Data, chooser
from ipam.admin.lists import unlisted
from ipam.domain.networks import network_fields, networks
from ipam.domain.networks.network_fields import NewNetwork
from ipam.forms.fields import CidrField, FamiliesField, LengthsField
from ipam.forms.networks import NetworkForm, NewNetworkForm
from ipam.models import Network, Prefix
from ipam.models.base import SLUG_LENGTH
from ipam.models.networks import NatType, Stack

MAX_EDITED = 100  # prefixes on the page of a network; those of larger ones are edited in the list of prefixes
MAX_LISTED = 4  # prefixes in a row of the list


class LengthsForm(forms.Form):
    default_child_prefix_length = LengthsField(label="Length of children", help_text="Of super networks.")
    min_child_prefix_length = LengthsField(label="Shortest children", help_text="Of super networks.")


class AdminNetworkForm(LengthsForm, NetworkForm):
    """What its type does not take is left out; its prefixes are rows below."""


class AnyNetworkForm(LengthsForm, NewNetworkForm):
    """A network of any type; which fields each type needs, takes and refuses, the domain says."""

    id = forms.CharField(max_length=SLUG_LENGTH, required=False, help_text="It never changes. Children are given one.")
    project = chooser(Network, "project", required=False)
    partition = chooser(Network, "partition", required=False)
    parent = chooser(Network, "parent", required=False, help_text="Of a child: the super network to carve from.")
    stack = forms.ChoiceField(choices=[("", "both families, a child: like its parent"), *Stack.choices], required=False)
    address_family = FamiliesField(label="Families", help_text="Of a child.")
    length = LengthsField(label="Prefix lengths", help_text="Of a child; empty: as its parent has it.")
    field_order = ["type", "id", "name", "description", "labels"]


class PrefixForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row of a new prefix; the network's form writes it."""

    cidr = CidrField(label="CIDR")

    class Meta:
        model = Prefix
        fields = ()

    def _post_clean(self) -> None:
        """Leave the instance alone."""


class PrefixFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """The prefixes of a network with those that are added and without those that go."""

    @property
    def added(self) -> "list[forms.ModelForm[Prefix]]":
        """The rows of new prefixes."""
        return [form for form in self.extra_forms if form.has_changed() and form not in self.deleted_forms]

    @property
    def cidrs(self) -> list[Cidr]:
        """What the network would have."""
        gone = {None, *(form.instance.pk for form in self.deleted_forms)}
        kept = [form.instance.cidr for form in self.initial_forms if form.instance.pk not in gone]
        return [*kept, *(form.cleaned_data["cidr"] for form in self.added)]


class PrefixInline(admin.TabularInline):  # type: ignore[type-arg]
    """The prefixes of a root network, to be added and removed together with its other changes; a child's stay."""

    model = Prefix
    fk_name = "network"
    fields = ("cidr",)

    def get_formset(self, request: HttpRequest, obj: Network | None = None, **kwargs: Any) -> Any:
        new: dict[str, Any] = {"extra": 1} if self.has_add_permission(request, obj) else {"extra": 0, "max_num": 0}
        return forms.inlineformset_factory(
            Network, Prefix, form=PrefixForm, formset=PrefixFormSet, fk_name="network", **new
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).in_order()  # type: ignore[no-any-return,attr-defined]

    def has_add_permission(self, request: HttpRequest, obj: Network | None = None) -> bool:
        return (obj is None or not obj.is_child) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Network | None = None) -> bool:
        return (obj is None or not obj.is_child) and super().has_delete_permission(request, obj)


class NatForm(forms.Form):
    nat_type = forms.ChoiceField(choices=NatType.choices, label="NAT")


@admin.register(Network)
class NetworkAdmin(DescribedAdmin[Network]):
    table = "networks"
    add_form = AnyNetworkForm
    change_form = AdminNetworkForm
    list_display = (
        "opened", "name", "description", "type", "prefix_list", "partition_id", "project", "vrf_id", "nat_type",
        "label_list", "id",
    )  # fmt: skip
    list_filter = (
        "type", NetworkFamilyFilter, "stack", "nat_type", ManagerFilter,
        chosen(Network, "partition"), chosen(Network, "project"), chosen(Network, "parent"), chosen(Network, "vrf"),
    )  # fmt: skip
    list_select_related = ("project",)
    unlisted = unlisted("destination_prefixes", "additional_announcable_cidrs", beside=list_select_related)
    readonly_fields = (
        "id", "type", "partition", "project", "namespace", "parent", "vrf", "vrf_shared", "managed_by",
        "created_at", "updated_at",
    )  # fmt: skip
    sortable_by = ("id", "name")
    search_help_text = "An address, a CIDR or a part of one, an id, or a part of a name or description."
    actions: tuple[str, ...] = ("change_nat_type", "change_labels", "rename", "delete_selected")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        first = Prefix.objects.in_order().only("network", "first", "length")[: MAX_LISTED + 1]
        return super().get_queryset(request).prefetch_related(Prefetch("prefixes", first, to_attr="first_prefixes"))

    def get_inlines(self, request: HttpRequest, obj: Network | None) -> Any:
        return [] if obj and obj.prefixes.all()[MAX_EDITED:].exists() else [PrefixInline]

    @admin.display(description="prefixes")
    def prefix_list(self, obj: Any) -> str:
        """Its first prefixes in one line."""
        more = ["…"] if len(obj.first_prefixes) > MAX_LISTED else []
        return ", ".join([*map(str, obj.first_prefixes[:MAX_LISTED]), *more])

    def hidden_fields(self, obj: Network) -> Iterable[str]:
        hidden = [
            error.field for error in network_fields.violations_of_changed_fields(obj, self.change_form.base_fields)
        ]
        return [*hidden, "force"] if "additional_announcable_cidrs" in hidden else hidden

    def from_inlines(self, formsets: Sequence[Any], change: bool) -> Mapping[str, object]:
        """The whole list of prefixes, if any is added or removed: the domain judges it with the other changes."""
        for formset in formsets:
            if isinstance(formset, PrefixFormSet) and (formset.deleted_forms or formset.added or not change):
                return {"prefixes": formset.cidrs}
        return {}

    def make(self, given: Data) -> Network:
        return networks.create(NewNetwork(**given))

    def change(self, obj: Network, changes: Data) -> None:
        networks.update(obj, **changes)

    def discard(self, obj: Network) -> None:
        networks.delete(obj)

    def discard_all(self, rows: Iterable[Network]) -> None:
        """Children first: a super network goes when they have gone."""
        each(sorted(rows, key=_children_first), self.discard)

    @bulk("Change NAT of selected %(verbose_name_plural)s", says="Each gets this NAT.", form=NatForm)
    def change_nat_type(self, rows: list[Network], *, nat_type: str) -> None:
        each(sorted(rows, key=lambda row: row.pk), lambda network: networks.update(network, nat_type=nat_type))


def _children_first(network: Network) -> tuple[bool, str]:
    return not network.is_child, network.pk
