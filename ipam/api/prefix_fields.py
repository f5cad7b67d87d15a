"""A new prefix in a request: a CIDR, or an object of one and the fields that it shall have."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import addressing
from ipam.addressing import shorten
from ipam.api import fields


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {
                    "prefix": {"type": "string"},
                    "gateway": {"type": "string", "nullable": True},
                    "reserve_ends": {"type": "boolean"},
                },
                "required": ["prefix"],
                "additionalProperties": False,
            },
        ],
        "example": "10.0.0.0/22",
    }
)
class NewPrefix(fields.Parsed[tuple[addressing.Cidr, dict[str, Any]]]):
    """A CIDR, or an object of one and the fields of the prefix: `{"prefix": "10.0.0.0/22", "gateway": "10.0.0.1"}`."""

    def to_internal_value(self, data: object) -> tuple[addressing.Cidr, dict[str, Any]]:
        if not isinstance(data, dict):
            return fields.Cidr().to_internal_value(data), {}
        known: dict[str, Any] = {"prefix": fields.Cidr(), "gateway": fields.Address(allow_null=True)}
        known["reserve_ends"] = fields.Flag()
        if unknown := [name for name in data if name not in known]:
            detail = f"There is no field “{shorten(unknown[0])}” here. Known: {', '.join(sorted(known))}."
            raise serializers.ValidationError(detail, code="unknown_field")
        if "prefix" not in data:
            raise serializers.ValidationError("A prefix names its CIDR as “prefix”.", code="required")
        read = {name: known[name].run_validation(value) for name, value in data.items()}
        return read.pop("prefix"), read


class NewPrefixes(fields.Many):
    child = NewPrefix()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=fields.MAX_CIDRS, **options)
