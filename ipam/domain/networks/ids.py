"""Ids that people choose: of networks, partitions and machines."""

import re

from django.db.models import Model
from django.db.models.functions import Lower

from ipam import errors
from ipam.models import Machine, Network, Partition
from ipam.models.base import SLUG

# Rule 4b: what stands in a URL where an id could: pages of the dashboard and verbs of the API, per collection.
RESERVED_IDS: dict[type[Model], frozenset[str]] = {
    Network: frozenset({"new"}),
    Partition: frozenset({"new"}),
    Machine: frozenset({"allocate"}),
}


def check_new_id(model: type[Model], id: str) -> None:
    """Refuse an id that is no slug, is a word of ours, or is taken but for the case of its letters (rules 3 and 4b)."""
    check_slug(id)
    noun = model._meta.verbose_name
    if id.lower() in RESERVED_IDS[model]:
        raise errors.ReservedId(f"“{id}” is a page here, which would hide the {noun}. Choose another id.", field="id")
    # As the unique index has it: guards.ID_ONCE.
    same = model._default_manager.annotate(lowered=Lower("pk")).filter(lowered=id.lower())
    if taken := same.values_list("pk", flat=True).first():
        but = "" if taken == id else ", and ids that differ only in case are one"
        raise errors.AlreadyExists(f"There is already a {noun} {taken}{but}. Choose another id.", field="id")


def check_slug(text: str, *, field: str = "id") -> None:
    """Refuse an id that is no slug of 2 to 128 characters (rule 3)."""
    if not re.fullmatch(SLUG, text, re.ASCII):
        raise errors.Invalid(
            "An id has 2 to 128 letters, digits, dots, dashes or underscores, and starts and ends with a letter "
            "or digit.",
            field=field,
        )
