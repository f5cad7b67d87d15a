"""The deliverer: reads on in the feed, sends what is due, notes what came of it; one process, or several at a time."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime

from django.db import Error, connection
from django.utils import timezone

from ipam import errors
from ipam.domain.core import outages
from ipam.domain.notify import deliveries, matching, messages, sealing, signing
from ipam.domain.notify.messages import Describe
from ipam.domain.notify.sending import Outcome, Sending, send
from ipam.models import Delivery, Event, Webhook

MAX_AT_ONCE = 64  # in this process
_PAUSE_SECONDS = 1  # between two looks at the feed
_OUTAGE_PAUSE_SECONDS = 5
_FORGET_SECONDS = 3600
_log = logging.getLogger(__name__)

Running = dict[Future[Outcome], Sending]


def run(describe: Describe, goes_on: Callable[[], bool]) -> None:
    """Deliver as long as that says so, then wait for what is under way. An outage of the database is waited out."""
    next_time = time.monotonic()  # to forget what is old
    with ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="delivery") as pool:
        running: Running = {}
        while goes_on() or running:
            try:
                if time.monotonic() >= next_time:
                    deliveries.forget()
                    next_time = time.monotonic() + _FORGET_SECONDS
                if goes_on():
                    deliveries.tell_failing()
                    deliveries.distribute()
                    _begin(describe, pool, running)
                if not _note_finished(running, seconds=_PAUSE_SECONDS) and not running:
                    time.sleep(_PAUSE_SECONDS)
            except (Error, errors.Busy) as error:
                if not _is_passing(error):
                    raise
                connection.close()
                time.sleep(_OUTAGE_PAUSE_SECONDS)


def run_once(describe: Describe) -> None:
    """Deliver what is due by now, each once, and end."""
    while deliveries.distribute():
        pass
    until = timezone.now()
    with ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="delivery") as pool:
        running: Running = {}
        while _begin(describe, pool, running, until=until) or running:
            _note_finished(running, seconds=None)
    deliveries.tell_failing()
    deliveries.forget()


def _begin(describe: Describe, pool: ThreadPoolExecutor, running: Running, *, until: datetime | None = None) -> bool:
    """Take what is due, as far as there is room, and send it; whether there was anything."""
    taken = deliveries.take(MAX_AT_ONCE - len(running), until=until)
    for delivery in taken:
        if sending := _prepare(describe, delivery):
            running[pool.submit(send, sending)] = sending
    return bool(taken)


def _note_finished(running: Running, *, seconds: float | None) -> bool:
    """Note what came of those that have ended, waiting for the first of them; whether any has."""
    done, _ = wait(running, seconds, FIRST_COMPLETED)
    for future in done:
        sending = running[future]
        _settle(sending.delivery, sending.attempt, future.result())
        del running[future]
    return bool(done)


def _settle(key: int, attempt: int, outcome: Outcome) -> None:
    """Note an outcome. One that cannot be noted is a failure as well, and whoever delivers goes on with the others."""
    try:
        deliveries.settle(key, attempt, outcome)
    except Exception as error:
        if _is_passing(error):
            raise
        _log.exception("An outcome could not be noted")
        deliveries.settle(key, attempt, Outcome(error="Twofold could not note what came of this; its log says why."))


def _is_passing(error: Exception) -> bool:
    """Whether it is an outage of the database, which is waited out."""
    return isinstance(error, errors.Busy) or outages.explain(error) is not None


def _prepare(describe: Describe, delivery: Delivery) -> Sending | None:
    """The request of a delivery; None where there is none to be made, which is noted then."""
    webhook = delivery.webhook
    try:
        body = _body(describe, delivery)
        secrets = [sealing.unseal(one) for one in _secrets(webhook)]
    except errors.IpamError as refusal:
        deliveries.settle(delivery.pk, delivery.attempts, Outcome(error=refusal.detail))
        return None
    except Exception as error:  # of ours; whoever delivers goes on with the others
        if _is_passing(error):
            raise
        _log.exception("A message could not be made")
        deliveries.settle(delivery.pk, delivery.attempts, Outcome(error="Twofold could not make this message."))
        return None
    if body is None:
        deliveries.set_aside(delivery.pk, "Who made the webhook may not see this, or it is no longer kept.")
        return None
    headers = signing.headers(f"msg_{delivery.message.hex}", body, at=timezone.now(), secrets=secrets)
    return Sending(delivery.pk, delivery.attempts, webhook.url, headers, body)


def _secrets(webhook: Webhook) -> list[str]:
    """Sealed: the secret, and for a while the one before it."""
    until = webhook.old_secret_until
    return [webhook.secret, webhook.old_secret] if until and until > timezone.now() else [webhook.secret]


def _body(describe: Describe, delivery: Delivery) -> bytes | None:
    """The bytes of a message: made once, then always the same; None for what may not be told (any more)."""
    event = None
    if delivery.event is not None:
        event = Event.objects.filter(pk=delivery.event).first()
        if event is None or not matching.may_be_told(delivery.webhook, event):
            return None
    if delivery.body is not None:
        return bytes(delivery.body)
    with matching.as_maker(delivery.webhook):
        data = describe(event, delivery.webhook)
    body = messages.encode(delivery.type, event.at if event else timezone.now(), data)
    if not Delivery.objects.filter(pk=delivery.pk, body=None).update(body=body):
        raise errors.Busy("Somebody else has made this message meanwhile, after the lease had ended.")
    return body
