"""A gunicorn worker whose threads never wait for a slow client to finish its request."""

import re
import socket
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

_PATIENCE = 10  # seconds for a request to arrive
_ENOUGH = 16_384  # bytes; whoever sends more is read by a thread from here on
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)


class BufferingWorker(ThreadWorker):
    """gunicorn gives a connection to a thread with the first byte of a request; this one does with the last.

    Until then the request stays in the kernel, which wakes the main loop for further bytes only (SO_RCVLOWAT,
    socket(7)). Connections with TLS, where the bytes say nothing yet, are served as gunicorn does.
    """

    def accept(self, listener: socket.socket) -> None:
        if self.cfg.is_ssl:
            super().accept(listener)
            return
        try:
            client, address = listener.accept()
        except OSError:  # another worker was faster, or the client is gone
            return
        self.nr_conns += 1
        self._await(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """A further request of a connection that was kept."""
        if self.cfg.is_ssl:
            super().on_client_socket_readable(conn, client)
            return
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await(conn)

    def on_pending_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """More of a request has arrived."""
        try:
            arrived = client.recv(_ENOUGH, socket.MSG_PEEK)
        except OSError:
            arrived = b""  # it is gone; the thread will notice
        if conn.arrived < len(arrived) and _is_awaited(arrived):  # woken without more, it has hung up
            conn.arrived = len(arrived)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, conn.arrived + 1)
            return
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        super().on_pending_socket_readable(conn, client)

    def _await(self, conn: Any) -> None:
        conn.sock.setblocking(False)
        conn.arrived = 0
        conn.timeout = time.monotonic() + _PATIENCE  # then murder_pending closes it
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))


def _is_awaited(arrived: bytes) -> bool:
    """Whether a request is not whole yet, and short enough to wait for the rest of it."""
    if len(arrived) == _ENOUGH:
        return False
    head, end, body = arrived.partition(b"\r\n\r\n")
    announced = _LENGTH.search(head + b"\r\n")
    return not end or (announced is not None and len(body) < min(int(announced[1]), _ENOUGH))
