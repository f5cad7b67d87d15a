"""A gunicorn worker whose threads never wait for a client to send its request, nor to hang up."""

import contextlib
import socket
import sys
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import ThreadWorker

from webui.arriving import LONGEST_HEAD, Arriving, Connection

_ARRIVAL_TIMEOUT_SECONDS = 20  # seconds for a whole request to arrive, head and body
_MAX_HELD = 64_000_000  # bytes of requests that are not whole, in each process


class BufferingWorker(ThreadWorker):
    """gunicorn gives a connection to a thread with the first byte of a request; this one gives it the request.

    Until it is whole the main loop collects it. Where there is no room for all that wait, whoever has waited longest
    goes. With TLS, where the bytes say nothing yet, gunicorn serves as it does.
    """

    held = 0

    def __new__(cls, *given: Any) -> Any:
        return ThreadWorker(*given) if given[5].is_ssl else super().__new__(cls)

    def accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # another worker was faster, or the client is gone
            client, address = listener.accept()
            self.nr_conns += 1
            self.enqueue_req(Connection(self, client, address, listener.getsockname()))

    def enqueue_req(self, conn: Connection) -> None:
        """Begin to wait for a request: of a new connection, or of one that was kept and says more."""
        conn.request = Arriving()
        self._wait(conn)
        if conn.parser is not None:  # what came together with the request before
            self._collect(conn, conn.request, conn.parser.unreader.take_buffered())

    def on_pending_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        more = b""
        with contextlib.suppress(OSError):  # it is gone
            more = client.recv(LONGEST_HEAD)
        if not more:
            self._drop(conn)
        elif conn.request is not None:
            self._collect(conn, conn.request, more)

    def murder_pending(self) -> None:
        """Drop who is too late, and who has waited longest while there is no room."""
        while self.pending_conns:
            is_full = self.held > _MAX_HELD or self.nr_conns >= self.worker_connections
            if not is_full and self.pending_conns[0].timeout > time.monotonic():
                return
            self._drop(self.pending_conns[0])

    def handle_request(self, req: Any, conn: Any) -> Any:
        if conn.request.is_cut:
            req.force_close()
        return super().handle_request(req, conn)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Whoever waits for events is answered, and asks another process."""
        if waiting := sys.modules.get("ipam.domain.notify.waiting"):  # which nobody may import before Django is set up
            waiting.end()
        super().handle_exit(sig, frame)

    def linger(self, conn: Connection) -> None:
        """Nothing more will be sent; wait until the client has seen it, whatever it sends (RFC 9112, section 9.6)."""
        conn.request = None
        self.nr_conns += 1
        self._wait(conn)
        with contextlib.suppress(OSError):
            conn.sock.shutdown(socket.SHUT_WR)

    def _wait(self, conn: Connection) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + _ARRIVAL_TIMEOUT_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _collect(self, conn: Connection, request: Arriving, more: bytes) -> None:
        self.held += len(more)
        if request.add(more):
            self._leave(conn)
            conn.parser = get_parser(self.cfg, [bytes(request.received)], conn.client)
            conn.initialized = conn.data_ready = True
            super().enqueue_req(conn)
        elif request.expects_word:
            request.expects_word = False
            with contextlib.suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _drop(self, conn: Connection) -> None:
        self._leave(conn)
        self.nr_conns -= 1
        conn.close()

    def _leave(self, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        self.held -= len(conn.request.received) if conn.request else 0
