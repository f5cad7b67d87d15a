"""How far a request has arrived, judged by its bytes alone; and the connection that it comes by."""

import re
from typing import Any

from gunicorn.workers.gthread import TConn

LONGEST_HEAD = 65_536  # bytes
LONGEST_OF_STRANGERS = 65_536  # bytes of a body that comes without a token and without a cookie
LONGEST = 2_600_000  # bytes of any body: a little more than DATA_UPLOAD_MAX_MEMORY_SIZE, so that Django can refuse it
_BODY = re.compile(rb"\r\n(content-length|transfer-encoding):", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_CREDENTIALS = re.compile(rb"\r\n(authorization|cookie):", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)


class Arriving:
    """As much of a request as has come.

    It is cut when nobody will read its body: one that is too long, or does not say beforehand how long it is. Then the
    head is enough to refuse it, and the connection ends with the answer.
    """

    def __init__(self) -> None:
        self.received = bytearray()
        self.is_cut = False
        self.expects_word = False  # the client asks whether it may send the body (RFC 9110, 10.1.1)
        self._needed: int | None = None  # bytes in all, known with the end of the head

    def add(self, more: bytes) -> bool:
        """Whether it is enough now; costs the same however much has come before."""
        seen = max(0, len(self.received) - 3)
        self.received += more
        if self._needed is None:
            end = self.received.find(b"\r\n\r\n", seen)
            if end < 0:
                return len(self.received) > LONGEST_HEAD  # gunicorn refuses it
            self._needed = end + 4 + self._length(bytes(self.received[: end + 2]))
            self.expects_word = len(self.received) < self._needed and _EXPECTS.search(self.received) is not None
        return len(self.received) >= self._needed

    def _length(self, head: bytes) -> int:
        """Of the body that is waited for."""
        said, announced = _BODY.findall(head), _LENGTH.search(head)
        if not said:
            return 0
        most = LONGEST if _CREDENTIALS.search(head) else LONGEST_OF_STRANGERS
        if announced is None or len(said) > 1 or int(announced[1]) > most:
            self.is_cut = True
            return 0
        return int(announced[1])


class Connection(TConn):  # type: ignore[misc]
    """One that says good-bye beside others: gunicorn would let all of them wait for it, up to 2 s."""

    def __init__(self, worker: Any, *socket_and_addresses: Any) -> None:
        super().__init__(worker.cfg, *socket_and_addresses)
        self.worker = worker
        self.request: Arriving | None = None

    def close(self, graceful: bool = False) -> None:
        if graceful:
            self.worker.linger(self)
        else:
            super().close()
