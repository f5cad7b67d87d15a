"""Forms of ranges: what people type, in the dashboard and in the admin."""

from collections.abc import Mapping
from typing import Any

from django import forms

from ipam.domain.networks.ranges import Bounds
from ipam.forms.described import LabelledForm
from ipam.forms.fields import AddressField, CidrField
from ipam.forms.named import ProjectField
from ipam.models import AddressRange

WHERE = ("first", "last", "block")


def bounds_of(given: Mapping[str, Any]) -> Bounds:
    """Where a range shall lie, as the form says it."""
    return Bounds(first=given.get("first"), last=given.get("last"), prefix=given.get("block"))


class RangeForm(LabelledForm):
    """What changes of a range; the admin chooses its project in its own way."""

    use = forms.ChoiceField(
        choices=AddressRange.Use.choices,
        help_text="Excluded: never given. By name: only to who names the address. DHCP and growth: kept by hand.",
    )
    project: forms.Field = ProjectField(
        required=False, help_text="The only one that may name addresses in it. Empty: any."
    )
    field_order = ["use", "project", "name", "description", "labels"]


class NewRangeForm(RangeForm):
    """A new one lies from a first address to a last one, or is a block."""

    first = AddressField(required=False, max_length=60)
    last = AddressField(required=False, max_length=60)
    block = CidrField(required=False, max_length=60, help_text="Instead of first and last: all of this block.")

    field_order = ["first", "last", "block", *RangeForm.field_order]

    def bounds(self) -> Bounds:
        """Where it shall lie."""
        return bounds_of(self.cleaned_data)

    def words(self) -> dict[str, Any]:
        """All that it says beside."""
        return {name: value for name, value in self.cleaned_data.items() if name not in WHERE}
