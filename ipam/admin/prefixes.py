from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from ipam.admin.base import DomainAdmin
from ipam.admin.filters import FamilyFilter, chosen
from ipam.admin.forms import Data, chooser
from ipam.domain.networks import networks
from ipam.forms.fields import CidrField
from ipam.models import Network, Prefix


class NewPrefixForm(forms.Form):
    """One more prefix of a network."""

    network = chooser(Prefix, "network", help_text="Not of a child network: its prefixes are carved.")
    prefixes = CidrField(label="Prefix", help_text="Such as 2001:db8:4::/48.")
    default_child_prefix_length = forms.IntegerField(
        min_value=0,
        max_value=128,
        required=False,
        label="Child prefix length",
        help_text="Needed when a super network gains a family by this prefix.",
    )


@admin.register(Prefix)
class PrefixAdmin(DomainAdmin[Prefix]):
    """Prefixes do not change here. Those of root networks are added and removed, those of children are carved."""

    table = "prefixes"
    add_form = NewPrefixForm
    list_display = ("cidr", "network", "parent", "namespace")
    list_filter = (
        FamilyFilter,
        chosen(Network, "partition", of="network"),
        chosen(Prefix, "network"),
        chosen(Prefix, "namespace"),
    )
    list_select_related = ("network", "parent", "namespace")
    ordering = ("first", "last")
    fields = ("cidr", "network", "parent", "namespace", "created_at")
    readonly_fields = fields
    search_help_text = "An address, a CIDR or a part of one, such as 10.0. or 2001:db8: — or a part of a network's id."

    def make(self, given: Data) -> Prefix:
        network = networks.add_prefix(
            given["network"], given["prefixes"], default_child_prefix_length=given["default_child_prefix_length"]
        )
        return network.prefixes.roots().within(given["prefixes"]).get()

    def discard(self, obj: Prefix) -> None:
        networks.remove_prefix(obj.network, obj.cidr)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Prefix | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.parent_id is None)
