"""From an event to a receiver: in which order, how many at once, and that whatever one runs into holds up no other."""

import io
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from ipam.domain.networks import partitions
from ipam.domain.notify import deliveries, letters
from ipam.models import Delivery, Event, Letter, Webhook
from tests.domain.notify.conftest import Go, Hook, deliver, states
from tests.receivers import Receiver, Request, receiving

_SMTP = "django.core.mail.backends.smtp.EmailBackend"
pytestmark = pytest.mark.django_db(transaction=True)  # the feed reads what has been committed


# --- in which order, and how many at once -----------------------------------------------------------
def test_events_of_one_object_arrive_one_after_the_other(hook: Hook, receiver: Receiver) -> None:
    hook()
    fra = partitions.create(id="fra")
    for n in range(5):
        fra = partitions.update(fra, name=str(n))
    deliver()
    names = [one.json["data"]["event"]["changes"]["name"][1] for one in receiver.requests[1:]]
    assert (names, receiver.most_at_once) == (list("01234"), 1)


def test_four_are_sent_at_once_and_no_more(hook: Hook, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 30
    together = threading.Barrier(4)  # until four have come, none is answered
    with receiving(lambda request: 204 if together.wait(20) < 4 else 500) as receiver:
        hook(url=receiver.url)
        for n in range(8):
            partitions.create(id=f"site-{n}")
        deliver()
    assert (states(), receiver.most_at_once) == (["delivered"] * 8, 4)


def test_failed_message_holds_up_its_lane_and_no_other(hook: Hook, later: Go) -> None:
    def answer(request: Request) -> int:
        return 500 if b'"fra"' in request.body else 204

    with receiving(answer) as receiver:
        hook(url=receiver.url)
        partitions.update(partitions.create(id="fra"), name="Frankfurt")
        partitions.create(id="muc")
        deliver()
        seen = [(one.json["data"]["event"]["object"], one.json["type"]) for one in receiver.requests]
        assert sorted(seen) == [("fra", "partition.create"), ("muc", "partition.create")]
        receiver.answer = lambda request: 204
        later(10)
        deliver()
    assert [one.json["type"] for one in receiver.requests[2:]] == ["partition.create", "partition.update"]
    assert states() == ["delivered"] * 3


def test_after_a_failure_one_is_sent_at_a_time_until_one_succeeds(hook: Hook, later: Go) -> None:
    with receiving(lambda request: time.sleep(0.05) or 500) as receiver:
        webhook = hook(url=receiver.url)
        partitions.create(id="first")
        deliver()
        for n in range(6):
            partitions.create(id=f"site-{n}")
        receiver.most_at_once = 0
        deliver()
        assert (len(receiver.requests), receiver.most_at_once) == (7, 1)
        webhook.refresh_from_db()
        assert webhook.state == "backing_off"
        receiver.answer = lambda request: 204
        later(10)
        deliver()
    webhook.refresh_from_db()
    assert (len(receiver.requests), webhook.state) == (14, "active")


# --- leases -----------------------------------------------------------------------------------------
def test_what_is_leased_is_nobody_elses_until_the_lease_ends(hook: Hook, receiver: Receiver, later: Go) -> None:
    hook()
    partitions.update(partitions.create(id="fra"), name="Frankfurt")
    deliveries.distribute()
    (first,) = deliveries.take(10)
    assert deliveries.take(10) == []
    later(61)
    (again,) = deliveries.take(10)
    assert (again.pk, again.attempts) == (first.pk, 2)


def test_outcome_of_a_lease_that_ended_is_not_noted(hook: Hook, receiver: Receiver, later: Go) -> None:
    hook()
    partitions.create(id="fra")
    deliveries.distribute()
    (first,) = deliveries.take(10)
    later(61)
    deliveries.take(10)
    deliveries.settle(first.pk, first.attempts, deliveries.Outcome(204))
    assert states() == ["pending"]


def test_what_was_sent_but_not_noted_is_sent_again_under_the_same_id(hook: Hook, receiver: Receiver, later: Go) -> None:
    hook()
    partitions.create(id="fra")
    deliver()
    Delivery.objects.update(state="pending", finished_at=None)  # as if it had died before
    later(1)
    deliver()
    first, second = receiver.requests
    assert (first.id, first.body) == (second.id, second.body)


def test_delivered_rows_are_kept_for_a_week(hook: Hook, receiver: Receiver, later: Go) -> None:
    hook()
    partitions.create(id="fra")
    deliver()
    later(timedelta(days=6))
    deliver()
    kept = Delivery.objects.count()
    later(timedelta(days=1, minutes=1))
    deliver()
    assert (kept, Delivery.objects.count()) == (1, 0)


def test_command_delivers_what_is_due_and_ends(hook: Hook, receiver: Receiver) -> None:
    hook()
    partitions.create(id="fra")
    call_command("deliver", "--once", stdout=io.StringIO())
    assert receiver.types == ["partition.create"]


# --- whatever one of them runs into, the others are delivered ---------------------------------------
@pytest.mark.parametrize(
    "answer", [(503, {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}), (503, {"Retry-After": "\0"})]
)
def test_odd_answer_of_one_is_a_failure_and_others_are_delivered(
    answer: Any, hook: Hook, receiver: Receiver, later: Go
) -> None:
    with receiving(lambda request: answer) as odd:
        first = hook(url=odd.url, types=["partition.create"])
        hook(types=["partition.create"])
        partitions.create(id="fra")
        deliver()
    assert (first.deliveries.get().state, len(receiver.requests)) == ("pending", 1)
    assert first.deliveries.get().leased_until is None


def test_outcome_that_cannot_be_noted_is_a_failure_and_others_are_delivered(
    hook: Hook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (hook(types=["partition.create"]) for _ in range(2))
    settle = deliveries.settle

    def fail_once(key: int, attempt: int, outcome: deliveries.Outcome) -> None:
        if first.deliveries.filter(pk=key).exists() and not outcome.error:
            raise ValueError("odd")
        settle(key, attempt, outcome)

    monkeypatch.setattr(deliveries, "settle", fail_once)
    partitions.create(id="fra")
    deliver()
    assert [one.deliveries.get().state for one in (first, second)] == ["pending", "delivered"]
    assert "could not note" in first.deliveries.get().last_error


def test_mail_server_that_is_away_takes_no_letter_and_no_time_of_the_deliverer(
    hook: Hook, operator: User, settings: Any
) -> None:
    User.objects.update(email="op@example.org")
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = _SMTP, "127.0.0.1", 1
    with receiving(410) as receiver:
        webhook = hook(url=receiver.url)
        partitions.create(id="fra")
        deliver()
    webhook.refresh_from_db()
    assert (webhook.state, Letter.objects.get().attempts) == ("disabled", 0)
    letters.send_due()
    assert Letter.objects.get().attempts == 1


def test_receivers_that_do_not_answer_keep_no_other_one_waiting(hook: Hook, receiver: Receiver, later: Go) -> None:
    slow = [hook() for _ in range(3)]
    for number in range(4):
        partitions.create(id=f"site-{number}")
    deliveries.distribute()
    for one in deliveries.take(12):
        assert one.webhook_id in {webhook.pk for webhook in slow}
    now = timezone.now()
    Webhook.objects.update(failing_since=now, last_failure_at=now)
    well = hook()
    for number in range(4):
        partitions.create(id=f"place-{number}")
    deliveries.distribute()
    assert [one.webhook_id for one in deliveries.take(3)] == [well.pk] * 3


def test_lane_is_told_in_the_order_of_events_however_they_came(hook: Hook, receiver: Receiver) -> None:
    webhook = hook(types=["address.release"])
    told = {"told": [False, True]}
    first, second, third = (
        Event.objects.create(kind="alert", verb=verb, object_id="7", door="command", changes=told)
        for verb in ("fire", "acknowledge", "clear")
    )
    deliveries.enqueue(webhook, [third])  # at once
    deliveries.enqueue(webhook, [first, second])  # by the feed
    deliver()
    assert receiver.types == ["alert.firing", "alert.acknowledge", "alert.cleared"]


def test_lane_waits_for_what_is_being_sent_of_it_though_that_is_later(hook: Hook, receiver: Receiver) -> None:
    webhook = hook()
    first, second = (Event.objects.create(kind="alert", verb="snooze", object_id="7", door="command") for _ in range(2))
    deliveries.enqueue(webhook, [second])
    assert len(deliveries.take(4)) == 1
    deliveries.enqueue(webhook, [first])
    assert deliveries.take(4) == []


def test_feed_that_stands_still_is_no_reason_to_write(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = hook(url="https://1.1.1.1/")
    partitions.create(id="fra")
    monkeypatch.setattr(deliveries.feed, "read", lambda position, **more: deliveries.feed.Page([], position, False))
    monkeypatch.setattr(deliveries, "_follow", lambda *args: pytest.fail("nothing can be read yet"))
    assert deliveries.distribute() is False
    assert webhook.pk
