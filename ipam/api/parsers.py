"""JSON in, or a clear refusal."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from ipam import errors

_MAX_DIGITS = 1_000
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class StrictJSONParser(JSONParser):
    """JSON of bounded size, without NaN, doubled keys or halves of characters, which no answer could repeat."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        request = (parser_context or {}).get("request")
        announced = int(request.META.get("CONTENT_LENGTH") or 0) if request is not None else 0
        body = stream.read(most + 1) if announced <= most else b""
        if max(announced, len(body)) > most:
            raise errors.TooLarge(f"The body is longer than {most:,} bytes. Send it in parts.")
        try:
            text = body.decode("utf-8-sig")
            value = json.loads(text, parse_constant=_refuse_constant, parse_int=_integer, object_pairs_hook=_object)
            if _SURROGATE.search(body):
                _refuse_lone_surrogates(value)
            return value
        except UnicodeDecodeError:
            raise ParseError("The body is not UTF-8, in which JSON is written (RFC 8259, 8.1).") from None
        except RecursionError:
            raise ParseError("The body is nested too deeply. Nothing here takes that.") from None
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}") from None


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a number has {len(text):,} digits; none here has more than {_MAX_DIGITS:,}")
    return int(text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _refuse_lone_surrogates(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a surrogate such as \\ud800 stands without its other half") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("an object has the same key twice")
    return values
