"""What becomes of messages to those who do not answer: tried again, set aside, told of, switched off."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from ipam.domain.networks import partitions
from ipam.domain.notify import sealing
from ipam.models import Delivery, Event, Letter
from tests.domain.notify.conftest import Go, Hook, deliver, states
from tests.receivers import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)  # the feed reads what has been committed


@pytest.mark.parametrize("status", [199 + 100, 300, 301, 307, 400, 404, 429, 500, 503])
def test_all_but_2xx_fails(status: int, hook: Hook) -> None:
    with receiving(status) as receiver:
        hook(url=receiver.url)
        partitions.create(id="fra")
        deliver()
    found = Delivery.objects.get()
    expected = "delivered" if status < 300 else "pending"
    assert (found.state, found.last_status, len(receiver.requests)) == (expected, status, 1)


def test_redirect_to_the_metadata_of_a_cloud_is_not_followed(hook: Hook) -> None:
    with receiving(lambda request: (302, {"Location": "http://169.254.169.254/latest/meta-data/"})) as receiver:
        hook(url=receiver.url)
        partitions.create(id="fra")
        deliver()
    found = Delivery.objects.get()
    assert (found.state, found.last_error) == (
        "pending", "The receiver answered 302. Redirects are not followed.",
    )  # fmt: skip


def test_host_that_leads_elsewhere_by_now_is_not_called(hook: Hook, receiver: Receiver, settings: Any) -> None:
    hook()
    settings.WEBHOOK_ALLOWED_CIDRS = []
    partitions.create(id="fra")
    deliver()
    found = Delivery.objects.get()
    assert (receiver.requests, found.state, "http" in found.last_error) == ([], "pending", True)


def test_slow_receiver_is_left_at_the_time_out(hook: Hook, settings: Any) -> None:
    settings.WEBHOOK_TIMEOUT_SECONDS = 1
    with receiving(lambda request: time.sleep(2) or 204) as receiver:
        hook(url=receiver.url)
        partitions.create(id="fra")
        deliver()
    assert (Delivery.objects.get().last_error, len(receiver.requests)) == ("No answer within 1 seconds.", 1)


def test_message_is_tried_as_often_as_there_are_steps_and_set_aside_then(hook: Hook, later: Go, settings: Any) -> None:
    settings.WEBHOOK_RETRY_SECONDS = [10, 100, 1000]
    with receiving(500) as receiver:
        hook(url=receiver.url)
        partitions.update(partitions.create(id="fra"), name="Frankfurt")
        for step in (10, 100, 1000):
            deliver()
            waits = (Delivery.objects.order_by("pk")[0].next_at - timezone.now()).total_seconds()
            assert 0.85 * step <= waits <= 1.11 * step
            deliver()
            later(1.11 * step)
        deliver()
        bodies = {(one.id, one.body) for one in receiver.requests[:4]}
        assert (len(receiver.requests), len(bodies)) == (5, 1)  # the last one is the next of its lane
        assert states() == ["set_aside", "pending"]


def test_retry_after_is_kept_to_but_for_a_day_at_most(hook: Hook) -> None:
    asked = iter(
        ["3600", "999999", (timezone.now() + timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S GMT"), "soon"]
    )
    with receiving(lambda request: (503, {"Retry-After": next(asked)})) as receiver:
        hook(url=receiver.url)
        for n in range(4):
            partitions.create(id=f"site-{n}")
            deliver()
    hours = [round((one.next_at - timezone.now()).total_seconds() / 3600) for one in Delivery.objects.order_by("pk")]
    assert (hours, len(receiver.requests)) == ([1, 24, 2, 0], 4)


def test_receiver_that_is_gone_is_told_nothing_more(hook: Hook, operator: User) -> None:
    User.objects.update(email="op@example.org")
    with receiving(410) as receiver:
        webhook = hook(url=receiver.url, name="chat")
        for n in range(4):
            partitions.create(id=f"site-{n}")
        deliver()
        partitions.create(id="muc")
        deliver()
    webhook.refresh_from_db()
    event = Event.objects.get(kind="webhook", verb="update")
    assert (webhook.state, "410" in webhook.disabled_reason, len(receiver.requests)) == ("disabled", True, 4)
    assert (event.object_id, event.changes["enabled"]) == (str(webhook.pk), [True, False])
    told = Letter.objects.get()
    assert (told.address, told.subject) == ("op@example.org", "Twofold has switched off the webhook “chat”")
    assert f"http://localhost:8000/webhooks/{webhook.pk}/" in told.body


def test_who_made_it_is_told_once_when_it_has_failed_for_an_hour(hook: Hook, later: Go, settings: Any) -> None:
    User.objects.update(email="op@example.org")
    settings.WEBHOOK_RETRY_SECONDS = [1500] * 9
    with receiving(500) as receiver:
        hook(url=receiver.url, name="chat")
        partitions.create(id="fra")
        told = []
        for _ in range(5):
            deliver()
            told.append(Letter.objects.count())
            later(1700)
    assert told == [0, 0, 0, 1, 1]
    assert Letter.objects.get().subject == "The webhook “chat” has failed for an hour"


def test_four_days_with_attempts_and_without_a_success_switch_it_off(hook: Hook, later: Go) -> None:
    with receiving(500) as receiver:
        webhook = hook(url=receiver.url)
        partitions.create(id="fra")
        for day in range(6):
            deliver()
            later(timedelta(hours=20))
            partitions.create(id=f"site-{day}")
        webhook.refresh_from_db()
        assert (webhook.state, "four days" in webhook.disabled_reason) == ("disabled", True)


def test_failure_after_a_long_silence_begins_anew(hook: Hook, later: Go, settings: Any) -> None:
    settings.WEBHOOK_RETRY_SECONDS = []
    with receiving(500) as receiver:
        webhook = hook(url=receiver.url)
        for site in ("fra", "muc"):
            partitions.create(id=site)
            deliver()
            later(timedelta(days=10))
    webhook.refresh_from_db()
    assert webhook.state == "backing_off"


def test_lane_goes_on_when_the_receiver_is_back_after_an_hour(hook: Hook, later: Go, settings: Any) -> None:
    settings.WEBHOOK_RETRY_SECONDS = [5, 5, 5, 3600, 3600]
    with receiving(503) as receiver:
        webhook = hook(url=receiver.url)
        fra = partitions.create(id="fra")
        for name in "abc":
            fra = partitions.update(fra, name=name)
        for _ in range(4):
            deliver()
            later(6)
        later(timedelta(hours=1, minutes=7))
        receiver.answer = lambda request: 204
        deliver()
        names = [one.json["data"]["event"]["changes"].get("name", ["", ""])[1] for one in receiver.requests[4:]]
    webhook.refresh_from_db()
    assert (names, states(), webhook.state) == (["", "a", "b", "c"], ["delivered"] * 4, "active")


def test_secret_that_cannot_be_read_is_a_failure_in_words(hook: Hook, receiver: Receiver, settings: Any) -> None:
    hook()
    settings.SECRETS_KEY = sealing.new_key()
    partitions.create(id="fra")
    deliver()
    found = Delivery.objects.get()
    assert (receiver.requests, found.state, "another SECRETS_KEY" in found.last_error) == ([], "pending", True)


def test_who_made_it_and_admins_are_told_after_an_hour_though_nothing_is_tried_then(
    hook: Hook, later: Go, settings: Any
) -> None:
    settings.ADMINS = [("Op", "op@example.org")]
    with receiving(500) as receiver:
        webhook = hook(url=receiver.url)
        partitions.create(id="fra")
        told = []
        for minutes in (0, 1, 6, 36, 20, 2, 1, 120):
            later(timedelta(minutes=minutes))
            deliver()
            told.append(Letter.objects.count())
        assert (told, len(receiver.requests)) == ([0, 0, 0, 0, 1, 1, 1, 1], 5)
        receiver.answer = lambda request: 204
        later(timedelta(hours=8))
        deliver()
    webhook.refresh_from_db()
    assert (Letter.objects.get().address, webhook.is_failure_told) == ("op@example.org", False)
