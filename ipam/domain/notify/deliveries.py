"""Deliveries: written by reading on in the feed, taken by a lease, and what has come of each attempt.

Each step is a short transaction that begins by locking the webhook, and nothing is sent inside of one. A lease that ran
out is anybody's: what was sent but not noted is sent again, under the same `webhook-id`.
"""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone

from ipam.domain.core import history, states
from ipam.domain.core.operations import transacted
from ipam.domain.notify import feed, mails, matching
from ipam.domain.notify.messages import type_of
from ipam.domain.notify.sending import GONE, Outcome
from ipam.models import Delivery, Event, Webhook
from ipam.models.events import Verb
from ipam.models.feed import Position
from ipam.models.webhooks import ERROR_LENGTH

MAX_AT_ONCE = 4  # to one webhook, while it succeeds
MAX_WAITING = 10_000  # of one webhook; the rest waits in the feed
KEPT = {Delivery.State.DELIVERED: timedelta(days=7), Delivery.State.SET_ASIDE: timedelta(days=30)}
GIVES_UP_AFTER = timedelta(days=4)  # with attempts and without a success
FAILING_AFTER = timedelta(hours=1)  # somebody should look at it
_SPELL = timedelta(days=2)  # who was left alone for longer begins anew: the longest wait between two attempts is a day
_BATCH = 500
_JITTER = 0.1


# --- from the feed to deliveries --------------------------------------------------------------------
def distribute() -> bool:
    """Let the webhooks that are on look at what has happened since they last looked; whether there was anything."""
    moved = False
    webhooks = Webhook.objects.filter(enabled=True).order_by("feed_xid", "feed_id")
    for xid, key in list(webhooks.values_list("feed_xid", "feed_id").distinct()):
        position = Position(xid, key)
        page = feed.read(position, limit=_BATCH, events=Event.objects.told())
        is_last = not Event.objects.filter(Q(xid=xid, pk__gt=key) | Q(xid__gt=xid)).exists()
        if not page.events and (page.next == position or is_last):
            continue  # else each look would write
        for webhook in list(webhooks.filter(feed_xid=xid, feed_id=key).values_list("pk", flat=True)):
            moved |= _follow(webhook, position, page)
    return moved


@transacted
def _follow(key: int, seen: Position, page: feed.Page) -> bool:
    """Write the deliveries of a webhook and move its position, unless somebody else has done so meanwhile."""
    webhook = _lock(key)
    if webhook is None or not webhook.enabled or webhook.position != seen:
        return False
    if page.events and webhook.deliveries.pending().count() >= MAX_WAITING:
        return False
    enqueue(webhook, matching.told(webhook, page.events))
    Webhook.objects.filter(pk=key).update(feed_xid=page.next.xid, feed_id=page.next.id)
    return bool(page.events)


def enqueue(webhook: Webhook, events: Iterable[Event]) -> None:
    """Let a webhook be told of events, in this order; of each once, however often it is asked for."""
    Delivery.objects.bulk_create(
        [
            Delivery(webhook=webhook, event=event.pk, type=type_of(event), kind=event.kind, object_id=event.object_id)
            for event in events
        ],
        ignore_conflicts=True,
    )


# --- taking, and what came of it ----------------------------------------------------------------------
def take(room: int, *, until: datetime | None = None) -> list[Delivery]:
    """Deliveries that are due, at most `room` of them, leased to this process; with `until`, those due by then."""
    due = Delivery.objects.due(timezone.now())
    if until is not None:
        due = due.filter(next_at__lte=until)
    webhooks = Webhook.objects.filter(enabled=True, pk__in=due.order_by().values("webhook"))
    in_turn = webhooks.order_by(F("last_failure_at").asc(nulls_first=True), "pk")  # who lets others wait comes last
    found: list[Delivery] = []
    for key in list(in_turn.values_list("pk", flat=True)) if room else []:
        found += _take_of(key, room - len(found), until)
        if len(found) >= room:
            break
    return found


@transacted
def _take_of(key: int, room: int, until: datetime | None) -> list[Delivery]:
    """The due heads of the lanes of one webhook: after a failure one, until one succeeds; else up to 4 at once."""
    webhook = _lock(key, skip_locked=True)
    if webhook is None or not webhook.enabled:
        return []
    now = timezone.now()
    at_work = webhook.deliveries.pending().filter(leased_until__gt=now).count()
    free = min(room, (1 if webhook.failing_since else MAX_AT_ONCE) - at_work)
    due = Delivery.objects.due(now).filter(webhook=webhook, next_at__lte=until or now).order_by("next_at", "id")
    heads = list(due[: max(0, free)])
    for one in heads:
        one.webhook, one.attempts = webhook, one.attempts + 1
        one.leased_until = now + timedelta(seconds=settings.WEBHOOK_LEASE_SECONDS)
    Delivery.objects.bulk_update(heads, ["attempts", "leased_until"])
    return heads


