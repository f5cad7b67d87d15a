"""How gunicorn serves Twofold. It reads this file when it starts in this folder; options on its command line go first.

docs/operations.md says why; `gunicorn` alone is enough to start.
"""

import os
import shutil
import socket
import struct
import tempfile
from typing import Any

wsgi_app = "webui.wsgi"
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = max(1, int(os.environ.get("WEB_CONCURRENCY", "2")))  # without one nobody answers
worker_class = "webui.worker.BufferingWorker"  # slow clients cost no thread
# Most threads wait for the database; more of them than connections of the pool only wait for each other.
threads = int(os.environ.get("WEB_THREADS", "8"))
graceful_timeout = 30  # seconds that requests have to finish when a worker stops
timeout = 60  # seconds until a worker that hangs as a whole is replaced
loglevel = "warning"
control_socket_disable = True  # it would want a place to write to

_STALL_SECONDS = 5


def when_ready(server: Any) -> None:
    """A client that stalls in the middle of a request or answer loses its connection, and the thread is free again.

    gunicorn has no such timeout; connections inherit it from the socket that they are accepted from (Linux, socket(7)).
    """
    for listener in server.LISTENERS:
        for direction in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            listener.sock.setsockopt(socket.SOL_SOCKET, direction, struct.pack("ll", _STALL_SECONDS, 0))


def post_fork(server: Any, worker: Any) -> None:
    """Twofold is imported next, and lets some of the threads wait for events: of as many as there really are."""
    os.environ["WEB_THREADS"] = str(worker.cfg.threads)


if os.environ.get("METRICS_TOKEN"):
    # Each process counts in files of its own here, and `/metrics` adds them up, also of processes that are gone.
    # Set before Twofold is imported; a reload, and a master that takes over, find it set and go on counting.
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="twofold-metrics-")

    def on_exit(server: Any) -> None:
        """Nobody needs the counts any more, unless another master has taken over."""
        if not server.reexec_pid:
            shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
