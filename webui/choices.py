"""What a picker offers: things by their names, equal ones told apart by their tenant or kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from ipam.domain.core import access
from ipam.forms.clusters import CHILDREN, SEEDS
from ipam.models import VRF, Cluster, Network, Partition, Project

# What may be chosen from, by what a field says in `data-choices`.
OFFERED: Mapping[str, Callable[[], Any]] = {
    "projects": Project.objects.all,
    "networks": Network.objects.all,
    "super-networks": lambda: Network.objects.supers().filter(managed_by=""),  # nothing is carved out of others
    "child-networks": lambda: Network.objects.filter(CHILDREN),
    "vrfs": VRF.objects.all,
    "partitions": Partition.objects.all,
    "seeds": lambda: Cluster.objects.filter(SEEDS).select_related("project"),
}
_DETAILS: Mapping[type[Any], str] = {Project: "tenant", Network: "get_type_display", Cluster: "project"}
_MAX_SHOWN = 12


@dataclass(frozen=True)
class Choice:
    """Something that may be chosen: what is written into the field, its name, and what tells it from others."""

    value: str
    name: str
    detail: str


def of_kind(kind: str, text: str) -> list[Choice]:
    """The first of this kind that the text finds; two statements."""
    visible = access.visible(OFFERED[kind]())
    rows = list((visible.matching(text) if text else visible).order_by("name", "pk")[:_MAX_SHOWN])
    return _choices(visible, rows)


def name_of(kind: str, key: str) -> str:
    """What a picker writes for the thing with this id; what is no id of one stays as it is."""
    try:
        UUID(key)
    except ValueError:
        return key
    visible = access.visible(OFFERED[kind]())
    return next((one.value for one in _choices(visible, list(visible.filter(pk=key)))), key)


def shown(chosen: Mapping[str, str]) -> dict[str, str]:
    """What filters narrow by as people read it: a link says an id, the field a name."""
    return {name: name_of(f"{name}s", value) if f"{name}s" in OFFERED else value for name, value in chosen.items()}


def _choices(visible: QuerySet[Any], rows: Sequence[Any]) -> list[Choice]:
    names = {one.name for one in rows if one.name}
    counted = visible.filter(name__in=names).order_by().values_list("name").annotate(number=Count("pk"))
    numbers: dict[str, int] = dict(counted) if names else {}
    return [_choice(one, is_known=numbers.get(one.name) == 1) for one in rows]


def _choice(one: Any, *, is_known: bool) -> Choice:
    detail = getattr(one, _DETAILS.get(type(one), "pk"))
    told = str(detail() if callable(detail) else detail)
    return Choice(one.name if is_known else str(one.pk), one.name or str(one.pk), told)