@transacted
def settle(key: int, attempt: int, outcome: Outcome) -> None:
    """Note what came of an attempt; nothing where its lease ran out and somebody else has taken it, or it is gone."""
    ours = Delivery.objects.filter(pk=key, attempts=attempt).pending()
    seen = ours.first()
    webhook = _lock(seen.webhook_id) if seen else None
    found = ours.first()  # somebody may have sent it anew while this waited
    if found is None or webhook is None:
        return
    now = timezone.now()
    noted: dict[str, Any] = {"leased_until": None, "last_status": outcome.status}
    noted["last_error"] = outcome.error[:ERROR_LENGTH]
    if not outcome.error:
        noted |= {"state": Delivery.State.DELIVERED, "finished_at": now}
    elif (wait := _wait(max(1, attempt - found.tried_before), outcome)) is None:
        noted |= {"state": Delivery.State.SET_ASIDE, "finished_at": now}
    else:
        noted["next_at"] = now + wait
    if ours.update(**noted):
        _note(webhook, outcome, now)


def set_aside(key: int, why: str) -> None:
    """Give up a delivery that must not be sent any more."""
    Delivery.objects.filter(pk=key).pending().update(
        state=Delivery.State.SET_ASIDE, finished_at=timezone.now(), leased_until=None, last_error=why
    )


def _wait(tried: int, outcome: Outcome) -> timedelta | None:
    """How long until the next attempt after so many; None when there is none."""
    steps = settings.WEBHOOK_RETRY_SECONDS
    if tried > len(steps):
        return None
    seconds = steps[tried - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  jitter, no secret
    return timedelta(seconds=max(seconds, outcome.retry_after))


def _note(webhook: Webhook, outcome: Outcome, now: datetime) -> None:
    """What an attempt means for the webhook as a whole."""
    if not outcome.error:
        Webhook.objects.filter(pk=webhook.pk).update(last_success_at=now, failing_since=None, is_failure_told=False)
        return
    before = webhook.last_failure_at
    since, is_told = webhook.failing_since, webhook.is_failure_told
    if since is None or before is None or now - before > _SPELL:
        since, is_told = now, False
    Webhook.objects.filter(pk=webhook.pk).update(last_failure_at=now, failing_since=since, is_failure_told=is_told)
    if not webhook.enabled:
        return  # the first of those that were under way has switched it off
    if outcome.status == GONE:
        _disable(webhook, "The receiver answered 410: it is gone and wants nothing more.")
    elif now - since >= GIVES_UP_AFTER:
        _disable(webhook, f"Nothing has been delivered for four days. Last: {outcome.error}")


@transacted
def tell_failing() -> None:
    """Write of a webhook for which something has waited for an hour, without a success; of each once, one at a time."""
    tried = Delivery.objects.pending().exclude(last_error="").order_by("-attempts")
    failing = Webhook.objects.filter(
        enabled=True, is_failure_told=False, failing_since__lte=timezone.now() - FAILING_AFTER
    )
    webhook = failing.filter(pk__in=tried.order_by().values("webhook")).select_related("made_by").first()
    error = tried.filter(webhook=webhook).values_list("last_error", flat=True).first() if webhook else None
    if webhook and error and failing.filter(pk=webhook.pk).update(is_failure_told=True):
        mails.failing(webhook, error)


def _disable(webhook: Webhook, why: str) -> None:
    """Switch a webhook off, for whoever made it to look at."""
    before = states.of(webhook)
    webhook.revise(enabled=False, disabled_reason=why[:ERROR_LENGTH])
    history.record(Verb.UPDATE, webhook, before=before, after=states.of(webhook))
    mails.disabled(webhook)


def forget() -> None:
    """Delete what was delivered a week ago, and what was set aside a month ago."""
    for state, kept in KEPT.items():
        old = Delivery.objects.filter(state=state, finished_at__lt=timezone.now() - kept).order_by("finished_at")
        while keys := list(old.values_list("pk", flat=True)[:_BATCH]):
            Delivery.objects.filter(pk__in=keys).delete()


def _lock(key: int, *, skip_locked: bool = False) -> Webhook | None:
    """The webhook with the one who made it, locked: whoever wants anything of it waits, or passes it over."""
    locked = Webhook.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return locked.select_related("made_by").filter(pk=key).first()
