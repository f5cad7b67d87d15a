"""Form fields whose text becomes addresses, CIDRs, labels, prefix lengths, projects; for admin and dashboard alike.

They know the shape of what people type. What it may be, the domain says.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q

from ipam.addressing import Family
from ipam.domain.core import access
from ipam.models import Cluster, Network, Partition, Project
from ipam.values import DUAL_STACK, parse_address, parse_cidr, parse_families, words


class ParsedField(forms.CharField):
    """Text that becomes a value, and a value that is shown as text."""

    def parse(self, text: str) -> Any:
        """The value; ValueError says what is wrong."""
        raise NotImplementedError

    def show(self, value: Any) -> str:
        return str(value)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return None if text is None else self.parse(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else self.show(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        if not data:
            return bool(initial)
        try:
            return self.show(self.clean(data)) != self.show(initial)
        except forms.ValidationError:
            return True


class AddressField(ParsedField):
    """One address, or none."""

    parse = staticmethod(parse_address)

    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)


class CidrField(ParsedField):
    """A CIDR, or none; host bits stay, so that the rule can name the corrected form."""

    parse = staticmethod(parse_cidr)

    def __init__(self, **options: Any) -> None:
        super().__init__(empty_value=None, **options)


class _ListField(ParsedField):
    def show(self, value: Any) -> str:
        return "\n".join(map(str, value or ()))


class WordsField(_ListField):
    """Texts, separated by spaces, commas or lines."""

    widget = forms.Textarea(attrs={"rows": 3})
    parse = staticmethod(words)


class AddressesField(_ListField):
    """One address, or one of each family, separated by spaces or commas."""

    def parse(self, text: str) -> Any:
        return [parse_address(part) for part in words(text)]


class CidrsField(_ListField):
    """Any number of CIDRs, separated by spaces, commas or lines."""

    widget = forms.Textarea(attrs={"rows": 3})

    def parse(self, text: str) -> Any:
        return [parse_cidr(part) for part in words(text)]


class LabelsField(ParsedField):
    """A label per line: `key` or `key=value`."""

    widget = forms.Textarea(attrs={"rows": 3})

    def parse(self, text: str) -> Any:
        pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
        if not all(key.strip() for key, _, _ in pairs):
            raise ValueError("A label has a key in front of its “=”.")
        return {key.strip(): value.strip() for key, _, value in pairs}

    def show(self, value: Any) -> str:
        return "\n".join(f"{key}={text}" if text else key for key, text in (value or {}).items())


class FamiliesField(forms.ChoiceField):
    """A tuple of families; empty means every one that is there."""

    def __init__(self, **options: Any) -> None:
        single = [(family.key, family.label) for family in Family]
        both = [("", "every family that there is"), *single, (DUAL_STACK, "IPv4 and IPv6")]
        super().__init__(choices=both, required=False, **options)

    def clean(self, value: Any) -> tuple[Family, ...]:
        key = super().clean(value)
        return parse_families(key) if key else ()


class _PerFamily(forms.MultiWidget):
    def __init__(self) -> None:
        boxes: dict[str, forms.Widget | type[forms.Widget]] = {
            family.key: forms.NumberInput(attrs={"placeholder": family.label, "aria-label": family.label})
            for family in Family
        }
        super().__init__(boxes)

    def decompress(self, value: Any) -> list[Any]:
        lengths = value if isinstance(value, Mapping) else {}  # a text is what a link to the form says
        return [lengths.get(family) for family in Family]


class LengthsField(forms.MultiValueField):
    """Prefix lengths per family, {family: length}; an empty box means none."""

    widget = _PerFamily

    def __init__(self, **options: Any) -> None:
        boxes = [forms.IntegerField(min_value=0, max_value=family.bits, required=False) for family in Family]
        super().__init__(boxes, required=False, require_all_fields=False, **options)

    def compress(self, values: list[Any]) -> Mapping[Family, int]:
        return {family: length for family, length in zip(Family, values, strict=False) if length is not None}


class NamedField(forms.CharField):
    """A thing, named by its id or, where that is unique, by its name; a picker offers those of `kind` as one types.

    Only what the caller sees, and what is `among` them, can be named.
    """

    model: type[Any]

    def __init__(self, *, kind: str = "", among: Q | None = None, **options: Any) -> None:
        noun = self.model._meta.model_name
        options.setdefault("widget", forms.TextInput({"data-choices": kind or f"{noun}s", "autocomplete": "off"}))
        super().__init__(**options)
        self.noun, self.among = noun, among or Q()

    def prepare_value(self, value: Any) -> Any:
        """Its name, where only one has it."""
        key = value.pk if isinstance(value, self.model) else value
        if key is value and not isinstance(value, uuid.UUID):
            return value
        found = self._visible()
        name = found.filter(pk=key).values_list("name", flat=True).first()
        return name if name and found.filter(name=name).count() == 1 else key

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != (data or "").strip()

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text and not self.required:
            return None
        found = list(self._visible().filter(self._by_id(text) | Q(name=text))[:2])
        meant = [one for one in found if str(one.pk) == text] or found
        if len(meant) == 1:
            return meant[0]
        if found:
            raise forms.ValidationError(
                f"Several {self.noun}s have that name. Choose one from the list, or give its id."
            )
        raise forms.ValidationError(f"There is no such {self.noun}. Type its name or id.")

    def _visible(self) -> Any:
        return access.visible(self.model._default_manager.filter(self.among))

    def _by_id(self, text: str) -> Q:
        try:
            return Q(pk=self.model._meta.pk.to_python(text))
        except forms.ValidationError:
            return Q(pk=None)


class ProjectField(NamedField):
    """A project."""

    model = Project


class NetworkField(NamedField):
    """A network."""

    model = Network


class ClusterField(NamedField):
    """A cluster."""

    model = Cluster


class PartitionField(NamedField):
    """A partition."""

    model = Partition
