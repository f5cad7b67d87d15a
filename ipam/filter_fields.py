"""Filters by an address, a CIDR, a number, an id or name, or several of one kind, and what each is read from."""

from collections.abc import Callable, Collection, Container, Iterable
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django_filters.constants import EMPTY_VALUES

from ipam import errors
from ipam.addressing import Cidr, Family, shorten
from ipam.domain.core import lookups
from ipam.domain.networks.rules import violations_of_canonical
from ipam.forms.fields import ParsedField
from ipam.measures import parse_moment
from ipam.values import DUAL_STACK, parse_address, parse_cidr, parse_families, parse_number

NOTHING = "null"  # of a reference: without one
MAX_VALUES = 50  # of one parameter
FAMILIES = [*((family.key, family.label) for family in Family), (DUAL_STACK, "IPv4 and IPv6")]


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
        for refusal in violations_of_canonical([cidr], ""):
            raise ValueError(refusal.detail)
        return cidr


class NumberField(_ParsedField):
    parse = staticmethod(parse_number)


class MomentField(_ParsedField):
    parse = staticmethod(parse_moment)


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
    """Every value of a parameter that may be repeated, at most `MAX_VALUES`, each as `one` reads it."""

    widget = forms.MultipleHiddenInput

    def __init__(self, one: forms.Field, **options: Any) -> None:
        super().__init__(**options)
        self.one = one

    def clean(self, value: Any) -> list[Any]:
        texts = [text for text in value or () if text]
        if len(texts) > MAX_VALUES:
            raise forms.ValidationError(
                f"At most {MAX_VALUES} values fit in one request, and these are {len(texts):,}. Ask in parts."
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


def reference(model: type[Model], column: str, *, nullable: bool = False) -> ListFilter:
    """Objects that refer to any of these, by id or name."""
    return ListFilter(KeyField(model, nullable=nullable, required=False), field_name=column)


def asks(word: str) -> Callable[[Any, str, Any], Any]:
    """Objects of whose QuerySet this is a word that takes the value."""
    return lambda objects, name, value: getattr(objects, word)(value)


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


class TextFilter(filters.CharFilter):
    """Objects with just this text."""

    def filter(self, qs: Any, value: Any) -> Any:
        return qs.saying(self.field_name, value) if value else qs


class NumberFilter(filters.Filter):
    field_class = NumberField


class MomentFilter(filters.Filter):
    field_class = MomentField


class AddressFilter(filters.Filter):
    field_class = AddressField


class CidrFilter(filters.Filter):
    field_class = CidrField


def refuse_unknown(parameters: QueryDict, known: Collection[str], lists: Container[str] = ()) -> None:
    """Invalid for each parameter that is not known, that is empty, or that is said twice and is none of `lists`."""
    broken = []
    for name, values in parameters.lists():
        if name not in known:
            text = f"There is no parameter “{shorten(name)}” here. Known: {', '.join(sorted(known)) or 'none'}."
            broken.append(errors.Invalid(text, field=shorten(name)))
        elif not all(map(str.strip, values)):
            broken.append(errors.Invalid(f"{name} is empty. Give it a value, or leave it out.", field=name))
        elif len(values) > 1 and name not in lists:
            broken.append(errors.Invalid(f"{name} is given {len(values)} times. Give it once.", field=name))
    errors.raise_all(broken)


class StrictFilterSet(filters.FilterSet):
    """An unknown filter or a malformed value is an error that names it, never ignored."""

    def refuse_unknown(self, also: Iterable[str] = ()) -> None:
        """Invalid for each parameter that names neither a filter nor one of `also`, is empty, or is said too often."""
        lists = {name for name, one in self.filters.items() if isinstance(one, ListFilter)}
        refuse_unknown(self.data, {*self.filters, *also}, lists)

    def refuse_malformed(self) -> None:
        """Invalid for each filter whose value is none of its values."""
        broken = [errors.Invalid(str(why), field=name) for name, reasons in self.errors.items() for why in reasons]
        errors.raise_all(broken)

    def narrowed(self) -> QuerySet[Any]:
        """What the filters leave over; Invalid where one is malformed."""
        self.refuse_malformed()
        left: QuerySet[Any] = self.qs
        return left


def of_family(column: str) -> filters.ChoiceFilter:
    """Narrows by a column that holds a family; both families are all."""

    def narrow(queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(**{f"{name}__in": parse_families(value)})

    return filters.ChoiceFilter(choices=FAMILIES, field_name=column, method=narrow)
