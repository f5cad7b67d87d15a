"""Namespaces of go-ipam: `root`, and one for each project; and which prefixes each of them has.

The root has what is in no other: networks as Twofold has them, children of all projects, and the copies that the
project `GO_IPAM_PROJECT` has of namespaced ones. Another namespace has its project's copies, and roots made in it.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce
from netaddr import IPNetwork

from ipam import errors
from ipam.domain.core import by_ids
from ipam.domain.networks import projects
from ipam.domain.networks.plain_roots import MADE_IN, ROOT
from ipam.models import FreeBlock, Prefix, Project
from ipam.models.networks import NetworkType
from ipam.values import parse_uuid


@dataclass(frozen=True)
class Space:
    """A namespace by its name, and the project that owns what is taken in it."""

    name: str
    project_id: uuid.UUID

    def owner(self) -> Project:
        """Its project; that of the root is made when it is first needed."""
        found = by_ids.find({"project": (Project, self.project_id)}, {})
        return found.get("project") or projects.create(id=self.project_id, name="go-ipam")

    def prefixes(self) -> QuerySet[Prefix]:
        """All that it has, each with its network and its parent, and whether it `has_siblings` of its family."""
        made_in = Coalesce(KeyTextTransform(MADE_IN, "network__labels"), Value(ROOT), output_field=CharField())
        copied = Prefix.objects.filter(parent=OuterRef("pk"), namespace=self.project_id)
        opened = FreeBlock.objects.filter(prefix=OuterRef("pk"), namespace=self.project_id)
        namespaced = Q(network__type=NetworkType.SUPER_NAMESPACED)
        return _with_siblings(Prefix.objects.annotate(made_in=made_in)).filter(
            Q(namespace=self.project_id)
            | Q(namespace=None) & ~namespaced & Q(made_in=self.name)
            | namespaced & (Exists(opened) | Exists(copied))
        )

    def find(self, cidr: IPNetwork) -> Any:
        """The prefix that is this block, or NotFound. Where there is one alone, all that is asked is seen at it."""
        same = Prefix.objects.equal_to(cidr).order_by()
        alone = list(_with_siblings(same)[:2])
        if len(alone) == 1 and self._has(alone[0]):
            return alone[0]
        found = self.prefixes().filter(pk__in=same.values("pk")).first()
        if found is None:
            raise errors.NotFound(f"There is no prefix {cidr} in namespace {self.name}. Create it first.")
        return found

    def _has(self, prefix: Prefix) -> bool:
        """Whether it is of a network whose space is the same in all namespaces, and of this one, as `prefixes` says."""
        network = prefix.network
        is_of_all = prefix.namespace_id is None and not network.is_namespaced
        return is_of_all and network.labels.get(MADE_IN, ROOT) == self.name

    def children(self, prefix: Prefix) -> QuerySet[Prefix]:
        """What was carved out of one of its prefixes in this namespace."""
        return prefix.children.filter(namespace=self.project_id if prefix.network.is_namespaced else None)


def _with_siblings(prefixes: QuerySet[Prefix]) -> QuerySet[Prefix]:
    siblings = Prefix.objects.filter(network=OuterRef("network"), family=OuterRef("family")).exclude(pk=OuterRef("pk"))
    return prefixes.annotate(has_siblings=Exists(siblings)).select_related("network__project", "parent")


def space(name: str) -> Space:
    """The namespace of this name, by default the root; NotFound where there is no such project."""
    root = uuid.UUID(settings.GO_IPAM_PROJECT)
    if name in ("", ROOT):
        return Space(ROOT, root)
    key = _key(name)
    if key == root or not Project.objects.filter(pk=key).exists():
        raise errors.NotFound(f"There is no namespace {key}. Create it first.")
    return Space(str(key), key)


def create(name: str) -> None:
    """Make the project of a namespace, if there is none."""
    if name != ROOT and not Project.objects.filter(pk=(key := _key(name))).exists():
        projects.create(id=key, name=f"go-ipam {key}")


def delete(name: str) -> None:
    """Remove the project of a namespace that nothing is in; InUse or NotFound."""
    if name == ROOT:
        raise errors.Invalid("The namespace root stays.")
    found = space(name)
    if count := found.prefixes().count():
        raise errors.InUse(f"Namespace {name} holds prefixes: {count:,}. Delete them first.")
    projects.delete(found.owner())


def names() -> list[str]:
    """All namespaces, the root first."""
    others = Project.objects.exclude(pk=settings.GO_IPAM_PROJECT).order_by("created_at", "pk")
    return [ROOT, *map(str, others.values_list("pk", flat=True))]


def _key(name: str) -> uuid.UUID:
    try:
        return parse_uuid(name)
    except ValueError:
        raise errors.Invalid("A namespace is root, or the UUID of a project.", field="namespace") from None
