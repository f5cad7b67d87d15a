"""The shape of input values: text becomes an address, a CIDR, a family once, here. What they may be is the domain's."""

import unicodedata
import uuid
from typing import Any, TypeVar, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ipam import addressing, values
from ipam.addressing import Family, shorten
from ipam.labels import LABEL_VALUE_LENGTH, MAX_LABELS, parse_labels

MAX_CIDRS = 1000
V = TypeVar("V")


class _Brief:
    """Repeats no more of what was sent than a sentence has room for."""

    def fail(self, key: str, **sent: object) -> Any:
        return super().fail(key, **{name: shorten(value) for name, value in sent.items()})  # type: ignore[misc]


class Choice(_Brief, serializers.ChoiceField):
    """One of the words that there are."""

    default_error_messages = {"invalid_choice": "This field takes no “{input}”. Use one of: {offered}."}

    def fail(self, key: str, **sent: object) -> Any:
        self.error_messages[key] = self.error_messages[key].replace("{offered}", ", ".join(map(str, self.choices)))
        return super().fail(key, **sent)

    def to_internal_value(self, data: object) -> str:
        return str(super().to_internal_value(data if isinstance(data, str) else shorten(type(data).__name__)))


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

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if any(unicodedata.category(character) == "Cc" and character not in "\n\t" for character in data):
            self.fail("control")
        return str(super().to_internal_value(data))


class Integer(serializers.IntegerField):
    """A JSON number without a fraction; neither a string nor a boolean."""

    default_error_messages = {"invalid": "This is not a whole number, such as 24."}

    def to_internal_value(self, data: object) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}]})
class Vrf(Integer):
    """A VRF by its VNI, or by a name, which is looked up later, as all references are."""

    def to_internal_value(self, data: object) -> int | str:  # type: ignore[override]
        if not isinstance(data, str):
            return super().to_internal_value(data)
        return super().to_internal_value(int(data)) if values.is_number(data) else data

    def run_validators(self, value: object) -> None:
        if not isinstance(value, str):
            super().run_validators(value)


class Flag(_Brief, serializers.BooleanField):
    """true or false, nothing that merely looks like it."""

    default_error_messages = {"invalid": "This is neither true nor false."}

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class Uuid(_Brief, serializers.UUIDField):
    """A UUID in its usual form of 36 characters."""

    default_error_messages = {"invalid": "This is not a UUID, such as 4b9b17c4-2d7c-4190-ae95-dda44e430fa6."}

    def to_internal_value(self, data: object) -> uuid.UUID:
        try:
            return values.parse_uuid(data)
        except ValueError:
            return cast(uuid.UUID, self.fail("invalid", value=data))


class Parsed(serializers.Field[V, Any, Any, Any]):
    """A value that `parse` makes of what was sent; what that refuses by ValueError has this code."""

    code = "invalid"

    @staticmethod
    def parse(data: object, /) -> V:
        raise NotImplementedError

    def to_internal_value(self, data: object) -> V:
        try:
            return self.parse(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code=self.code) from None

    def to_representation(self, value: V) -> Any:
        return str(value)


@extend_schema_field({"type": "string", "example": "10.0.0.0/22"})
class Cidr(Parsed[addressing.Cidr]):
    """A CIDR; host bits are kept, so that a rule can name the corrected form."""

    code = "invalid_cidr"
    parse = staticmethod(values.parse_cidr)


class Cidrs(Many):
    child = Cidr()

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_CIDRS, **options)


@extend_schema_field({"type": "string", "example": "10.0.0.1"})
class Address(Parsed[addressing.Address]):
    """An address in full."""

    parse = staticmethod(values.parse_address)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
        ],
        "example": ["10.0.0.1", "2001:db8::1"],
    }
)
class Addresses(Parsed[list[addressing.Address]]):
    """One address, or a list with at most one of each family."""

    @staticmethod
    def parse(data: object) -> list[addressing.Address]:
        texts = data if isinstance(data, list) else [data]
        if not 1 <= len(texts) <= len(Family):
            raise ValueError("Give one address, or one of each family.")
        return [values.parse_address(text) for text in texts]

    def to_representation(self, value: list[addressing.Address]) -> list[str]:
        return [str(address) for address in value]


@extend_schema_field({"type": "string", "enum": [*values.BY_KEY, values.DUAL_STACK]})
class Families(Parsed[tuple[Family, ...]]):
    """`ipv4`, `ipv6`, or `dual-stack`, which means both."""

    parse = staticmethod(values.parse_families)

    def to_representation(self, value: tuple[Family, ...]) -> str:
        return values.DUAL_STACK if len(value) > 1 else value[0].key


@extend_schema_field({"type": "string", "enum": [*values.BY_KEY]})
class OneFamily(Parsed[Family]):
    """`ipv4` or `ipv6`."""

    parse = staticmethod(Family.from_key)

    def to_representation(self, value: Family) -> str:
        return Family(value).key


class ByFamily(Parsed[dict[Family, V]]):
    """An object with a value for each family; a missing key means none."""

    def to_representation(self, value: dict[Family, V]) -> dict[str, object]:
        return {family.key: one if isinstance(one, int) else str(one) for family, one in value.items()}


@extend_schema_field(
    {
        "type": "object",
        "properties": {family.key: {"type": "integer", "minimum": 0, "maximum": family.bits} for family in Family},
        "additionalProperties": False,
        "example": {"ipv4": 22, "ipv6": 96},
    }
)
class Lengths(ByFamily[int]):
    """Prefix lengths per family: `{"ipv4": 22, "ipv6": 96}`."""

    @staticmethod
    def parse(data: object) -> dict[Family, int]:
        return values.parse_lengths(data, Integer().to_internal_value)


class Labels(serializers.DictField):
    """An object of strings."""

    child = Text(allow_blank=True, max_length=LABEL_VALUE_LENGTH)

    def to_internal_value(self, data: object) -> dict[str, str]:
        """They are counted before any is judged."""
        if isinstance(data, dict) and len(data) <= MAX_LABELS:
            for key in data:
                Text(allow_blank=True).run_validation(key)
            data = super().to_internal_value(data)
        try:
            return parse_labels(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from None
