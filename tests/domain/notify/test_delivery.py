"""From an event to a receiver: in which order, how often, and what becomes of those who do not answer."""

import io
import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from ipam import errors
from ipam.domain.networks import partitions
from ipam.domain.notify import deliveries, letters, sealing, targets, webhooks
from ipam.models import Delivery, Event, Letter, Project, Webhook
from tests.callers import as_user
from tests.domain import crowd
from tests.domain.notify.conftest import SECRET, Go, Hook, deliver, states
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


# --- what fails, and how it is tried again ----------------------------------------------------------
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


# --- on request -------------------------------------------------------------------------------------
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


def test_secret_that_cannot_be_read_is_a_failure_in_words(hook: Hook, receiver: Receiver, settings: Any) -> None:
    hook()
    settings.SECRETS_KEY = sealing.new_key()
    partitions.create(id="fra")
    deliver()
    found = Delivery.objects.get()
    assert (receiver.requests, found.state, "another SECRETS_KEY" in found.last_error) == ([], "pending", True)


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


# --- on request, and what is no longer to be told ---------------------------------------------------
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


def test_place_takes_no_more_webhooks_by_moving_them(
    hook: Hook, operator: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_OF_A_PLACE", 1)
    of_project, of_platform = hook(url="https://1.1.1.1/", project=project), hook(url="https://1.1.1.1/")
    with as_user(operator):
        with pytest.raises(errors.InUse):
            webhooks.update(of_platform, project=project)
        with pytest.raises(errors.InUse):
            webhooks.update(of_project, project=None)
        webhooks.update(of_project, project=project, name="stays")
    assert list(Webhook.objects.order_by("pk").values_list("project_id", flat=True)) == [project.pk, None]


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


def test_of_webhooks_that_are_made_at_once_there_are_no_more_than_may_be(
    hook: Hook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_OF_A_PLACE", 3)
    hook()
    target = targets.resolve(receiver.url)

    def make() -> bool:
        try:
            webhooks.create(target, secret=SECRET)
        except errors.InUse:
            return False
        return True

    assert sorted(crowd.in_threads([make] * 5)) == [False, False, False, True, True]


def test_webhooks_that_change_places_are_locked_in_one_order(
    hook: Hook, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_project, of_platform = hook(url="https://1.1.1.1/", project=project), hook(url="https://1.1.1.1/")
    meeting, check = threading.Barrier(2), webhooks._check_room
    met: list[Project | None] = []

    def check_together(place: Project | None) -> None:
        met.append(place)
        with suppress(threading.BrokenBarrierError):
            meeting.wait(1)
        check(place)

    monkeypatch.setattr(webhooks, "_check_room", check_together)
    moves = [partial(webhooks.update, of_project, project=None), partial(webhooks.update, of_platform, project=project)]
    crowd.in_threads(moves)
    assert len(met) == 2  # nobody had to begin anew
