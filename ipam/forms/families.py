"""A choice among the families that a network has; both is a choice where it has both."""

from collections.abc import Sequence
from typing import cast

from django import forms

from ipam.addressing import Family

_BOTH = "both"


class PresentFamiliesField(forms.ChoiceField):
    """One family or both, as a tuple of families; empty means every one that is there."""

    widget = forms.RadioSelect

    def clean(self, value: str | None) -> tuple[Family, ...]:
        key = super().clean(value)
        return () if key == _BOTH else (Family.from_key(key),)


def offer(form: forms.Form, name: str, present: Sequence[Family], *, both: str) -> None:
    """Let a field offer the families that are present; what both together are called, says `both`."""
    field = cast(PresentFamiliesField, form.fields[name])
    single = [(family.key, f"{family.label} only") for family in present]
    field.choices = [(_BOTH, f"{both}: IPv4 and IPv6"), *single] if len(present) > 1 else single
    field.initial = field.choices[0][0] if present else None
