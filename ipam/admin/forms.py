"""Forms of the admin: the shape of input, and the place where refusals are read."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db.models import Model

from ipam import errors
from ipam.addressing import shorten
from ipam.admin.lists import RowField
from ipam.domain.core import lookups
from ipam.forms.described import DescribedForm
from ipam.forms.refusals import tell

Data = dict[str, Any]  # what a form says, by its fields


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may be written of a record. It never touches the instance: the domain judges and writes.

    All fields are declared, so the model's own are none of its business.
    """

    refusals: ClassVar[dict[str, list[errors.IpamError]]] = {}

    class Meta:
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            shown = {name: getattr(self.instance, name, None) for name in self.base_fields}
            self.initial = {**shown, **self.initial}
        for field in self.fields.values():
            if type(field.widget) is forms.TextInput:
                field.widget.attrs.setdefault("class", "vTextField")  # wide

    @property
    def changes(self) -> Data:
        """The fields that differ from what was shown."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    def _post_clean(self) -> None:
        tell(self, self.refusals.get(self.prefix or "", []))


class GenerationField(forms.IntegerField):
    """The generation that was on the page: whether somebody else was first. It is no change by itself."""

    widget = forms.HiddenInput

    def has_changed(self, initial: object, data: object) -> bool:
        return False


class NamesForm(DescribedForm, RecordForm):
    """A row of a list that can be edited there. What was shown is sent along: a row that only others change is left."""

    bound_field_class = RowField
    generation = GenerationField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in DescribedForm.base_fields:
            self.fields[name].show_hidden_initial = True
            self.fields[name].widget.attrs["aria-label"] = name  # no label stands beside it in a list


class _Known:
    """Of a widget: what is no id of anything is not looked up to be shown."""

    field: Any
    is_required: bool
    allow_multiple_selected: bool
    create_option: Callable[..., Any]

    def optgroups(self, name: str, value: Iterable[str], attr: dict[str, object] | None = None) -> Any:
        known = [key for key in value if lookups.is_id(self.field.remote_field.model, key)]
        if not known and not self.is_required and not self.allow_multiple_selected:  # no query has to find that
            return [(None, [self.create_option(name, "", "", False, 0)], 0)]
        return super().optgroups(name, known, attr)  # type: ignore[misc]

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> Any:
        """What is not chosen yet says so: it is all that names the box, once a script has drawn it."""
        attrs = super().build_attrs(base_attrs, extra_attrs)  # type: ignore[misc]
        return attrs | {"data-placeholder": f"no {self.field.verbose_name} chosen"}


class _Select(_Known, AutocompleteSelect):
    pass


class _SelectMultiple(_Known, AutocompleteSelectMultiple):
    pass


class _ChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or lookups.is_id(self.queryset.model, value):  # type: ignore[union-attr]
            return super().to_python(value)
        raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")


class _MultipleChoiceField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def clean(self, value: Any) -> Any:
        for key in value or ():
            if not lookups.is_id(self.queryset.model, key):  # type: ignore[union-attr]
                raise forms.ValidationError(self.error_messages["invalid_choice"], params={"value": shorten(key)})
        return super().clean(value)


def chooser(model: type[Model], field: str, **options: Any) -> "forms.ModelChoiceField[Any]":
    """A choice of what `field` of `model` refers to, found by typing: a list of all would have no end."""
    relation: Any = model._meta.get_field(field)
    widget = _Select(relation, admin.site)
    return _ChoiceField(relation.related_model._default_manager.all(), widget=widget, **options)


def many_chooser(model: type[Model], field: str, **options: Any) -> "forms.ModelMultipleChoiceField[Any]":
    """The same for any number of them."""
    relation: Any = model._meta.get_field(field)
    widget = _SelectMultiple(relation, admin.site)
    return _MultipleChoiceField(relation.related_model._default_manager.all(), widget=widget, **options)
