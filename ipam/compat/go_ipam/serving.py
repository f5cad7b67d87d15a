"""How gunicorn serves go-ipam's service: `gunicorn -c python:ipam.compat.go_ipam.serving`, which the command does.

HTTP/2 with prior knowledge (grpcio) and HTTP/1.1 (Go's own client) share a socket. There is no sign-in, so whoever
reaches the socket may do everything: the bind address is the fence.
"""

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from gunicorn import util

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
get_wsgi_application()  # only now are there settings, and models

from django.conf import settings  # noqa: E402

from ipam.compat.go_ipam import service, wire  # noqa: E402
from ipam.domain.core import bounds  # noqa: E402

bounds.bound_statements()

bind = settings.GO_IPAM_BIND
workers = 1
threads = 64  # a connection of HTTP/2 keeps one as long as it lasts
worker_class = "gthread"
keepalive = 60  # seconds
graceful_timeout = 5
timeout = 60
loglevel = "warning"
control_socket_disable = True
http_protocols = "h2,h1"
http2_cleartext = "both"
forwarded_allow_ips = "*"  # who may speak HTTP/2
wsgi_app = "ipam.compat.go_ipam.serving"


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """The service, with trailers on HTTP/1.1 too, where gunicorn has none: after the last chunk (RFC 9112, 7.1)."""
    environ.setdefault(wire.TRAILERS, partial(_send_at_the_end, start_response.__self__))
    request_started.send(service)  # as around each request of Django's: a connection of the database is lent for it
    try:
        return service.application(environ, start_response)
    finally:
        request_finished.send(service)


def _send_at_the_end(response: Any, trailers: list[tuple[str, str]]) -> None:
    close: Callable[[], None] = partial(_close, response, trailers)
    response.close = close


def _close(response: Any, trailers: list[tuple[str, str]]) -> None:
    response.send_headers()
    if response.chunked:
        lines = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        util.write(response.sock, f"0\r\n{lines}\r\n".encode())
