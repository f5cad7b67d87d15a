"""The shape of moments and counts in requests."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field

from ipam import measures
from ipam.addressing import Family
from ipam.api.fields import Parsed


@extend_schema_field({"type": "string", "format": "date-time"})
class Moment(Parsed[datetime]):
    """A time, or a day: its beginning."""

    parse = staticmethod(measures.parse_moment)


@extend_schema_field({"type": "string", "pattern": "^[0-9]{1,39}$", "example": "254"})
class Count(Parsed[int]):
    """How many addresses: decimal digits, as a string or a number."""

    parse = staticmethod(measures.parse_count)


@extend_schema_field(
    {
        "type": "object",
        "properties": {family.key: {"type": "number", "minimum": 0} for family in Family},
        "additionalProperties": False,
        "example": {"ipv4": 24},
    }
)
class Hours(Parsed[dict[Family, float]]):
    """Hours per family: `{"ipv4": 24}`; a missing family means none."""

    parse = staticmethod(measures.parse_hours)

    def to_representation(self, value: Any) -> Any:
        return value
