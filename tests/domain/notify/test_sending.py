"""One attempt: TLS checks the name, the judged address is connected to, and the time is bounded as a whole."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ipam.domain.notify.sending import Sending, send

HOST = "hooks.example.org"


@pytest.fixture(autouse=True)
def _names(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to loopback, which is allowed."""
    settings.WEBHOOK_ALLOWED_CIDRS = ["127.0.0.0/8"]
    settings.WEBHOOK_TIMEOUT_SECONDS = 20
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, *args, **more: resolve("127.0.0.1", port, *args, **more)
    )


def sending(port: int, host: str = HOST, scheme: str = "http") -> Sending:
    return Sending(1, 1, f"{scheme}://{host}:{port}/hook", {"webhook-id": "msg_1"}, b"{}")


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of its own making for HOST, that this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.fixture
def listening() -> Iterator[Any]:
    """Starts servers that treat each connection in a way of their own; gives the port."""
    servers: list[socket.socket] = []

    def listen(treat: Any, context: ssl.SSLContext | None = None) -> int:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def accept() -> None:
            while True:
                try:
                    link, _ = server.accept()
                    treat(context.wrap_socket(link, server_side=True) if context else link)
                except OSError:
                    if server.fileno() < 0:
                        return

        threading.Thread(target=accept, daemon=True).start()
        return int(server.getsockname()[1])

    yield listen
    for server in servers:
        server.close()


def request(link: socket.socket) -> bytes:
    """All of it: with something unread, closing would take back what was answered."""
    text = b""
    while not text.endswith(b"{}"):
        text += link.recv(65536)
    return text


def answer(link: socket.socket, seen: list[bytes] | None = None) -> None:
    text = request(link)
    if seen is not None:
        seen.append(text)
    link.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    link.close()


def test_tls_checks_the_name_of_the_url(certificate: Path, listening: Any) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    port = listening(answer, context)
    assert send(sending(port, scheme="https")).status == 204
    wrong = send(sending(port, "other.example.org", "https"))
    assert (wrong.status, "not valid for 'other.example.org'" in wrong.error) == (None, True)


def test_certificate_of_somebody_unknown_is_refused(
    certificate: Path, listening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    assert "CERTIFICATE_VERIFY_FAILED" in send(sending(listening(answer, context), scheme="https")).error


def test_host_of_the_url_is_said_and_proxies_of_the_environment_are_not_asked(
    listening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    seen: list[bytes] = []
    port = listening(lambda link: answer(link, seen))
    assert send(sending(port)).status == 204
    assert (seen[0].startswith(b"POST /hook HTTP/1.1\r\n"), f"Host: {HOST}:{port}\r\n".encode() in seen[0]) == (
        True,
        True,
    )


def drip(link: socket.socket, text: bytes) -> None:
    """A byte now and then: each of them soon enough for a time-out of the socket."""
    with link:
        for n in range(len(text)):
            link.sendall(text[n : n + 1])
            time.sleep(0.2)


def test_answer_that_drips_in_is_left_at_the_time_out(listening: Any, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    found = send(sending(listening(lambda link: drip(link, b"HTTP/1.1 204 No Content\r\nX: " + b"y" * 100))))
    assert (found.status, found.error) == (None, "No answer within 1 seconds.")


def test_status_counts_though_the_rest_drips_in(listening: Any, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 3

    def treat(link: socket.socket) -> None:
        request(link)
        link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        drip(link, b"y" * 100)

    found = send(sending(listening(treat)))
    assert (found.status, found.error) == (200, "")


@pytest.mark.parametrize("text", [b"", b"\x00\x01\x02", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_what_is_no_answer_is_a_failure(text: bytes, listening: Any) -> None:
    def treat(link: socket.socket) -> None:
        request(link)
        link.sendall(text)
        link.close()

    found = send(sending(listening(treat)))
    assert (found.status, found.error != "") == (None, True)


def test_nobody_who_listens_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert "Connection refused" in send(sending(port)).error


def test_answer_that_no_database_could_keep_is_made_visible(listening: Any) -> None:
    port = listening(lambda link: (link.recv(4096), link.sendall(b"HTTP/1.1\0 odd\r\n\r\n"), link.close()))
    error = send(sending(port)).error
    assert ("odd" in error, error.isprintable()) == (True, True)
