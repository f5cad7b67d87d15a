"""Forms of quotas: what people type, in the dashboard and in the admin."""

from django import forms

from ipam.addressing import Family
from ipam.forms.fields import ParsedField
from ipam.measures import parse_count
from ipam.models import Quota


class CountField(ParsedField):
    """A count of addresses, of any size."""

    parse = staticmethod(parse_count)


class LimitForm(forms.Form):
    limit = CountField(
        max_length=39, help_text="At most so many. Less than is used refuses growth only; nothing is taken away."
    )


class QuotaForm(LimitForm):
    """All that a new quota says but its project and network, which each door chooses in its own way."""

    address_family = forms.TypedChoiceField(
        choices=[(family.key, family.label) for family in Family], coerce=Family.from_key, label="Family"
    )
    resource = forms.ChoiceField(choices=Quota.Resource.choices, label="Of what")
    field_order = ["project", "address_family", "resource", "network", "limit"]
