"""What a picker offers: things by their names, equal ones told apart by their tenant or project."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ipam.domain.core import access, lookups, same_names
from ipam.forms.clusters import CHILDREN, SEEDS
from ipam.models import VRF, Cluster, Machine, Network, Partition, Project

# What may be chosen from, by what a field says in `data-choices`.
OFFERED: Mapping[str, Callable[[], Any]] = {
    "projects": Project.objects.all,
    "networks": lambda: Network.objects.select_related("project"),
    "super-networks": lambda: Network.objects.supers().filter(managed_by=""),  # nothing is carved out of others
    "child-networks": lambda: Network.objects.filter(CHILDREN).select_related("project"),
    "vrfs": VRF.objects.all,
    "partitions": Partition.objects.all,
    "machines": lambda: Machine.objects.select_related("project"),
    "clusters": lambda: Cluster.objects.select_related("project"),
    "seeds": lambda: Cluster.objects.filter(SEEDS).select_related("project"),
}
_MAX_SHOWN = 12


@dataclass(frozen=True)
class Choice:
    """Something that may be chosen: what is written into the field, its name, and what tells it from others."""

    value: str
    name: str
    detail: str


def of_kind(kind: str, text: str, network: str = "") -> list[Choice]:
    """The first of this kind that the text finds, of machines those that are in a network; two statements."""
    visible = access.visible(OFFERED[kind]())
    if network and kind == "machines":
        visible = visible.filter(attachments__network=network)
    rows = list((visible.matching(text) if text else visible).order_by("name", "pk")[:_MAX_SHOWN])
    texts = same_names.texts_of(visible, rows)
    return [Choice(said, one.name or str(one.pk), detail_of(one)) for one, said in zip(rows, texts, strict=True)]


def name_of(kind: str, key: str) -> str:
    """What a picker writes for the thing with this id; what is no id of one stays as it is. Two statements."""
    visible = access.visible(OFFERED[kind]())
    found = list(visible.filter(pk=key)) if lookups.is_id(visible.model, key) else []
    return same_names.texts_of(visible, found)[0] if found else key


def shown(chosen: Mapping[str, str]) -> dict[str, str]:
    """What filters narrow by as people read it: a link says an id, the field a name."""
    return {name: name_of(f"{name}s", value) if f"{name}s" in OFFERED else value for name, value in chosen.items()}


def detail_of(one: Any) -> str:
    """What tells it from others: whose it is, else what kind of network, else its id."""
    return same_names.beside(one) or (one.get_type_display() if isinstance(one, Network) else str(one.pk))
