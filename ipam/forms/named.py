"""Form fields by which people name a thing, or several: projects, networks, machines; for admin and dashboard alike."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q

from ipam.addressing import shorten
from ipam.domain.core import access, same_names
from ipam.domain.core.lookups import MAX_CANDIDATES
from ipam.models import VRF, Cluster, Machine, Network, Partition, Project
from ipam.models.vrfs import HIGHEST_VNI, LOWEST_VNI

MAX_NAMED = 50  # things of one field


def picker(kind: str) -> forms.TextInput:
    """The input that offers things of a kind as one types (static/js/combobox.js); a plain one without scripts."""
    return forms.TextInput({"data-choices": kind, "autocomplete": "off"})


class NamedField(forms.CharField):
    """A thing, named by its id or its name, also as `name · tenant` where several have that (`same_names`).

    A picker offers those of `kind` as one types.

    Only what the caller sees, and what is `among` them, can be named.
    """

    model: type[Any]

    def __init__(self, *, kind: str = "", among: Q | None = None, **options: Any) -> None:
        self.noun, self.among = str(self.model._meta.verbose_name), among or Q()
        options.setdefault("widget", picker(kind or f"{self.model._meta.model_name}s"))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """Its name, or what tells it from others of that name."""
        key = value.pk if isinstance(value, self.model) else value
        if key is value and not isinstance(value, uuid.UUID):
            return value
        found = list(self._visible().filter(pk=key))
        return same_names.texts_of(self._visible(), found)[0] if found else key

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != (data or "").strip()

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        return self.find([text])[0] if text else None

    def find(self, texts: Sequence[str]) -> list[Any]:
        """The one that each of them means; ValidationError for none, and for several, which it tells apart.

        One statement, and one more to tell apart.
        """
        keys = {text: self._key(text) for text in texts}
        wanted = Q(pk__in=[key for key in keys.values() if key is not None])
        for text in keys:
            wanted |= same_names.called(self.model, text)
        rows = list(self._visible().filter(wanted)[: len(keys) * (MAX_CANDIDATES + 1)])
        return [self._the_one(text, key, rows) for text, key in keys.items()]

    def _the_one(self, text: str, key: Any, rows: Sequence[Any]) -> Any:
        meant = [one for one in rows if one.pk == key] or [one for one in rows if same_names.is_called(one, text)]
        if len(meant) == 1:
            return meant[0]
        if not meant:
            raise forms.ValidationError(f"There is no {self.noun} “{shorten(text)}”. Type its name or id.")
        shown = ", ".join(same_names.texts_of(self._visible(), meant[:MAX_CANDIDATES]))
        raise forms.ValidationError(f"Several {self.noun}s have that name: {shown}. Type which one you mean.")

    def _visible(self) -> Any:
        objects = self.model._default_manager.filter(self.among)
        return access.visible(objects.select_related("project") if hasattr(self.model, "project") else objects)

    def _key(self, text: str) -> Any:
        try:
            return self.model._meta.pk.to_python(text)
        except forms.ValidationError:
            return None


class ManyNamedField(forms.CharField):
    """Any number of things, a line for each, named as `one` has it; a picker keeps those that were chosen beside it."""

    widget = forms.Textarea

    def __init__(self, one: NamedField, **options: Any) -> None:
        self.one = one
        marks = {"rows": 3, "data-many": "", **one.widget.attrs}
        super().__init__(widget=forms.Textarea(marks), **options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(str(self.one.prepare_value(one)) for one in value or ())

    def clean(self, value: Any) -> Any:
        lines = list(dict.fromkeys(line for line in map(str.strip, super().clean(value).splitlines()) if line))
        if len(lines) > MAX_NAMED:
            raise forms.ValidationError(f"At most {MAX_NAMED} fit here, and these are {len(lines):,}.")
        return self.one.find(lines) if lines else []


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


class MachineField(NamedField):
    """A machine."""

    model = Machine


class VrfField(NamedField):
    """A VRF by its name or number, which may be one that is still to be: the number."""

    model = VRF

    def find(self, texts: Sequence[str]) -> list[int]:
        """The numbers; ValidationError for what is neither one nor the name of one."""
        numbers = [int(text) if text.isdecimal() else super(VrfField, self).find([text])[0].pk for text in texts]
        if not all(LOWEST_VNI <= number <= HIGHEST_VNI for number in numbers):
            raise forms.ValidationError(f"A VNI is between {LOWEST_VNI} and {HIGHEST_VNI}.")
        return numbers
