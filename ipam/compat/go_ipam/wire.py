"""How go-ipam's service is spoken: Connect (JSON and protobuf) and gRPC, unary, over whatever WSGI is served by.

gRPC ends with trailers, on HTTP/2 and on HTTP/1.1 (Go's own client over http://); whoever serves says how they are
sent: `TRAILERS` in the environ. Specifications: connectrpc.com/docs/protocol, grpc/doc/PROTOCOL-HTTP2.md.
"""

import json
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ipam.compat.go_ipam import messages
from ipam.compat.go_ipam.messages import Malformed, Value

TRAILERS = "gunicorn.http2.send_trailers"
SERVICE = "/api.v1.IpamService/"
_MAX_BODY = 64_000_000  # bytes, of a dump that is loaded; other calls are small
_FRAME = struct.Struct(">BI")  # compressed or not, length
_GRPC, _PROTO, _JSON = "application/grpc", "application/proto", "application/json"

# By its name at Connect: the number of gRPC, and the status of HTTP.
_CODES = {
    "invalid_argument": (3, 400),
    "not_found": (5, 404),
    "already_exists": (6, 409),
    "permission_denied": (7, 403),
    "resource_exhausted": (8, 429),
    "failed_precondition": (9, 400),
    "unimplemented": (12, 501),
    "internal": (13, 500),
    "unavailable": (14, 503),
}
Answer = Callable[[str, Value], Value]  # the name of a call and what it is given; raises Refused


class Refused(Exception):
    """A call that is refused: a code of Connect's, and a sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Reply:
    """What goes back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes
    trailers: dict[str, str] | None = None


def application(answer: Answer) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """A WSGI application that has calls answered."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        reply = _reply(environ, answer)
        if reply.trailers is not None:
            environ[TRAILERS](list(reply.trailers.items()))
        else:
            reply.headers["Content-Length"] = str(len(reply.body))
        start_response(f"{reply.status} {'OK' if reply.status == 200 else 'Refused'}", list(reply.headers.items()))
        return [reply.body]

    return serve


def _reply(environ: dict[str, Any], answer: Answer) -> Reply:
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if environ["REQUEST_METHOD"] != "POST":
        return Reply(405, {"Allow": "POST"}, b"")
    if kind in (_GRPC, f"{_GRPC}+proto"):
        return _grpc(environ, answer, kind)
    if kind in (_JSON, _PROTO):
        return _connect(environ, answer, kind)
    return Reply(415, {"Accept-Post": ", ".join((_JSON, _PROTO, _GRPC, f"{_GRPC}+proto"))}, b"")


def _connect(environ: dict[str, Any], answer: Answer, kind: str) -> Reply:
    read, write = (messages.from_json, messages.to_json) if kind == _JSON else (messages.decode, messages.encode)
    try:
        _check_plain(environ.get("HTTP_CONTENT_ENCODING", ""))
        name, (takes, gives) = _call(environ)
        return Reply(200, {"Content-Type": kind}, write(gives, answer(name, read(takes, _body(environ)))))
    except (Refused, Malformed) as error:
        refused = _refused(error)
        body = json.dumps({"code": refused.code, "message": refused.detail}, ensure_ascii=False).encode()
        return Reply(_CODES[refused.code][1], {"Content-Type": _JSON}, body)


def _grpc(environ: dict[str, Any], answer: Answer, kind: str) -> Reply:
    headers = {"Content-Type": kind, "Trailer": "Grpc-Status, Grpc-Message", "Grpc-Accept-Encoding": "identity"}
    try:
        name, (takes, gives) = _call(environ)
        body = messages.encode(gives, answer(name, messages.decode(takes, _unframed(_body(environ)))))
        return Reply(200, headers, _FRAME.pack(0, len(body)) + body, {"grpc-status": "0"})
    except (Refused, Malformed) as error:
        refused = _refused(error)
        said = {"grpc-status": str(_CODES[refused.code][0]), "grpc-message": quote(refused.detail, safe=" ,.:;/()")}
        return Reply(200, headers, b"", said)


def _refused(error: Refused | Malformed) -> Refused:
    return error if isinstance(error, Refused) else Refused("invalid_argument", str(error))


def _call(environ: dict[str, Any]) -> tuple[str, tuple[messages.Message, messages.Message]]:
    path = environ.get("PATH_INFO", "")
    name = path.removeprefix(SERVICE)
    if not path.startswith(SERVICE) or name not in messages.CALLS:
        raise Refused("unimplemented", "There is no such call here.")
    return name, messages.CALLS[name]


def _body(environ: dict[str, Any]) -> bytes:
    found: bytes = environ["wsgi.input"].read(_MAX_BODY + 1)
    if len(found) > _MAX_BODY:
        raise Refused("resource_exhausted", f"The message is longer than {_MAX_BODY:,} bytes.")
    return found


def _unframed(body: bytes) -> bytes:
    """The one message of a unary call of gRPC."""
    if len(body) < _FRAME.size:
        raise Malformed("The message ends too early.")
    is_compressed, length = _FRAME.unpack_from(body)
    if is_compressed:
        _check_plain("compressed")
    if len(body) != _FRAME.size + length:
        raise Malformed("A call has one message, of the length that it says.")
    return body[_FRAME.size :]


def _check_plain(encoding: str) -> None:
    if encoding not in ("", "identity"):
        raise Refused("unimplemented", "Messages are read as they are. Send them uncompressed.")
