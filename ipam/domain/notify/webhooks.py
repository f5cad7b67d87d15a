"""Webhooks: who is told of what has happened, made and changed by operators, and by owners for their project."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation, transacted
from ipam.domain.core.permissions import Permission
from ipam.domain.notify import feed, messages, sealing, signing
from ipam.domain.notify.targets import Target
from ipam.models import Delivery, Network, Partition, Project, Webhook
from ipam.models.events import Kind, Verb

MAX_OF_A_PLACE = 50  # of one project, or of the platform
OLD_SECRET_SIGNS = timedelta(hours=24)  # after it was rotated


def require(project: Project | None) -> None:
    """PermissionDenied unless the caller may make webhooks here: of a project, or of the platform."""
    access.require(Permission.MANAGE if project else Permission.OPERATE, project.pk if project else None)


@operation
def create(
    target: Target,
    *,
    name: str = "",
    types: Sequence[str] = (),
    network: Network | None = None,
    project: Project | None = None,
    partition: Partition | None = None,
    label: str = "",
    enabled: bool = True,
    secret: str = "",
) -> tuple[Webhook, str]:
    """A new webhook, told from now on, and its secret, which is made where none is given (`whsec_`, 24 to 64 bytes).

    Told is what is of one of the `types` (none: all), in the network, project and partition, and labelled so. Invalid
    at the field that is wrong, and at `secret` without SECRETS_KEY; UrlNotAllowed; InUse for the fifty-first.
    """
    require(project)
    _check_room(project)
    target.require_allowed()
    _check_types(types)
    limits = {"network_id": network.pk if network else "", "partition_id": partition.pk if partition else ""}
    made = Webhook(name=name, url=target.url, types=sorted(set(types)), label=label, enabled=enabled, **limits)
    made.project_id, made.made_by_id = project.pk if project else None, access.current().user_id
    given, made.secret = _sealed(secret)
    made.position = feed.now()
    made.save()
    history.record(Verb.CREATE, made, after=states.of(made))
    return made, given


@operation
def update(webhook: Webhook, *, target: Target | None = None, **changes: Any) -> Webhook:
    """Change what is given: the fields of `create` but for the secret. Network, project and partition may be None.

    Switched on again, it is told from now on, and tried anew; what waited when it was switched off is sent then. Where
    the one who made it has gone, or may not sign in any more, the caller stands for that from then on.
    """
    current = _get_to_move(webhook, changes["project"]) if "project" in changes else _get(webhook)
    if target:
        target.require_allowed()
        changes["url"] = target.url
    if "types" in changes:
        _check_types(changes["types"])
        changes["types"] = sorted(set(changes["types"]))
    for name, empty in (("network", ""), ("project", None), ("partition", "")):
        if name in changes:
            one = changes.pop(name)
            changes[f"{name}_id"] = one.pk if one else empty
    if changes.get("enabled") and not current.enabled:
        position = feed.now()
        changes |= {"feed_xid": position.xid, "feed_id": position.id, "disabled_reason": ""}
        changes |= {"failing_since": None, "is_failure_told": False}
        changes |= {} if current.maker else {"made_by_id": access.current().user_id}
        current.deliveries.pending().update(next_at=timezone.now())
    return history.revise(current, **changes)


@operation
def delete(webhook: Webhook) -> None:
    """Tell it nothing more, and forget what it was told and what waits."""
    current = _get(webhook)
    history.record(Verb.DELETE, current, before=states.of(current))
    current.delete()


@operation
def rotate(webhook: Webhook, *, secret: str = "") -> tuple[Webhook, str]:
    """Another secret, given or made; for 24 hours the old one signs beside it. Errors are those of `create`."""
    current = _get(webhook)
    given, sealed = _sealed(secret)
    current.revise(old_secret=current.secret, old_secret_until=timezone.now() + OLD_SECRET_SIGNS, secret=sealed)
    history.record(Verb.ROTATE, current)
    return current, given


@transacted
def test(webhook: Webhook) -> Delivery:
    """Send a `webhook.ping`; one that waits already is that one. WrongState for a webhook that is switched off."""
    current = _get(webhook)
    _check_is_on(current)
    waiting = current.deliveries.pending().filter(type=messages.PING).first()
    return waiting or Delivery.objects.create(
        webhook=current, type=messages.PING, kind=Kind.WEBHOOK, object_id=str(current.pk)
    )


@transacted
def resend(delivery: Delivery) -> Delivery:
    """Send a message anew, at once, with the same bytes and `webhook-id`, and all retries before it.

    WrongState for a webhook that is switched off, NotFound when the delivery has been forgotten.
    """
    webhook = _get(Webhook(pk=delivery.webhook_id))
    _check_is_on(webhook)
    current = webhook.deliveries.filter(pk=delivery.pk).first()
    if current is None:
        raise errors.NotFound("There is no such delivery any more.")
    current.state, current.finished_at = Delivery.State.PENDING, None
    current.next_at, current.tried_before = timezone.now(), current.attempts
    current.save(update_fields=["state", "finished_at", "next_at", "tried_before"])
    return current


def _get(webhook: Webhook) -> Webhook:
    """The webhook, locked, for those who may change it."""
    current = lookups.get(Webhook, webhook.pk, lock=True)
    access.require_change(current)
    return current


def _get_to_move(webhook: Webhook, project: Project | None) -> Webhook:
    """The same, for those who may have it at this place, where there is room. Of several that change places all are
    locked in one order.
    """
    require(project)
    place = project.pk if project else None
    if webhook.project_id != place:
        among = Q(pk=webhook.pk) | Q(pk__in=_of_place(project).values("pk")[:1])
        lookups.lock_all(Webhook.objects.filter(among).order_by("pk"), no_key=True)
    current = _get(webhook)
    if current.project_id != place:
        _check_room(project)
    return current


def _sealed(secret: str) -> tuple[str, str]:
    """The secret that was given, or else one that is made, and as it is stored."""
    secret = secret or signing.new_secret()
    signing.check_secret(secret)
    return secret, sealing.seal(secret)


def _check_room(project: Project | None) -> None:
    """Of several who make webhooks at a place each counts again, when those before are there."""
    there = _of_place(project)
    there.select_for_update(no_key=True).first()
    if there.count() >= MAX_OF_A_PLACE:
        raise errors.InUse(f"There are {MAX_OF_A_PLACE} webhooks here, which is as many as may be. Delete one first.")


def _of_place(project: Project | None) -> QuerySet[Webhook]:
    return Webhook.objects.filter(project_id=project.pk if project else None).order_by("pk")


def _check_is_on(webhook: Webhook) -> None:
    if not webhook.enabled:
        raise errors.WrongState(f"The webhook {webhook} is switched off, so nothing is sent. Switch it on first.")


def _check_types(types: Sequence[str]) -> None:
    """Invalid at each type that there is not."""
    known = messages.known_types()
    errors.raise_all(
        [
            errors.Invalid(
                f"“{shorten(one)}” is no type of message. Types are a kind and a verb of events, such as "
                "address.release.",
                field=f"types.{number}",
            )
            for number, one in enumerate(types)
            if one not in known
        ]
    )
