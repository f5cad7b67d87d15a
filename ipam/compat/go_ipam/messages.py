"""The messages of go-ipam's service, and their two spellings: protobuf's bytes and its JSON.

They hold texts, numbers and, at most, one other message, so this is a page; a library for protobuf is not needed.
A message is a dict by the names of its fields; what is not said, and what is empty, is not in it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Value = dict[str, Any]
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types (protobuf.dev, “Encoding”)
_LARGEST = 2**64
_MAX_UINT32 = 2**32 - 1


class Malformed(ValueError):
    """What was sent is not the message that the call takes."""


@dataclass(frozen=True)
class Field:
    """A field: its number, whether it holds numbers or a message instead of a text, and whether several."""

    number: int
    is_number: bool = False
    message: "Message | None" = None
    is_repeated: bool = False


Message = dict[str, Field]


def _of(*texts: str, **others: Field) -> Message:
    """A message whose first fields are texts."""
    return {name: Field(number) for number, name in enumerate(texts, 1)} | others


def _number(number: int) -> Field:
    return Field(number, is_number=True)


_PREFIX = _of("cidr", "parent_cidr")
_ONE_PREFIX = _of(prefix=Field(1, message=_PREFIX))
_ONE_IP = _of(ip=Field(1, message=_of("ip", "parent_prefix")))
_CIDR = _of("cidr", "namespace")
_IP = _of("prefix_cidr", "ip", "namespace")
_NAMESPACE = _of("namespace")
_USAGE = _of(
    available_ips=_number(1),
    acquired_ips=_number(2),
    available_smallest_prefixes=_number(3),
    available_prefixes=Field(4, is_repeated=True),
    acquired_prefixes=_number(5),
)

# Each call with what it takes and what it answers (go-ipam: proto/api/v1/ipam.proto).
CALLS: Mapping[str, tuple[Message, Message]] = {
    "CreatePrefix": (_CIDR, _ONE_PREFIX),
    "DeletePrefix": (_CIDR, _ONE_PREFIX),
    "GetPrefix": (_CIDR, _ONE_PREFIX),
    "ListPrefixes": (_NAMESPACE, _of(prefixes=Field(1, message=_PREFIX, is_repeated=True))),
    "PrefixUsage": (_CIDR, _USAGE),
    "AcquireChildPrefix": (
        {"cidr": Field(1), "length": _number(2), "child_cidr": Field(3), "namespace": Field(4)},
        _ONE_PREFIX,
    ),
    "ReleaseChildPrefix": (_CIDR, _ONE_PREFIX),
    "AcquireIP": (_IP, _ONE_IP),
    "ReleaseIP": (_IP, _ONE_IP),
    "Dump": (_NAMESPACE, _of("dump")),
    "Load": (_of("dump", "namespace"), {}),
    "CreateNamespace": (_NAMESPACE, {}),
    "ListNamespaces": ({}, _of(namespace=Field(1, is_repeated=True))),
    "DeleteNamespace": (_NAMESPACE, {}),
    "Version": ({}, _of("version", "revision", "git_sha1", "build_date")),
}


# --- bytes ----------------------------------------------------------------------------------------
def encode(message: Message, value: Value) -> bytes:
    """An answer as protobuf's bytes."""
    return b"".join(
        _encoded(field, one)
        for name, field in message.items()
        if (held := value.get(name))
        for one in (held if field.is_repeated else [held])
    )


def _encoded(field: Field, value: Any) -> bytes:
    if field.is_number:
        return _varint(field.number << 3 | _VARINT) + _varint(value)
    raw = value.encode() if field.message is None else encode(field.message, value)
    return _varint(field.number << 3 | _BYTES) + _varint(len(raw)) + raw


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def decode(message: Message, raw: bytes) -> Value:
    """A request, of texts and numbers, from protobuf's bytes; what it does not know it passes over. Malformed."""
    known = {field.number: (name, field) for name, field in message.items()}
    found: Value = {}
    for number, kind, value in _parts(raw):
        if number not in known:
            continue
        name, field = known[number]
        if kind != (_VARINT if field.is_number else _BYTES):
            raise Malformed(f"Field {number} is of another type.")
        try:
            found[name] = value & _MAX_UINT32 if field.is_number else value.decode()
        except UnicodeDecodeError:
            raise Malformed(f"{name} is no text in UTF-8.") from None
    return found


def _parts(raw: bytes) -> Iterator[tuple[int, int, Any]]:
    """Number, wire type and value of each field."""
    place = 0
    while place < len(raw):
        tag, place = _read_varint(raw, place)
        kind = tag & 7
        if kind == _VARINT:
            value, place = _read_varint(raw, place)
            yield tag >> 3, kind, value
            continue
        if kind == _BYTES:
            length, place = _read_varint(raw, place)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise Malformed("This is no protobuf message.")
        if place + length > len(raw):
            raise Malformed("The message ends too early.")
        yield tag >> 3, kind, raw[place : place + length]
        place += length


def _read_varint(raw: bytes, place: int) -> tuple[int, int]:
    """A number of at most 64 bits, and where the next thing begins."""
    number = shift = 0
    while place < len(raw) and shift < 64:
        byte = raw[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number % _LARGEST, place
    raise Malformed("The message ends too early.")


# --- JSON -----------------------------------------------------------------------------------------
def to_json(message: Message, value: Value) -> bytes:
    """An answer as protobuf's JSON: names in camel case, numbers of 64 bits as texts, nothing that is empty."""
    return json.dumps(_spelled(message, value), ensure_ascii=False, separators=(",", ":")).encode()


def _spelled(message: Message, value: Value) -> Value:
    found: Value = {}
    for name, field in message.items():
        if not (held := value.get(name)):
            continue
        if field.message is not None:
            inner = field.message
            held = [_spelled(inner, one) for one in held] if field.is_repeated else _spelled(inner, held)
        found[_camel(name)] = str(held) if field.is_number else held
    return found


def from_json(message: Message, raw: bytes) -> Value:
    """A request from protobuf's JSON, by either spelling of a name; what it does not know it passes over. Malformed."""
    try:
        given = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        raise Malformed("The body is no JSON.") from None
    if not isinstance(given, dict):
        raise Malformed("The body is a JSON object.")
    found: Value = {}
    for name, field in message.items():
        value = given.get(_camel(name), given.get(name))
        if value is not None:
            found[name] = _read(name, field, value)
    return found


def _read(name: str, field: Field, value: Any) -> Any:
    if not field.is_number:
        if not isinstance(value, str):
            raise Malformed(f"{_camel(name)} is a text.")
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_UINT32:
        raise Malformed(f"{_camel(name)} is a whole number from 0 to {_MAX_UINT32}.")
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
