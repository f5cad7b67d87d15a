"""The shape of input values: text becomes an address, a CIDR, a family once, here. What they may be is the domain's."""

import re
import unicodedata
import uuid
from typing import Any

from drf_spectacular.utils import extend_schema_field
from netaddr import IPAddress, IPNetwork
from rest_framework import serializers

from ipam.addressing import Family, parse_address, parse_cidr, shorten
from ipam.models.base import LABEL_KEY_LENGTH, LABEL_VALUE_LENGTH, MOST_LABELS, label_fault

MOST_CIDRS = 1000
DUAL_STACK = "dual-stack"


_DIGITS = re.compile(r"[0-9]{1,18}")


class _Brief:
    """Repeats no more of what was sent than a sentence has room for."""

    def fail(self, key: str, **sent: Any) -> Any:
        return super().fail(key, **{name: shorten(value) for name, value in sent.items()})  # type: ignore[misc]


class Choice(_Brief, serializers.ChoiceField):
    """One of the words that there are."""

    default_error_messages = {"invalid_choice": "This field takes no “{input}”. Use one of: {offered}."}

    def fail(self, key: str, **sent: Any) -> Any:
        self.error_messages[key] = self.error_messages[key].replace("{offered}", ", ".join(map(str, self.choices)))
        return super().fail(key, **sent)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data if isinstance(data, str) else shorten(type(data).__name__))


class Many(serializers.ListField):
    """A list whose length is judged before what is in it."""

    default_error_messages = {"not_a_list": "This is not a list.", "empty": "This list is empty."}

    def to_internal_value(self, data: Any) -> list[Any]:
        most = self.max_length
        if isinstance(data, list) and most is not None and len(data) > most:
            raise serializers.ValidationError(
                f"At most {most:,} fit in one request, and these are {len(data):,}.", code="invalid"
            )
        return list(super().to_internal_value(data))


class Text(serializers.CharField):
    """A string as it is: not trimmed, not converted from a number, without control characters."""

    default_error_messages = {
        "invalid": "This is not a string.",
        "control": "This contains a control character. Remove it.",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("trim_whitespace", False)
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in data):
            self.fail("control")
        return str(super().to_internal_value(data))


class Integer(serializers.IntegerField):
    """A JSON number without a fraction; neither a string nor a boolean."""

    default_error_messages = {"invalid": "This is not a whole number, such as 24."}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class Vrf(Integer):
    """A VRF by its VNI, or by a name, which is looked up later, as all references are."""

    def to_internal_value(self, data: Any) -> int | str:  # type: ignore[override]
        if not isinstance(data, str):
            return super().to_internal_value(data)
        return super().to_internal_value(int(data)) if _DIGITS.fullmatch(data) else data

    def run_validators(self, value: Any) -> None:
        if not isinstance(value, str):
            super().run_validators(value)


class Flag(_Brief, serializers.BooleanField):
    """true or false, nothing that merely looks like it."""

    default_error_messages = {"invalid": "This is neither true nor false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class Uuid(_Brief, serializers.UUIDField):
    """A UUID in its usual form of 36 characters."""

    default_error_messages = {"invalid": "This is not a UUID, such as 4b9b17c4-2d7c-4190-ae95-dda44e430fa6."}

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or len(data) != 36:
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "example": "10.0.0.0/22"})
class Cidr(serializers.Field[IPNetwork, Any, str, Any]):
    """A CIDR; host bits are kept, so that a rule can name the corrected form."""

    def to_internal_value(self, data: Any) -> IPNetwork:
        if not isinstance(data, str):
            raise serializers.ValidationError("A CIDR is a string such as 10.0.0.0/22.", code="invalid_cidr")
        try:
            return parse_cidr(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid_cidr") from None

    def to_representation(self, value: IPNetwork) -> str:
        return str(value)


class Cidrs(Many):
    child = Cidr()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST_CIDRS, **options)


