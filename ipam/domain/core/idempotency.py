"""Requests that are sent again: done once, and answered alike for a day."""

from collections.abc import Callable
from contextlib import suppress

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from ipam import errors
from ipam.domain.core.operations import transacted
from ipam.models import IdempotentResponse

Answer = tuple[int, str]  # a status and a body, whatever they mean to the door that asks

_EVERY, _BATCH = 100, 1000  # at every 100th key, up to 1,000 answers that have expired are forgotten


class _AnsweredBefore(Exception):
    """The key has been claimed by another request, which has ended."""


def run_once(
    user: User,
    key: str,
    *,
    request: bytes,
    do: Callable[[], Answer],
    refused: Callable[[errors.IpamError], Answer],
) -> tuple[IdempotentResponse, bool]:
    """The answer to what `user` calls `key` (1..255 characters), and whether it was given before.

    The first to come does it, in one transaction with its answer; whoever comes at the same moment waits for that.
    A refusal is an answer too, made by `refused`; `Busy` is none, nor is that somebody may not. IdempotencyKeyReused
    when the key has been used for another `request`, told apart by its digest.
    """
    while True:
        with suppress(_AnsweredBefore):
            return _first(user, key, request, do, refused), False
        known = IdempotentResponse.objects.filter(user=user, key=key)
        if kept := known.fresh().first():
            _check_same(kept, request)
            return kept, True
        known.expired().delete()


@transacted
def _first(
    user: User, key: str, request: bytes, do: Callable[[], Answer], refused: Callable[[errors.IpamError], Answer]
) -> IdempotentResponse:
    """Claim the key before anything else: whoever waits for it holds nothing that others want."""
    kept = IdempotentResponse(user=user, key=key, request=request)
    try:
        kept.save(force_insert=True)
    except IntegrityError:
        raise _AnsweredBefore from None
    kept.status, kept.body = _answer(do, refused)
    kept.save(update_fields=["status", "body"])
    if kept.pk % _EVERY == 0:
        _forget_expired()
    return kept


def _answer(do: Callable[[], Answer], refused: Callable[[errors.IpamError], Answer]) -> Answer:
    try:
        with transaction.atomic():  # nothing but its answer is left of what is refused
            return do()
    except (errors.Busy, errors.PermissionDenied):
        raise
    except errors.IpamError as refusal:
        return refused(refusal)


def _check_same(kept: IdempotentResponse, request: bytes) -> None:
    if bytes(kept.request) != request:
        raise errors.IdempotencyKeyReused(
            f"You have used this Idempotency-Key for another request, at {kept.at:%Y-%m-%d %H:%M} UTC. Nothing was "
            "changed; take a new key for each new request.",
            field="Idempotency-Key",
        )


def _forget_expired() -> None:
    """Delete the oldest answers that count no more, passing over what others hold: this waits for nobody."""
    oldest = IdempotentResponse.objects.expired().order_by("at").select_for_update(skip_locked=True)
    IdempotentResponse.objects.filter(pk__in=[kept.pk for kept in oldest.only("pk")[:_BATCH]]).delete()
