"""Filters by an address, a CIDR, a number, an id or name, or several of one kind, and what each is read from."""

from collections.abc import Iterable
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Model, Q
from django_filters.constants import EMPTY_VALUES

from ipam.addressing import Cidr
from ipam.domain.core import lookups
from ipam.domain.networks.rules import judge_canonical
from ipam.forms.fields import ParsedField
from ipam.values import parse_address, parse_cidr, parse_number

NOTHING = "null"  # of a reference: without one
MOST_VALUES = 50  # of one parameter


class _ParsedField(ParsedField):
    """As it was written, blanks and all."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, empty_value=None, **options)


class AddressField(_ParsedField):
    parse = staticmethod(parse_address)


class CidrField(_ParsedField):
    """A CIDR without host bits: with them it would equal nothing, or be read as what was not written."""

    def parse(self, text: str) -> Cidr:
        cidr = parse_cidr(text)
        for refusal in judge_canonical([cidr], ""):
            raise ValueError(refusal.detail)
        return cidr


class NumberField(_ParsedField):
    parse = staticmethod(parse_number)


class KeyField(_ParsedField):
    """What a filter refers to: an id, or a name that only one has; “null” where an object may be without one."""

    def __init__(self, model: type[Model], *, nullable: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.model, self.nullable = model, nullable

    def parse(self, text: str) -> Any:
        return self.parse_all([text])[0]

    def parse_all(self, texts: list[str]) -> list[Any]:
        """Many in as many statements as one."""
        named = [text for text in texts if not (self.nullable and text == NOTHING)]
        keys = dict(zip(named, lookups.keys_of(self.model, named), strict=True))
        return [keys.get(text, NOTHING) for text in texts]


class EachField(forms.Field):
    """Every value of a parameter that may be repeated, at most `MOST_VALUES`, each as `one` reads it."""

    widget = forms.MultipleHiddenInput

    def __init__(self, one: forms.Field, **options: Any) -> None:
        super().__init__(**options)
        self.one = one

    def clean(self, value: Any) -> list[Any]:
        texts = [text for text in value or () if text]
        if len(texts) > MOST_VALUES:
            raise forms.ValidationError(
                f"At most {MOST_VALUES} values fit in one request, and these are {len(texts):,}. Ask in parts."
            )
        if not isinstance(self.one, KeyField):
            return [self.one.clean(text) for text in texts]
        try:
            return self.one.parse_all(texts)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class ListFilter(filters.Filter):
    """May be repeated; `one` reads each value. Without a method: any of them, a reference may be “null”."""

    field_class = EachField

    def __init__(self, one: forms.Field, **options: Any) -> None:
        super().__init__(one=one, **options)

    def filter(self, qs: Any, value: Any) -> Any:
        return _any_of(qs, self.field_name, value) if value else qs


def _any_of(queryset: Any, column: str, values: Iterable[Any]) -> Any:
    wanted = set(values)
    if len(wanted) == 1:
        (one,) = wanted
        return queryset.filter(**({f"{column}__isnull": True} if one == NOTHING else {column: one}))
    found = Q(**{f"{column}__in": wanted - {NOTHING}})
    return queryset.filter(found | Q(**{f"{column}__isnull": True}) if NOTHING in wanted else found)


class KeyFilter(filters.Filter):
    """Objects that refer to this one, by id or name; to none by “null”, where that is offered."""

    field_class = KeyField

    def filter(self, qs: Any, value: Any) -> Any:
        return qs if value in EMPTY_VALUES else _any_of(qs, self.field_name, [value])


class NumberFilter(filters.Filter):
    field_class = NumberField


class AddressFilter(filters.Filter):
    field_class = AddressField


class CidrFilter(filters.Filter):
    field_class = CidrField