@extend_schema_field({"type": "string", "example": "10.0.0.1"})
class Address(serializers.Field[IPAddress, Any, str, Any]):
    """An address in full."""

    def to_internal_value(self, data: Any) -> IPAddress:
        if not isinstance(data, str):
            raise serializers.ValidationError("An address is a string such as 10.0.0.1 or 2001:db8::1.", code="invalid")
        try:
            return parse_address(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from None

    def to_representation(self, value: IPAddress) -> str:
        return str(value)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        ],
        "example": ["10.0.0.1", "2001:db8::1"],
    }
)
class Addresses(serializers.Field[list[IPAddress], Any, list[str], Any]):
    """One address, or a list with at most one of each family."""

    def to_internal_value(self, data: Any) -> list[IPAddress]:
        texts = data if isinstance(data, list) else [data]
        if not 1 <= len(texts) <= len(Family):
            raise serializers.ValidationError("Give one address, or one of each family.", code="invalid")
        return [Address().to_internal_value(text) for text in texts]

    def to_representation(self, value: list[IPAddress]) -> list[str]:
        return [str(address) for address in value]


@extend_schema_field({"type": "string", "enum": [*(family.key for family in Family), DUAL_STACK]})
class Families(serializers.Field[list[Family], Any, str, Any]):
    """`ipv4`, `ipv6`, or `dual-stack`, which means both."""

    def to_internal_value(self, data: Any) -> list[Family]:
        if data == DUAL_STACK:
            return list(Family)
        try:
            return [Family.from_key(data)]
        except ValueError:
            raise serializers.ValidationError("Use ipv4, ipv6 or dual-stack.", code="invalid") from None

    def to_representation(self, value: list[Family]) -> str:
        return DUAL_STACK if len(value) > 1 else value[0].key


@extend_schema_field({"type": "string", "enum": [family.key for family in Family]})
class OneFamily(serializers.Field[Family, Any, str, Any]):
    """`ipv4` or `ipv6`."""

    def to_internal_value(self, data: Any) -> Family:
        try:
            return Family.from_key(data)
        except ValueError:
            raise serializers.ValidationError("Use ipv4 or ipv6.", code="invalid") from None

    def to_representation(self, value: Family) -> str:
        return Family(value).key


@extend_schema_field(
    {
        "type": "object",
        "properties": {family.key: {"type": "integer", "minimum": 0, "maximum": family.bits} for family in Family},
        "additionalProperties": False,
        "example": {"ipv4": 22, "ipv6": 96},
    }
)
class Lengths(serializers.Field[dict[Family, int], Any, dict[str, int], Any]):
    """Prefix lengths per family: `{"ipv4": 22, "ipv6": 96}`; a missing key means none."""

    def to_internal_value(self, data: Any) -> dict[Family, int]:
        if not isinstance(data, dict):
            raise serializers.ValidationError('Give an object such as {"ipv4": 22, "ipv6": 96}.', code="invalid")
        lengths: dict[Family, int] = {}
        for key, length in data.items():
            family = OneFamily().to_internal_value(key)
            if isinstance(length, bool) or not isinstance(length, int) or not 0 <= length <= family.bits:
                raise serializers.ValidationError(f"{family.label} takes 0 to {family.bits}.", code="invalid")
            lengths[family] = length
        return lengths

    def to_representation(self, value: dict[Family, int]) -> dict[str, int]:
        return {family.key: length for family, length in value.items()}


class Labels(serializers.DictField):
    """An object of strings."""

    child = Text(allow_blank=True, max_length=LABEL_VALUE_LENGTH)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, dict):
            if len(data) > MOST_LABELS:
                raise serializers.ValidationError(f"At most {MOST_LABELS} labels.", code="invalid")
            for key in data:
                Text(max_length=LABEL_KEY_LENGTH).run_validation(key)
        labels = dict(super().to_internal_value(data))
        if fault := label_fault(labels):
            raise serializers.ValidationError(fault, code="invalid")
        return labels
