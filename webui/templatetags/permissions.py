"""What a page offers: only what whoever looks at it may do."""

from django import template
from django.db.models import Model

from ipam.domain import access

register = template.Library()


@register.filter
def changeable(record: Model) -> bool:
    """Whether a link to change, release or delete the record leads anywhere."""
    return access.may_change(record)
