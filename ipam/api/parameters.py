"""What requests ask for in their address, beside the filters of lists."""

import uuid
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.request import Request

from ipam import errors
from ipam.domain.core import lookups
from ipam.models import Project
from ipam.values import parse_number

N = TypeVar("N", int, None)


def value(request: Request, name: str, field: serializers.Field[Any, Any, Any, Any]) -> Any:
    """A query parameter in the shape of `field`; Required if it is left out, else what is wrong is about it."""
    if name not in request.query_params:
        raise errors.Required(f"{name} is missing. Add it to the address: ?{name}=…", field=name)
    try:
        return field.run_validation(request.query_params[name])
    except serializers.ValidationError as error:
        raise serializers.ValidationError({name: error.detail}) from None


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
