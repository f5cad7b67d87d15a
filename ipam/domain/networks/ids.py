"""Ids that people choose: of networks, partitions and machines."""

import re
from collections.abc import Iterable

from django.db.models import Model, QuerySet
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
    check_spelling(model, id)
    if taken := _taken(model, [id]).values_list("pk", flat=True).first():
        but = "" if taken == id else ", and ids that differ only in case are one"
        noun = model._meta.verbose_name
        raise errors.AlreadyExists(f"There is already a {noun} {taken}{but}. Choose another id.", field="id")


def find_taken(model: type[Model], ids: Iterable[str]) -> set[str]:
    """Those of many ids that are taken, in lower case; one statement. What is no slug is nobody's."""
    slugs = [id for id in ids if re.fullmatch(SLUG, id, re.ASCII)]
    return set(_taken(model, slugs).values_list("lowered", flat=True))


def check_spelling(model: type[Model], id: str) -> None:
    """Refuse an id that is no slug, or is a word of ours (rules 3 and 4b)."""
    check_slug(id)
    if id.lower() in RESERVED_IDS[model]:
        noun = model._meta.verbose_name
        raise errors.ReservedId(f"“{id}” is a page here, which would hide the {noun}. Choose another id.", field="id")


def _taken(model: type[Model], ids: Iterable[str]) -> QuerySet[Model]:
    """As the unique index has it: guards.ID_ONCE."""
    lowered: QuerySet[Model] = model._default_manager.order_by().annotate(lowered=Lower("pk"))
    return lowered.filter(lowered__in=[id.lower() for id in ids])


def check_slug(text: str, *, field: str = "id") -> None:
    """Refuse an id that is no slug of 2 to 128 characters (rule 3)."""
    if not re.fullmatch(SLUG, text, re.ASCII):
        raise errors.Invalid(
            "An id has 2 to 128 letters, digits, dots, dashes or underscores, and starts and ends with a letter "
            "or digit.",
            field=field,
        )
