"""What a picker offers: things by their names, equal ones told apart by their tenant or kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from ipam.domain.core import access
from ipam.models import VRF, Network, Partition, Project

MODELS: Mapping[str, type[Any]] = {"projects": Project, "networks": Network, "vrfs": VRF, "partitions": Partition}
_DETAILS = {"projects": "tenant", "networks": "get_type_display"}
_MAX_SHOWN = 12


@dataclass(frozen=True)
class Choice:
    """Something that may be chosen: what is written into the field, its name, and what tells it from others."""

    value: str
    name: str
    detail: str


def of_kind(kind: str, text: str) -> list[Choice]:
    """The first of this kind that the text finds; two statements."""
    visible = access.visible(MODELS[kind].objects.all())
    rows = list((visible.matching(text) if text else visible).order_by("name", "pk")[:_MAX_SHOWN])
    return _choices(kind, visible, rows)


def name_of(kind: str, key: str) -> str:
    """What a picker writes for the thing with this id; what is no id of one stays as it is."""
    try:
        UUID(key)
    except ValueError:
        return key
    visible = access.visible(MODELS[kind].objects.all())
    return next((one.value for one in _choices(kind, visible, list(visible.filter(pk=key)))), key)


def shown(chosen: Mapping[str, str]) -> dict[str, str]:
    """What filters narrow by as people read it: a link says an id, the field a name."""
    return {name: name_of(f"{name}s", value) if f"{name}s" in MODELS else value for name, value in chosen.items()}


def _choices(kind: str, visible: QuerySet[Any], rows: Sequence[Any]) -> list[Choice]:
    names = {one.name for one in rows if one.name}
    counted = visible.filter(name__in=names).order_by().values_list("name").annotate(number=Count("pk"))
    numbers: dict[str, int] = dict(counted) if names else {}
    return [_choice(kind, one, is_known=numbers.get(one.name) == 1) for one in rows]


def _choice(kind: str, one: Any, *, is_known: bool) -> Choice:
    detail = getattr(one, _DETAILS.get(kind, "pk"))
    told = str(detail() if callable(detail) else detail)
    return Choice(one.name if is_known else str(one.pk), one.name or str(one.pk), told)
