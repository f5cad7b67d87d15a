"""Who may do what, and who sees what: asked by every operation, lookup and list, of the table in `permissions`.

For whom says the `context`. What the caller may not see is not there: it is looked up in vain and counted nowhere.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import FullResultSet
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from ipam import errors
from ipam.domain.core import context
from ipam.domain.core.permissions import MAY, Access, Permission
from ipam.models import (
    VRF,
    AddressRange,
    Alert,
    AlertRule,
    Claim,
    Cluster,
    ClusterRange,
    Delivery,
    Event,
    Finding,
    IPAddress,
    Machine,
    Network,
    Partition,
    Prefix,
    Project,
    Quota,
    RoleBinding,
    Sample,
    Series,
    Tenure,
    Webhook,
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


def permission_on(record: Model, fields: Collection[str] | None = None) -> tuple[Permission, UUID | None]:
    """What it takes to change, release or delete a record, or to change just these fields; and in which project."""
    if isinstance(record, AddressRange):
        return permission_on(record.network)
    describes = fields is not None and DESCRIBING.issuperset(fields)
    if isinstance(record, Network) and record.project_id and not record.is_child and describes:
        return Permission.MANAGE, record.project_id
    if isinstance(record, IPAddress | Machine | Cluster | Claim) or (isinstance(record, Network) and record.is_child):
        return Permission.ALLOCATE, record.project_id
    if isinstance(record, Alert | Webhook) and record.project_id:
        return Permission.MANAGE, record.project_id
    return (Permission.MANAGE, record.pk) if isinstance(record, Project) else (Permission.OPERATE, None)


def may_change(record: Model, fields: Collection[str] | None = None) -> bool:
    """Whether the caller may change, release or delete it, or change just these fields of it."""
    return current().may(*permission_on(record, fields)) and not is_foreign(record)


def require_change(*records: Model, fields: Collection[str] | None = None) -> None:
    """PermissionDenied unless the caller may change, release or delete all of them, or just these fields of them."""
    for permission, project_id in {permission_on(record, fields) for record in records}:
        require(permission, project_id)
    require_own(*records)


def may_take_from(network: Network) -> bool:
    """Whether the caller may take addresses or children from it, for some project at least (rules 10 and 21)."""
    if is_foreign(network):
        return False
    if network.is_underlay:
        return current().may(Permission.OPERATE)
    if network.project_id and not network.is_shared_child:
        return current().may(Permission.ALLOCATE, network.project_id)
    return current().may_anywhere(Permission.ALLOCATE)


def is_foreign(record: Model) -> bool:
    """Whether another system owns it, and is not the door by which this comes."""
    manager = getattr(record, "managed_by", "")
    return bool(manager) and manager != context.current().door


def own(path: str = "") -> Q:
    """The same of rows: those that no other system owns."""
    return Q(**{f"{path}managed_by__in": ["", context.current().door]})


def require_own(*records: Model) -> None:
    """ManagedElsewhere for the first of them that another system owns: nothing is written to it, or taken from it."""
    foreign = next(filter(is_foreign, records), None)
    if foreign is not None:
        raise managed_elsewhere(foreign)


def managed_elsewhere(record: Any) -> errors.ManagedElsewhere:
    """What is said of a record that another system owns."""
    return errors.ManagedElsewhere(
        f"{record} is managed by {record.managed_by}, and only read here. Change it there: the next pass of the mirror "
        "brings that over."
    )


# --- what is seen ---------------------------------------------------------------------------------
def visible(objects: Objects) -> Objects:
    """Those that the caller may see; foreign ones are absent."""
    who = current()
    if who.sees_everything:
        return objects
    return objects.filter(_SCOPES[objects.model](list(who.projects))) if who.projects else objects.none()


def condition(model: type[Model]) -> tuple[str, Sequence[Any]]:
    """`visible` as a condition of SQL and its parameters, for a model that has what it asks for in its own table."""
    who = current()
    return _condition(model, None if who.sees_everything else tuple(who.projects))


@lru_cache(maxsize=256)
def _condition(model: type[Model], projects: tuple[UUID, ...] | None) -> tuple[str, Sequence[Any]]:
    if not projects:
        return ("TRUE" if projects is None else "FALSE"), ()
    asked = model._default_manager.filter(_SCOPES[model](list(projects))).query
    try:
        sql, parameters = asked.get_compiler(DEFAULT_DB_ALIAS).compile(asked.where)
    except FullResultSet:
        return "TRUE", ()
    return sql, parameters


def sees(record: Model) -> bool:
    """Whether the caller may see a record; what they may not see is not named to them either."""
    return current().sees_everything or visible(type(record)._default_manager.filter(pk=record.pk)).exists()


def sees_at_hand(record: Model) -> bool:
    """The same, unasked, of a record whose scope is about columns of its own."""
    who = current()
    return who.sees_everything or (bool(who.projects) and _holds(_SCOPES[type(record)](list(who.projects)), record))


def _holds(scope: Q, record: Model) -> bool:
    parts = [_holds(part, record) if isinstance(part, Q) else _has(record, *part) for part in scope.children]  # type: ignore[misc]
    return (any(parts) if scope.connector == Q.OR else all(parts)) is not scope.negated


def _has(record: Model, lookup: str, wanted: Any) -> bool:
    name, _, kind = lookup.partition("__")
    field = record._meta.pk if name == "pk" else record._meta.get_field(name)
    value = getattr(record, field.attname)  # type: ignore[union-attr]
    return bool({"": value == wanted, "in": kind == "in" and value in wanted}[kind])


def _networks(projects: list[UUID], path: str = "") -> Q:
    """Those of the projects, and those that every project may take from or join (rules 10 and 21)."""
    own = Q(**{f"{path}project__in": projects})
    public = Q(**{f"{path}project": None, f"{path}type__in": [NetworkType.EXTERNAL, *SUPER_TYPES]})
    return own | public | Q(**{f"{path}type": NetworkType.CHILD_SHARED})


def _ranges(projects: list[UUID]) -> Q:
    """Those of networks that they see, but for what is kept for others."""
    return _networks(projects, "network__") & (Q(project=None) | Q(project__in=projects))


def _vrfs(projects: list[UUID]) -> Q:
    return Q(Exists(Network.objects.filter(_networks(projects), vrf=OuterRef("pk"))))


def _findings(projects: list[UUID]) -> Q:
    """Those of the projects, and what networks that they see say by themselves."""
    seen = Network.objects.filter(_networks(projects)).values("pk")
    return Q(project_id__in=projects) | Q(kind="network", object_id__in=seen) & ~Q(code__in=Finding.NOT_FOR_ALL)


def _alerts(projects: list[UUID]) -> Q:
    """Those of the projects, and what networks that they see say by themselves."""
    seen = Network.objects.filter(_networks(projects)).values("pk")
    return Q(project_id__in=projects) | Q(kind="network", object_id__in=seen, is_shared=True)


def _series(projects: list[UUID]) -> Q:
    seen = Network.objects.filter(_networks(projects)).values("pk")
    return Q(project_id__in=projects) | Q(network_id__in=seen)


_SCOPES: Mapping[type[Model], Callable[[list[UUID]], Q]] = {
    Partition: lambda projects: Q(),
    Project: lambda projects: Q(pk__in=projects),
    VRF: _vrfs,
    Network: _networks,
    Prefix: lambda projects: _networks(projects, "network__"),
    AddressRange: _ranges,
    IPAddress: lambda projects: Q(project__in=projects),
    Machine: lambda projects: Q(project__in=projects),
    Cluster: lambda projects: Q(project__in=projects),
    ClusterRange: lambda projects: Q(cluster__project__in=projects),
    Claim: lambda projects: Q(project__in=projects),
    RoleBinding: lambda projects: Q(project__in=projects),
    Quota: lambda projects: Q(project__in=projects),
    Event: lambda projects: Q(project_id__in=projects),
    Tenure: lambda projects: Q(project_id__in=projects),
    Finding: _findings,
    Alert: _alerts,
    AlertRule: lambda projects: Q(pk=None),  # the platform's alone
    Series: _series,
    Sample: lambda projects: Q(series__in=Series.objects.filter(_series(projects))),
    Webhook: lambda projects: Q(project_id__in=projects),
    Delivery: lambda projects: Q(webhook__project_id__in=projects),
}
