"""Receivers of webhooks: real servers on loopback that keep what they are sent, and answer as they are told."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str]]


@dataclass
class Request:
    """What came in, and when."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        """Of the message."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Answers 204, or what `answer` says."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    answer: Callable[[Request], Answer | int] = lambda request: 204
    at_once: int = 0
    most_at_once: int = 0
    lock: Any = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def types(self) -> list[str]:
        return [one.json["type"] for one in self.requests]


@contextmanager
def receiving(answer: Callable[[Request], Answer | int] | int = 204) -> Iterator[Receiver]:
    """A receiver for as long as this lasts."""
    receiver = Receiver(answer=answer if callable(answer) else lambda request: answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(length := int(self.headers["content-length"]))
            if len(body) < length:
                return  # whoever sent it was killed meanwhile
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.path, headers, body, time.monotonic())
            with receiver.lock:
                receiver.requests.append(request)
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
            try:
                answer = receiver.answer(request)
                status, more = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()
            finally:
                with receiver.lock:
                    receiver.at_once -= 1

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
