"""Letters: written in the transaction of what they tell of; sent afterwards by one process at a time, again where that
fails."""

import logging
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core.mail import EmailMessage, get_connection, mail_admins
from django.db.models import F
from django.utils import timezone

from ipam.models import Letter
from ipam.models.alerts import REASON_LENGTH
from ipam.models.base import NAME_LENGTH

_log = logging.getLogger(__name__)
_LEASE = timedelta(minutes=5)  # while one process sends it
_RETRIES = [timedelta(minutes=minutes) for minutes in (1, 5, 30, 25, 300, 600, 1_200, 720)]
_ADMINS_ARE_TOLD = 5  # at this attempt, an hour after the first


def write(address: str, subject: str, body: str) -> Letter:
    """A letter that is due now. What is too long for the line of a subject is cut off."""
    now = timezone.now()
    return Letter.objects.create(
        address=address, subject=" ".join(subject.split())[:NAME_LENGTH], body=body, at=now, next_at=now
    )


def send_due() -> int:
    """Send the letters that are due; how many went. One that fails is tried again for two days, then given up.

    Where the mail server cannot be reached, the rest waits.
    """
    sent, reaches = 0, True
    while reaches and (letter := Letter.objects.filter(next_at__lte=timezone.now()).order_by("next_at", "pk").first()):
        failure = try_now(letter)
        sent += failure is None
        reaches = failure is None or isinstance(failure, SMTPRecipientsRefused | SMTPResponseException | ValueError)
    return sent


def try_now(letter: Letter, *, timeout_seconds: float | None = None) -> Exception | None:
    """Send a letter at once, unless another process does; what went wrong, after which it waits as all others do.

    The mail server has `timeout_seconds` for each of its answers, or else EMAIL_TIMEOUT.
    """
    lease = {"next_at": timezone.now() + _LEASE, "attempts": F("attempts") + 1}
    if not Letter.objects.filter(pk=letter.pk, next_at=letter.next_at).update(**lease):
        return None
    letter.attempts += 1
    try:
        send(letter, timeout_seconds)
    except (OSError, ValueError) as error:  # smtplib's errors are the former; an address that is none, the latter
        _postpone(letter, error)
        return error
    return None


def send(letter: Letter, timeout_seconds: float | None = None) -> None:
    """Send a letter and forget it; OSError where the mail server does not take it, ValueError for what is no address.

    It has one `Message-ID`, however often it is tried, by which mail servers know it again.
    """
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    headers = {
        "Message-ID": f"<twofold-{letter.pk}-{letter.at:%Y%m%d%H%M%S%f}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    connection = get_connection(timeout=timeout_seconds or settings.EMAIL_TIMEOUT)
    EmailMessage(letter.subject, letter.body, to=[letter.address], headers=headers, connection=connection).send()
    letter.delete()


def _postpone(letter: Letter, error: Exception) -> None:
    """Try it again later, or give it up. ADMINS are told once of one that has waited for an hour."""
    _log.warning("A letter was not sent, attempt %d: %s", letter.attempts, error)
    if letter.attempts == _ADMINS_ARE_TOLD:
        text = f"“{letter.subject}” has not gone to {letter.address} for an hour: {error}\n"
        mail_admins("A mail does not go", text, fail_silently=True)
    if letter.attempts > len(_RETRIES):
        letter.delete()
        return
    pause = _RETRIES[letter.attempts - 1]
    Letter.objects.filter(pk=letter.pk).update(next_at=timezone.now() + pause, last_error=str(error)[:REASON_LENGTH])
