"""What a page offers: only what whoever looks at it may do."""

from django import template
from django.db.models import Model

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission
from ipam.models import Network, Project

register = template.Library()


@register.filter
def changeable(record: Model) -> bool:
    """Whether a link to change, release or delete the record leads anywhere."""
    return access.may_change(record)


@register.filter
def describable(record: Model) -> bool:
    """Whether a link to change at least its name, description and labels leads anywhere."""
    return access.may_change(record, access.DESCRIBING)


@register.filter
def takeable(network: Network) -> bool:
    """Whether a link to take addresses or children from it leads anywhere."""
    return access.may_take_from(network)


@register.filter
def own(record: Model) -> bool:
    """Whether Twofold owns it, and no other system: only then it is changed here."""
    return not access.is_foreign(record)


@register.filter
def manageable(project: Project) -> bool:
    """Whether a link to change who is in the project leads anywhere: that is Twofold's, whoever owns the project."""
    return access.current().may(Permission.MANAGE, project.pk)


@register.filter
def named(names: dict[str, str], key: str) -> str:
    """The name of what has this id; the id itself of what is gone."""
    return names.get(key, key) if names else key
