"""A small metal-api on loopback: lists that a test gives it, behind metal-stack's sign-in."""

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "key of viewers"


class StandIn(ThreadingHTTPServer):
    """What it answers by path below /v1/; `failures` of its next answers are 503, and that by `dies_at` breaks off."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lists: dict[str, Any] = {path: [] for path in ("partition", "project", "network", "ip", "machine")}
        self.failures = 0
        self.dies_at = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/metal"


class _Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_GET(self) -> None:
        said = f"{self.headers['X-Date']}GET{self.headers['X-Data-Salt']}".encode()
        expected = hmac.new(KEY.encode(), said, sha256).hexdigest()
        if self.headers["Authorization"] != f"Metal-View {expected}":
            self._answer(401, {"statuscode": 401, "message": "wrong signature"})
        elif self.server.failures:
            self.server.failures -= 1
            self._answer(503, {"statuscode": 503, "message": "not now"})
        else:
            self._answer(200, self.server.lists.get(self.path.removeprefix("/metal/v1/")))

    def _answer(self, status: int, body: Any) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        dies = self.server.dies_at and self.path.endswith(f"/{self.server.dies_at}")
        self.wfile.write(text[: len(text) // 2] if dies else text)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def standing_in() -> Iterator[StandIn]:
    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
