"""From an id to its object, or to a sentence that says what is missing."""

import contextlib
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models

from ipam import errors
from ipam.addressing import shorten

M = TypeVar("M", bound=models.Model)


def get(model: type[M], key: object, *, field: str = "", lock: bool = False) -> M:
    """The object with this id. With `lock` others may refer to it, but not change it, until the transaction ends.

    NotFound, about `field`, if there is none; a malformed id is an id of nothing, and so is one that is
    merely read as the same: an id has one spelling, but for the case of a UUID.
    """
    objects = model._default_manager.all()
    if lock:
        objects = objects.select_for_update(no_key=True)
    with contextlib.suppress(ValidationError, ObjectDoesNotExist):
        pk = model._meta.pk.clean(key, None)
        if str(pk).lower() == str(key).lower():
            return objects.get(pk=pk)
    raise errors.NotFound(f"There is no {model._meta.verbose_name} “{shorten(key)}”. Check the id.", field=field)
