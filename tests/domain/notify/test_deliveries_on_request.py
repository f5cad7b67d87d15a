"""Messages that are sent anew, and webhooks that are switched off, on again or deleted meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ipam.domain.networks import partitions
from ipam.domain.notify import deliveries, webhooks
from ipam.models import Delivery, Event, Webhook
from tests.callers import as_user
from tests.domain.notify.conftest import Go, Hook, deliver, states
from tests.receivers import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)  # the feed reads what has been committed


def test_resent_message_is_the_same_and_signed_anew(hook: Hook, receiver: Receiver, operator: User, later: Go) -> None:
    hook()
    fra = partitions.create(id="fra")
    deliver()
    partitions.update(fra, name="Frankfurt")
    later(100)
    with as_user(operator):
        webhooks.resend(Delivery.objects.get())
    deliver()
    first, second = receiver.requests[:2]
    assert (first.id, first.body) == (second.id, second.body)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


def test_set_aside_message_that_is_resent_has_all_tries_again(
    hook: Hook, later: Go, operator: User, settings: Any
) -> None:
    settings.WEBHOOK_RETRY_SECONDS = [5]
    with receiving(500) as receiver:
        hook(url=receiver.url)
        partitions.create(id="fra")
        deliver()
        later(6)
        deliver()
        assert states() == ["set_aside"]
        with as_user(operator):
            webhooks.resend(Delivery.objects.get())
        deliver()
        assert (states(), len(receiver.requests)) == (["pending"], 3)


def test_switched_off_it_skips_what_happens_meanwhile(hook: Hook, receiver: Receiver, operator: User) -> None:
    webhook = hook()
    with as_user(operator):
        webhooks.update(webhook, enabled=False)
    partitions.create(id="fra")
    deliver()
    with as_user(operator):
        webhooks.update(webhook, enabled=True)
    partitions.create(id="muc")
    deliver()
    assert [one.json["data"]["event"]["object"] for one in receiver.requests] == ["muc"]


def test_deleted_it_forgets(hook: Hook, receiver: Receiver, operator: User) -> None:
    webhook = hook()
    partitions.create(id="fra")
    deliveries.distribute()
    with as_user(operator):
        webhooks.delete(webhook)
    deliver()
    assert (Delivery.objects.count(), receiver.requests) == (0, [])


@pytest.mark.parametrize("steps", [[5, 100, 10_000], []])
def test_message_sent_anew_while_it_is_under_way_has_all_tries_again(
    steps: list[int], hook: Hook, receiver: Receiver, operator: User, settings: Any
) -> None:
    settings.WEBHOOK_RETRY_SECONDS = steps
    hook()
    partitions.create(id="fra")
    deliveries.distribute()
    (taken,) = deliveries.take(4)
    with as_user(operator):
        webhooks.resend(taken)
    deliveries.settle(taken.pk, taken.attempts, deliveries.Outcome(500, "The receiver answered 500."))
    found = Delivery.objects.get()
    assert found.state == ("pending" if steps else "set_aside")
    assert found.next_at < timezone.now() + timedelta(seconds=6)


def test_sent_anew_while_its_outcome_waits_it_has_all_tries_again(
    hook: Hook, receiver: Receiver, operator: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_RETRY_SECONDS = [5, 10_000]
    hook()
    partitions.create(id="fra")
    deliveries.distribute()
    Delivery.objects.update(attempts=1)
    (taken,) = deliveries.take(4)
    lock = deliveries._lock

    def lock_late(key: int, **more: Any) -> Webhook | None:
        Delivery.objects.update(tried_before=2)
        return lock(key, **more)

    monkeypatch.setattr(deliveries, "_lock", lock_late)
    deliveries.settle(taken.pk, taken.attempts, deliveries.Outcome(500, "The receiver answered 500."))
    assert Delivery.objects.get().next_at < timezone.now() + timedelta(seconds=6)


def test_what_is_no_longer_known_is_not_told_by_its_kept_bytes(hook: Hook, later: Go, receiver: Receiver) -> None:
    hook()
    partitions.create(id="fra")
    receiver.answer = lambda request: 500
    deliver()
    Event.objects.filter(kind="partition").delete()  # pruned, so nobody can say who may see it
    later(10)
    deliver()
    assert (states(), len(receiver.requests)) == (["set_aside"], 1)


def test_switched_on_again_what_waited_is_sent_at_once(hook: Hook, later: Go, operator: User) -> None:
    with receiving(lambda request: (503, {"Retry-After": "80000"})) as receiver:
        webhook = hook(url=receiver.url)
        partitions.create(id="fra")
        deliver()
        receiver.answer = lambda request: 204
        with as_user(operator):
            webhooks.update(webhook, enabled=False)
            webhooks.update(webhook, enabled=True)
        deliver()
    assert states() == ["delivered"]
