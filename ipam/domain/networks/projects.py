"""Projects: what owns networks, addresses and machines."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.domain.networks import batch_rules
from ipam.models import Project
from ipam.models.events import Verb


@operation
def create(
    *,
    id: uuid.UUID | None = None,
    name: str = "",
    tenant: str = "",
    description: str = "",
    labels: dict[str, str] | None = None,
) -> Project:
    """A new project; its id is made if it is not given. AlreadyExists if the id is taken."""
    access.require(Permission.OPERATE)
    key = id or uuid.uuid4()
    if Project.objects.filter(pk=key).exists():
        raise errors.AlreadyExists(f"There is already a project {key}. Choose another id, or leave it out.", field="id")
    project = Project.objects.create(pk=key, name=name, tenant=tenant, description=description, labels=labels or {})
    history.record(Verb.CREATE, project, after=states.of(project))
    return project


class Batch:
    """New projects, those of them together of which nothing is in the way of `create`."""

    def __init__(self, wanted: Sequence[Mapping[str, Any]]) -> None:
        self._ids = set(Project.objects.filter(pk__in=[new["id"] for new in wanted]).values_list("pk", flat=True))
        self._chosen: list[Project] = []

    def add(self, new: Mapping[str, Any], accept: Callable[[Project], object]) -> Project | None:
        """The project that will be made; None if something is in its way, or `accept` refuses it."""
        project = Project(**new)
        try:
            access.require(Permission.OPERATE)
            batch_rules.check_labels(project.labels)
            accept(project)
        except errors.IpamError:
            return None
        if project.pk in self._ids:
            return None
        self._ids.add(project.pk)
        self._chosen.append(project)
        return project

    def store(self) -> None:
        """Make those that were added: all of them or, where the database refuses one, none."""
        _store(self._chosen)


@operation
def _store(chosen: Sequence[Project]) -> None:
    Project.objects.bulk_create(chosen)
    history.record_made(Verb.CREATE, [(project, states.of(project)) for project in chosen])


@operation
def update(project: Project, **changes: Any) -> Project:
    """Change name, tenant, description or labels; Forbidden for all but its owners and operators."""
    current = lookups.get(Project, project.pk, lock=True)
    access.require_change(current)
    return history.revise(current, **changes)


@operation
def delete(project: Project) -> None:
    """Remove a project and its service accounts; InUse while it has networks, addresses, machines, clusters, ranges."""
    current = lookups.get(Project, project.pk, lock=True)
    access.require(Permission.OPERATE)
    access.require_own(current)
    lookups.check_unused(current, "networks", "addresses", "machines", "clusters", "ranges")
    history.record(Verb.DELETE, current, before=states.of(current))
    User.objects.filter(service_account__project=current).delete()
    current.delete()
