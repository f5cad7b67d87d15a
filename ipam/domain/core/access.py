"""Who may do what, and who sees what: asked by every operation, lookup and list, of the table in `permissions`.

For whom says the `context`. What the caller may not see is not there: it is looked up in vain and counted nowhere.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from ipam import errors
from ipam.domain.core import context
from ipam.domain.core.permissions import MAY, Access, Permission
from ipam.models import (
    VRF,
    Claim,
    Cluster,
    ClusterRange,
    Event,
    Finding,
    IPAddress,
    Machine,
    Network,
    Partition,
    Prefix,
    Project,
    RoleBinding,
    UtilizationSample,
)
from ipam.models.networks import SUPER_TYPES, NetworkType
from ipam.models.roles import PROJECT_ROLES

# What owners change of any network of their project (rule 19a).
DESCRIBING = frozenset({"name", "description", "labels"})
Objects = TypeVar("Objects", bound=QuerySet[Any])


def current() -> Access:
    """What the caller may: nothing where nobody has said who asks."""
    return context.current().access if context.is_set() else Access()


# --- what may be done -----------------------------------------------------------------------------
def require(permission: Permission, project_id: UUID | None = None, *, doing: str = "") -> None:
    """PermissionDenied unless the caller may do this, also inside another operation.

    `doing` says what it is about where the permission itself says too little.
    """
    if not current().may(permission, project_id):
        raise _denied(permission, "in this project" if project_id else "", doing)


def require_anywhere(permission: Permission) -> None:
    """PermissionDenied unless the caller may do this in some project at least."""
    if not current().may_anywhere(permission):
        raise _denied(permission, "in the project that it is for")


def _denied(permission: Permission, place: str, doing: str = "") -> errors.PermissionDenied:
    """The refusal, with the roles that would do: those of a project where its members may do this at all."""
    if context.current().access.is_read_only:  # which refuses by itself where nobody has said who asks
        return errors.PermissionDenied("This token only reads. Use one that may write.")
    of_project = sorted(role.label for role in MAY[permission] if role in PROJECT_ROLES)
    needed = f"{' or '.join(of_project)} {place}" if place and of_project else "operator of the platform"
    return errors.PermissionDenied(f"You may not {doing or permission.value} here. Ask for the role of {needed}.")


def deed_on(record: Model, fields: Collection[str] | None = None) -> tuple[Permission, UUID | None]:
    """What it takes to change, release or delete a record, or to change just these fields; and in which project."""
    if isinstance(record, Network) and record.project_id and not record.is_child and _only_describe(fields):
        return Permission.MANAGE, record.project_id
    if isinstance(record, IPAddress | Machine | Cluster | Claim) or (isinstance(record, Network) and record.is_child):
        return Permission.ALLOCATE, record.project_id
    return (Permission.MANAGE, record.pk) if isinstance(record, Project) else (Permission.OPERATE, None)


def _only_describe(fields: Collection[str] | None) -> bool:
    return fields is not None and DESCRIBING.issuperset(fields)


def may_change(record: Model, fields: Collection[str] | None = None) -> bool:
    """Whether the caller may change, release or delete it, or change just these fields of it."""
    return current().may(*deed_on(record, fields))


def require_change(*records: Model, fields: Collection[str] | None = None) -> None:
    """PermissionDenied unless the caller may change, release or delete all of them, or just these fields of them."""
    for permission, project_id in {deed_on(record, fields) for record in records}:
        require(permission, project_id)


# --- what is seen ---------------------------------------------------------------------------------
def visible(objects: Objects) -> Objects:
    """Those that the caller may see; foreign ones are absent."""
    who = current()
    if who.sees_everything:
        return objects
    return objects.filter(_SCOPES[objects.model](list(who.projects))) if who.projects else objects.none()


def sees(record: Model) -> bool:
    """Whether the caller may see a record; what they may not see is not named to them either."""
    return current().sees_everything or visible(type(record)._default_manager.filter(pk=record.pk)).exists()


def _networks(projects: list[UUID], path: str = "") -> Q:
    """Those of the projects, and those that every project may take from or join (rules 10 and 21)."""
    own = Q(**{f"{path}project__in": projects})
    public = Q(**{f"{path}project": None, f"{path}type__in": [NetworkType.EXTERNAL, *SUPER_TYPES]})
    return own | public | Q(**{f"{path}type": NetworkType.CHILD_SHARED})


def _vrfs(projects: list[UUID]) -> Q:
    return Q(Exists(Network.objects.filter(_networks(projects), vrf=OuterRef("pk"))))


def _findings(projects: list[UUID]) -> Q:
    """Those of the projects, and what networks that they see say by themselves."""
    seen = Network.objects.filter(_networks(projects)).values("pk")
    return Q(project_id__in=projects) | Q(kind="network", object_id__in=seen) & ~Q(code__in=Finding.SHARES)


_SCOPES: Mapping[type[Model], Callable[[list[UUID]], Q]] = {
    Partition: lambda projects: Q(),
    Project: lambda projects: Q(pk__in=projects),
    VRF: _vrfs,
    Network: _networks,
    Prefix: lambda projects: _networks(projects, "network__"),
    IPAddress: lambda projects: Q(project__in=projects),
    Machine: lambda projects: Q(project__in=projects),
    Cluster: lambda projects: Q(project__in=projects),
    ClusterRange: lambda projects: Q(cluster__project__in=projects),
    Claim: lambda projects: Q(project__in=projects),
    RoleBinding: lambda projects: Q(project__in=projects),
    Event: lambda projects: Q(project_id__in=projects),
    Finding: _findings,
    UtilizationSample: lambda projects: _networks(projects, "network__"),
}
