"""Names of what rows hold just the ids of."""

from collections.abc import Iterable

from django.db.models import Model

from ipam.domain.core import access


def names_of(model: type[Model], keys: Iterable[object]) -> dict[str, str]:
    """The names of those with these ids that the caller sees, by id; ids that are empty are of none."""
    asked = {str(key) for key in keys if key}
    found = access.visible(model._default_manager.filter(pk__in=asked)) if asked else ()
    return {str(one.pk): str(one) for one in found}
