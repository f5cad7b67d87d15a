"""The form by which a prefix of a network is resized, split or merged."""

from typing import Any

from django import forms

from ipam.forms.fields import CidrField


class PrefixChangeForm(forms.Form):
    """What becomes of one prefix; each kind of change asks for one thing more, merging for nothing."""

    cidr = CidrField(label="Prefix", max_length=60, help_text="The prefix that changes.")
    change = forms.ChoiceField(
        choices=[("resize", "Resize"), ("split", "Split"), ("merge", "Merge")],
        initial="resize",
        widget=forms.RadioSelect,
        help_text="Merging joins it with the other half of what both are halves of, which this network has too.",
    )
    wanted = CidrField(
        required=False, max_length=60, label="New prefix", help_text="To resize: what it will be, shorter or longer."
    )
    length = forms.IntegerField(
        required=False, min_value=0, max_value=128, label="Prefix length", help_text="To split: that of the parts."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("wanted", "length"):  # each is asked for by one kind of change, and shown with it alone
            self.fields[name].is_needed = True  # type: ignore[attr-defined]

    @property
    def stands_for(self) -> dict[str, str]:
        """Where refusals of a prefix stand: a new one is typed only to resize."""
        return {"prefix": "wanted" if self.data.get("change") == "resize" else "cidr"}

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        needed = {"resize": "wanted", "split": "length"}.get(given.get("change", ""))
        if needed and given.get(needed) is None and needed not in self.errors:
            self.add_error(needed, forms.ValidationError("Say what it will be.", code="required"))
        return given
