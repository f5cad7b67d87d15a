"""Notices, and what they and lists of events offer to undo."""

import math
from datetime import datetime

from django import template
from django.contrib.messages.storage.base import Message
from django.utils import timezone

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.models import Event
from webui import notices

register = template.Library()


@register.filter
def as_notice(message: Message) -> dict[str, object] | None:
    """A message as a notice; None of one that is a sentence."""
    return notices.read(str(message.message)) if message.extra_tags == notices.DONE else None


@register.filter
def minutes_left(until: datetime | None) -> int:
    """How many minutes begin before this moment; 0 when it has passed, or never comes."""
    return max(0, math.ceil((until - timezone.now()).total_seconds() / 60)) if until else 0


@register.filter
def may_undo(event: Event) -> bool:
    """Whether a button to undo it leads anywhere."""
    return event.can_be_undone and access.current().may(Permission.ALLOCATE, event.project_id)
