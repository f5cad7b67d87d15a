"""From an id to its object, or to a sentence that says what is missing."""

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import models

from ipam import errors
from ipam.addressing import shorten

M = TypeVar("M", bound=models.Model)


def get(model: type[M], key: object, *, field: str = "", lock: bool = False) -> M:
    """The object with this id, locked until the transaction ends if asked for: others may refer to it meanwhile, not change it.

    NotFound, about `field`, if there is none; a malformed id is an id of nothing.
    """
    found = None
    objects = model._default_manager.all()
    try:
        found = (objects.select_for_update(no_key=True) if lock else objects).filter(pk=model._meta.pk.clean(key, None)).first()
    except ValidationError:
        pass
    if found is None:
        raise errors.NotFound(f"There is no {model._meta.verbose_name} “{shorten(key)}”. Check the id.", field=field)
    return found
