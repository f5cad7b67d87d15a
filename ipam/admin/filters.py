"""Filters beside a list. Their choices are few, or found by typing."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from ipam.addressing import Family, block
from ipam.admin.forms import chooser
from ipam.domain.core import lookups
from ipam.models import Prefix
from ipam.models.managed import METAL_STACK


class FamilyFilter(admin.SimpleListFilter):
    """By address family, for a model with a column of it."""

    title = "family"
    parameter_name = "address_family"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(family.key, family.label) for family in Family]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        try:
            return self.of_family(queryset, Family.from_key(value))
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error

    def of_family(self, queryset: QuerySet[Any], family: Family) -> QuerySet[Any]:
        """The rows of this family."""
        return queryset.filter(family=family)


class AddressFamilyFilter(FamilyFilter):
    """A family is a range of addresses, and the list is in the order of addresses."""

    def of_family(self, queryset: Any, family: Family) -> QuerySet[Any]:
        found: QuerySet[Any] = queryset.within(block(family, 0, 0))
        return found


class NetworkFamilyFilter(FamilyFilter):
    """Networks with a prefix of the family."""

    def of_family(self, queryset: Any, family: Family) -> QuerySet[Any]:
        found: QuerySet[Any] = queryset.having(Prefix.objects.filter(family=family))
        return found


class HolderFilter(admin.SimpleListFilter):
    """Whether an address belongs to a machine."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("machine", "of a machine"), ("free-standing", "of no machine")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in (None, "machine", "free-standing"):
            raise IncorrectLookupParameters(self.value())
        return queryset if self.value() is None else queryset.filter(machine__isnull=self.value() != "machine")


class ManagerFilter(admin.SimpleListFilter):
    """Whether another system owns it."""

    title = "manager"
    parameter_name = "managed_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(METAL_STACK, METAL_STACK), ("twofold", "Twofold")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in (None, METAL_STACK, "twofold"):
            raise IncorrectLookupParameters(self.value())
        managers = {METAL_STACK: METAL_STACK, "twofold": ""}
        return queryset if self.value() is None else queryset.filter(managed_by=managers[str(self.value())])


class _Chosen(admin.ListFilter):
    """The rows that refer to one object, which is found by typing."""

    template = "admin/ipam/chosen_filter.html"
    model: type[Model]
    field: str
    lookup: str

    def __init__(self, request: HttpRequest, params: dict[str, list[str]], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        if self.field in params:
            self.used_parameters[self.field] = params.pop(self.field)[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return [self.field]

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, object]]:
        """One form, with everything else that narrows the list in hidden fields."""
        form = forms.Form(self.used_parameters, auto_id="filter_%s")
        form.fields[self.field] = chooser(self.model, self.field, required=False, label=self.title)
        others = {name: value for name, value in changelist.params.items() if name != self.field}
        yield {"box": form[self.field], "others": others}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.used_parameters.get(self.field)
        if not value:
            return queryset
        if not lookups.is_id(self.model._meta.get_field(self.field).related_model, value):  # type: ignore[arg-type]
            raise IncorrectLookupParameters(value)
        return queryset.filter(**{self.lookup: value})


def chosen(model: type[Model], field: str, *, of: str = "") -> type[admin.ListFilter]:
    """A filter by what the foreign key `field` of `model` refers to; `of` is the way from the row to that model."""
    title = str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    about = {"model": model, "field": field, "lookup": f"{of}__{field}" if of else field, "title": title}
    return type(f"{field.title()}Filter", (_Chosen,), about)
