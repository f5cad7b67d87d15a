"""Letters by a real mail server on loopback: each once, and again when the server was away."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import environ
import pytest
from aiosmtpd.controller import Controller
from django.utils import timezone

from ipam.domain.insight import loose_ends
from ipam.domain.notify import letters
from ipam.models import Letter

ME = "noc@example.org"


class Inbox:
    """Keeps what it is sent; refuses those whose name is on its list."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("refused@"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def port(settings: Any) -> int:
    """Of the mail server that EMAIL_URL names."""
    port = free_port()
    for name, value in environ.Env.email_url_config(f"smtp://127.0.0.1:{port}").items():
        setattr(settings, name, value)
    settings.DEFAULT_FROM_EMAIL = "Twofold <twofold@example.org>"
    return port


@pytest.fixture
def inbox(port: int) -> Iterator[Inbox]:
    found = Inbox()
    server = Controller(found, hostname="127.0.0.1", port=port)
    server.start()
    yield found
    server.stop()


def write(address: str = ME, **more: Any) -> Letter:
    now = timezone.now()
    return Letter.objects.create(
        **{"address": address, "subject": "narrow, IPv4", "body": "Full, ü.\n", "at": now, "next_at": now} | more
    )


def test_letter_arrives_and_is_forgotten(inbox: Inbox, db: None) -> None:
    write()
    assert letters.send_due() == 1
    (mail,) = inbox.received
    assert (mail["From"], mail["To"], mail["Subject"]) == ("Twofold <twofold@example.org>", ME, "narrow, IPv4")
    assert (mail.get_content().replace("\r\n", "\n"), mail["Auto-Submitted"]) == ("Full, ü.\n", "auto-generated")
    assert (Letter.objects.count(), letters.send_due()) == (0, 0)


def test_letter_waits_while_nobody_answers_and_has_one_id_however_often_it_is_sent(
    port: int, db: None, time_machine: Any
) -> None:
    letter = write()
    write("second@example.org")
    assert letters.send_due() == 0
    letter.refresh_from_db()
    assert (letter.attempts, bool(letter.last_error)) == (1, True)
    assert Letter.objects.filter(attempts=0).count() == 1  # who cannot be reached is not asked for each
    found = Inbox()
    server = Controller(found, hostname="127.0.0.1", port=port)
    server.start()
    try:
        time_machine.move_to(timezone.now() + timedelta(minutes=2))
        assert letters.send_due() == 2
    finally:
        server.stop()
    assert [mail["Message-ID"].startswith("<twofold-") for mail in found.received] == [True, True]


def test_address_that_is_refused_keeps_no_other_letter_back(inbox: Inbox, db: None) -> None:
    write("refused@example.org")
    write()
    assert letters.send_due() == 1
    assert Letter.objects.get().last_error.count("nobody of that name") == 1


def test_letter_that_another_process_sends_is_left_to_it(inbox: Inbox, db: None) -> None:
    letter = write()
    Letter.objects.update(next_at=timezone.now() + timedelta(minutes=5))
    assert letters.try_now(letter) is None
    assert (letters.send_due(), inbox.received) == (0, [])


def test_letter_is_given_up_in_the_end(port: int, db: None) -> None:
    write(attempts=8)
    letters.send_due()
    assert not Letter.objects.exists()


def test_mail_that_has_not_gone_for_an_hour_is_a_finding(port: int, db: None) -> None:
    write(attempts=3, at=timezone.now() - timedelta(minutes=61), last_error="Connection refused")
    (found,) = loose_ends.firewalls_projects_webhooks()
    assert (found.code, found.sentence.count("Connection refused")) == ("mail_failing", 1)
    Letter.objects.update(at=timezone.now() - timedelta(minutes=59))
    assert list(loose_ends.firewalls_projects_webhooks()) == []


def test_mail_server_that_says_nothing_is_waited_for_as_long_as_asked(port: int, db: None) -> None:
    with socket.create_server(("127.0.0.1", port)):
        failure = letters.try_now(write(), timeout_seconds=0.1)
    assert str(failure).count("timed out") == 1


def test_subject_that_is_too_long_is_cut(db: None) -> None:
    assert letters.write(ME, "narrow\n" + 300 * "x", "Full.").subject == "narrow " + 248 * "x"


def test_address_that_is_none_keeps_no_other_letter_back(inbox: Inbox, db: None) -> None:
    write("a@example.org\nBcc: b@example.org")
    write()
    assert letters.send_due() == 1
    assert Letter.objects.get().last_error


def test_admins_are_told_of_a_mail_that_has_not_gone_for_an_hour(
    inbox: Inbox, db: None, settings: Any, time_machine: Any
) -> None:
    settings.ADMINS = [("Op", "op@example.org")]
    letter = write("refused@example.org")
    told = []
    for number, minutes in enumerate((0, 1, 6, 36, 61, 361)):
        time_machine.move_to(letter.at + timedelta(minutes=minutes, seconds=9 * number))  # a little after it is due
        letters.send_due()
        told.append(len(inbox.received))
    assert told == [0, 0, 0, 0, 1, 1]
