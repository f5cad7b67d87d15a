"""Projects: what owns networks, addresses and machines."""

import uuid
from typing import Any

from django.contrib.auth.models import User

from ipam import errors
from ipam.domain.core import access, history, lookups, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
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


@operation
def update(project: Project, **changes: Any) -> Project:
    """Change name, tenant, description or labels; Forbidden for all but its owners and operators."""
    current = lookups.get(Project, project.pk, lock=True)
    access.require(Permission.MANAGE, current.pk)
    return history.revise(current, **changes)


@operation
def delete(project: Project) -> None:
    """Remove a project and its service accounts; InUse while it has networks, addresses, machines or clusters."""
    current = lookups.get(Project, project.pk, lock=True)
    access.require(Permission.OPERATE)
    lookups.check_unused(current, "networks", "addresses", "machines", "clusters")
    history.record(Verb.DELETE, current, before=states.of(current))
    User.objects.filter(service_account__project=current).delete()
    current.delete()
