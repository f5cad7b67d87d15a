"""Letters about webhooks, to those who can do something about it."""

from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse

from ipam.domain.notify import letters
from ipam.models import Webhook


def disabled(webhook: Webhook) -> None:
    """To who made it: Twofold has switched it off."""
    _tell_maker(
        webhook,
        f"Twofold has switched off the webhook “{webhook}”",
        f"{webhook.disabled_reason}\n\nIt is told nothing any more. When the receiver is well again, switch it on: "
        "what has waited is sent then; what happens meanwhile is not.",
    )


def failing(webhook: Webhook, error: str) -> None:
    """To who made it and to ADMINS: for an hour nothing has been delivered."""
    _tell_maker(
        webhook,
        f"The webhook “{webhook}” has failed for an hour",
        f"{error}\n\nTwofold goes on trying for four days, then it switches the webhook off.",
        also=[address for _, address in settings.ADMINS],
    )


def _tell_maker(webhook: Webhook, subject: str, text: str, also: Sequence[str] = ()) -> None:
    page = settings.PUBLIC_URL + reverse("webhook", args=[webhook.pk])
    maker = webhook.made_by.email if webhook.made_by else ""
    for address in dict.fromkeys(filter(None, [maker, *also])):
        letters.write(address, subject, f"{text}\n\n{page}\n")
