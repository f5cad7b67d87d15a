"""When a request has arrived as far as it must for a thread to take it."""

import pytest

from webui.worker import _ENOUGH, _is_awaited


@pytest.mark.parametrize(
    ("arrived", "is_awaited"),
    [
        (b"GET / HT", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", True),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\ncontent-length:3\r\nHost: x\r\n\r\n{}", True),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{} ", False),
        (b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 5000, True),
        ((b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + b"x" * _ENOUGH)[:_ENOUGH], False),
        (b"x" * _ENOUGH, False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", False),
    ],
)
def test_request_is_awaited_until_it_is_whole_or_long(arrived: bytes, is_awaited: bool) -> None:
    assert _is_awaited(arrived) == is_awaited
