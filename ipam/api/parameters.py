"""What requests ask for in their address: parameters of pages, and the filters of lists."""

import uuid
from typing import Any, TypeVar

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from ipam import errors, filter_fields
from ipam.domain.core import lookups
from ipam.filter_fields import StrictFilterSet
from ipam.models import Project
from ipam.values import parse_number

N = TypeVar("N", int, None)

PAGING = {"limit", "cursor", "ordering", "count"}

for _kind, _schema in (
    (filter_fields.ListFilter, {"type": "array", "items": {"type": "string"}}),
    (filter_fields.NumberFilter, {"type": "integer", "minimum": 0}),
    (filter_fields.KeyFilter, str),
    (filter_fields.MomentFilter, {"type": "string", "format": "date-time"}),
    (filter_fields.AddressFilter, str),
    (filter_fields.CidrFilter, str),
):
    extend_schema_field(_schema)(_kind)


def value(request: Request, name: str, field: serializers.Field[Any, Any, Any, Any]) -> Any:
    """A query parameter in the shape of `field`; Required if it is left out, else what is wrong is about it."""
    if name not in request.query_params:
        raise errors.Required(f"{name} is missing. Add it to the address: ?{name}=…", field=name)
    try:
        return field.run_validation(request.query_params[name])
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from None


def value_if_given(request: Request, name: str, field: serializers.Field[Any, Any, Any, Any]) -> Any:
    """The same, and None if it is left out."""
    return value(request, name, field) if name in request.query_params else None


def number(request: Request, name: str, default: N) -> int | N:
    """A whole number, or the default where it is left out; Invalid for anything else."""
    text = request.query_params.get(name)
    try:
        return default if text is None else parse_number(text)
    except ValueError as error:
        raise errors.Invalid(str(error), field=name) from None


def namespace(request: Request) -> uuid.UUID | None:
    """The id of the project that `?namespace=` names by id or name, if it does; NotFound for nobody's."""
    text = request.query_params.get("namespace")
    return lookups.named(Project, text, field="namespace").pk if text else None


def refuse_unknown(request: Request, known: set[str]) -> None:
    """A misspelt parameter would otherwise change nothing, or worse, turn a dry run into a real change.

    So would an empty or blank one, which a script has that lost its variable, and one that is said twice.
    """
    filter_fields.refuse_unknown(request.query_params, known)


class StrictFilterBackend(DjangoFilterBackend):
    """Narrows a list by its filters; what is no filter of it and no parameter of its pages is refused."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filterset: StrictFilterSet | None = self.get_filterset(request, queryset, view)
        paging = getattr(view, "paging", PAGING)
        if filterset is None:
            refuse_unknown(request, paging)
            return queryset
        filterset.refuse_unknown(paging)
        return filterset.narrowed()
