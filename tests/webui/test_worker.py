"""When a request has arrived as far as it must for a thread to take it."""

import pytest
from django.conf import settings
from django.test import Client

from webui.arriving import LONGEST, LONGEST_HEAD, LONGEST_OF_STRANGERS, Arriving

POST = b"POST / HTTP/1.1\r\n"
TOKEN = POST + b"Authorization: Bearer x\r\n"


@pytest.mark.parametrize(
    ("arrived", "is_enough"),
    [
        (b"GET / HT", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", True),
        (POST + b"Content-Length: 3\r\n\r\n", False),
        (POST + b"content-length:3\r\nHost: x\r\n\r\n{}", False),
        (POST + b"Host: x\r\nContent-Length: 3\r\n\r\n{} ", True),
        (TOKEN + b"Content-Length: 1000000\r\n\r\n" + b"x" * 999_999, False),
        (TOKEN + b"Content-Length: 1000000\r\n\r\n" + b"x" * 1_000_000, True),
        (b"x" * LONGEST_HEAD, False),
        (b"x" * (LONGEST_HEAD + 1), True),
    ],
)
def test_request_is_awaited_until_it_is_whole(arrived: bytes, is_enough: bool) -> None:
    request = Arriving()
    assert (request.add(arrived), request.is_cut) == (is_enough, False)


@pytest.mark.parametrize(
    "head",
    [
        POST + f"Content-Length: {LONGEST_OF_STRANGERS + 1}\r\n\r\n".encode(),
        TOKEN + f"Content-Length: {LONGEST + 1}\r\n\r\n".encode(),
        TOKEN + b"Content-Length: 99999999999999999999\r\n\r\n",
        TOKEN + b"Content-Length: +3\r\n\r\n",
        TOKEN + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
        TOKEN + b"Transfer-Encoding: chunked\r\n\r\n",
        TOKEN + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_body_that_nobody_will_read_is_not_awaited(head: bytes) -> None:
    request = Arriving()
    assert (request.add(head), request.is_cut) == (True, True)


def test_request_may_come_byte_by_byte() -> None:
    request = Arriving()
    text = POST + b"Content-Length: 3\r\n\r\nabc"
    assert [request.add(bytes([byte])) for byte in text] == [False] * (len(text) - 1) + [True]


@pytest.mark.parametrize(("sent", "expects"), [(b"", True), (b"abc", False)])
def test_client_that_asks_for_a_word_first_gets_it_while_its_body_is_missing(sent: bytes, expects: bool) -> None:
    request = Arriving()
    request.add(TOKEN + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n" + sent)
    assert request.expects_word == expects


def test_what_django_would_read_is_awaited() -> None:
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE < LONGEST
    assert settings.STRANGERS_UPLOAD_MAX_MEMORY_SIZE < LONGEST_OF_STRANGERS


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/admin/login/", "/imports/"])
def test_form_of_a_stranger_is_small(path: str) -> None:
    answer = Client().post(path, {"username": "x" * settings.STRANGERS_UPLOAD_MAX_MEMORY_SIZE})
    assert (answer.status_code, "Sign in first" in answer.content.decode()) == (413, True)
