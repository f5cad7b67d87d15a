"""go-ipam's service as it is served, and clients of others: grpcio with protobuf's own messages, and plain HTTP."""

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from tests.faults.servers import ROOT, database_url, wait_until

_TEXT, _UINT32, _UINT64, _MESSAGE = 9, 13, 4, 11  # FieldDescriptorProto.Type
# As go-ipam's proto/api/v1/ipam.proto has them; `?` is optional, `*` repeated, a capital letter names a message.
_SHAPES = {
    "Prefix": "cidr parent_cidr",
    "IP": "ip parent_prefix",
    **dict.fromkeys(
        [f"{call}Request" for call in ("CreatePrefix", "DeletePrefix", "GetPrefix", "PrefixUsage")]
        + ["ReleaseChildPrefixRequest"],
        "cidr namespace?",
    ),
    **dict.fromkeys(
        [f"{call}PrefixResponse" for call in ("Create", "Delete", "Get", "AcquireChild", "ReleaseChild")],
        "prefix:Prefix",
    ),
    "ListPrefixesRequest": "namespace?",
    "ListPrefixesResponse": "prefixes:Prefix*",
    "PrefixUsageResponse": "available_ips:64 acquired_ips:64 available_smallest_prefixes:64 available_prefixes* "
    "acquired_prefixes:64",
    "AcquireChildPrefixRequest": "cidr length:32 child_cidr? namespace?",
    "AcquireIPRequest": "prefix_cidr ip? namespace?",
    "AcquireIPResponse": "ip:IP namespace?",
    "ReleaseIPRequest": "prefix_cidr ip namespace?",
    "ReleaseIPResponse": "ip:IP",
    "DumpRequest": "namespace?",
    "DumpResponse": "dump",
    "LoadRequest": "dump namespace?",
    "LoadResponse": "",
    "CreateNamespaceRequest": "namespace",
    "CreateNamespaceResponse": "",
    "ListNamespacesRequest": "",
    "ListNamespacesResponse": "namespace*",
    "DeleteNamespaceRequest": "namespace",
    "DeleteNamespaceResponse": "",
    "VersionRequest": "",
    "VersionResponse": "version revision git_sha1 build_date",
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="ipam.proto", package="api.v1", syntax="proto3")
    for name, shape in _SHAPES.items():
        message = file.message_type.add(name=name)
        for number, said in enumerate(shape.split(), 1):
            field, _, kind = said.rstrip("?*").partition(":")
            added = message.field.add(name=field, number=number, label=3 if said.endswith("*") else 1)
            added.type = {"": _TEXT, "32": _UINT32, "64": _UINT64}.get(kind, _MESSAGE)
            if added.type == _MESSAGE:
                added.type_name = f".api.v1.{kind}"
            if said.endswith("?"):
                added.proto3_optional, added.oneof_index = True, len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{field}")
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())


def message(name: str, **fields: Any) -> Any:
    """A message of protobuf's own."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"api.v1.{name}"))(**fields)


class Grpc:
    """A client of grpcio, on HTTP/2 with prior knowledge."""

    def __init__(self, port: int) -> None:
        # a connection of its own, as that of another process has
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.use_local_subchannel_pool", 1)])

    def call(self, name: str, **fields: Any) -> Any:
        unary = self.channel.unary_unary(
            f"/api.v1.IpamService/{name}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=type(message(f"{name}Response")).FromString,
        )
        return unary(message(f"{name}Request", **fields), timeout=60)

    def ask(self, name: str, given: dict[str, Any]) -> Any:
        """The answer as JSON has it, or the name of a code; as all clients have it."""
        sent = json_format.ParseDict(given, message(f"{name}Request"))
        try:
            return json_format.MessageToDict(
                self.call(name, **{field.name: value for field, value in sent.ListFields()})
            )
        except grpc.RpcError as refused:
            return refused.code().name.lower()


class Connect:
    """A client of Connect, JSON on HTTP/1.1."""

    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, name: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connected:
            given = {key.replace("_", "-"): value for key, value in headers.items()}
            connected.request("POST", f"/api.v1.IpamService/{name}", body, given)
            answer = connected.getresponse()
            return answer.status, answer.read()

    def call(self, name: str, given: dict[str, Any]) -> tuple[int, Any]:
        status, body = self.send(name, json.dumps(given).encode(), Content_Type="application/json")
        return status, json.loads(body)

    def ask(self, name: str, given: dict[str, Any]) -> Any:
        status, answer = self.call(name, given)
        return answer if status == 200 else answer["code"]


class Go:
    """A client of gRPC on HTTP/1.1, as Go's own HTTP client asks over http://."""

    def __init__(self, port: int) -> None:
        self.port = port

    def send(self, name: str, sent: Any) -> tuple[bytes, dict[str, str]]:
        """What comes in the chunks, and the trailers after them."""
        raw = sent.SerializeToString()
        framed = struct.pack(">BI", 0, len(raw)) + raw
        head = (
            f"POST /api.v1.IpamService/{name} HTTP/1.1\r\nHost: ipam\r\nContent-Type: application/grpc\r\n"
            "TE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        address = ("127.0.0.1", self.port)
        with socket.create_connection(address, timeout=60) as connected, connected.makefile("rb") as answer:
            connected.sendall(head.encode() + b"%x\r\n%b\r\n0\r\n\r\n" % (len(framed), framed))
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            assert _headers(answer)["transfer-encoding"] == "chunked"
            body = b""
            while length := int(answer.readline(), 16):
                body += answer.read(length)
                answer.readline()
            return body, _headers(answer)

    def ask(self, name: str, given: dict[str, Any]) -> Any:
        body, trailers = self.send(name, json_format.ParseDict(given, message(f"{name}Request")))
        if trailers["grpc-status"] == "0":
            return json_format.MessageToDict(type(message(f"{name}Response")).FromString(body[5:]))
        return next(code.name for code in grpc.StatusCode if code.value[0] == int(trailers["grpc-status"])).lower()


def _headers(answer: Any) -> dict[str, str]:
    lines = iter(lambda: answer.readline().decode().strip(), "")
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


@contextmanager
def served() -> Iterator[int]:
    """The command on a free port of loopback, on the database of the test."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    given = {"DATABASE_URL": database_url(), "SECRET_KEY": "x" * 60, "GO_IPAM_BIND": f"127.0.0.1:{port}"}
    command = [sys.executable, str(ROOT / "manage.py"), "serve_go_ipam"]
    process = subprocess.Popen(command, cwd="/", env={**os.environ, **given})
    try:
        wait_until(lambda: _answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(60)


def _answers(port: int) -> bool:
    try:
        return Connect(port).call("Version", {})[0] == 200
    except OSError:
        return False
