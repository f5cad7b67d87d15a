"""Who may do what, and who sees what: one table of roles, asked by every operation, lookup and list.

Whoever stands at the edge says for whom (`acting_for`); where no request is, somebody runs a command and may do
everything. What somebody may not see is not there: it is looked up in vain and counted nowhere.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from ipam import errors
from ipam.domain.core.operations import is_part
from ipam.models import (
    VRF,
    ApiToken,
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
from ipam.models.roles import PROJECT_ROLES, Role

# What owners change of any network of their project (rule 19a).
DESCRIBING = frozenset({"name", "description", "labels"})
Objects = TypeVar("Objects", bound=QuerySet[Any])


class Deed(Enum):
    """What can be done; each has a sentence for those who may not."""

    READ = "see this"
    ALLOCATE = "take or give back addresses, machines, child networks and clusters"
    MANAGE = "manage what belongs to a project: its members, tokens, names and descriptions"
    OPERATE = "change what belongs to the whole platform"


# The one table: a role of the platform holds everywhere, one of a project there.
MAY: Mapping[Deed, frozenset[Role]] = {
    Deed.READ: frozenset(Role),
    Deed.ALLOCATE: frozenset({Role.OPERATOR, Role.OWNER, Role.EDITOR}),
    Deed.MANAGE: frozenset({Role.OPERATOR, Role.OWNER}),
    Deed.OPERATE: frozenset({Role.OPERATOR}),
}


@dataclass(frozen=True)
class Access:
    """What one caller may: a role on the platform, roles in projects, and whether he only reads."""

    platform: Role | None = None
    projects: Mapping[UUID, Role] = field(default_factory=dict)
    is_read_only: bool = False
    user_id: int | None = None

    @property
    def sees_everything(self) -> bool:
        return self.platform is not None

    def may(self, deed: Deed, project_id: UUID | None = None) -> bool:
        """Whether the table permits it; without a project it is about the platform."""
        if self.is_read_only and deed is not Deed.READ:
            return False
        of_project = self.projects.get(project_id) if project_id else None
        return self.platform in MAY[deed] or of_project in MAY[deed]

    def may_anywhere(self, deed: Deed) -> bool:
        """Whether there is any place where the table permits it: for what a page offers before a project is named."""
        return self.may(deed) or any(self.may(deed, project_id) for project_id in self.projects)

    def narrowed(self, token: ApiToken) -> "Access":
        """What is left of it for a token: never more than its owner has.

        Bound to projects, an operator's token is that of their owner, and an auditor's that of a viewer.
        """
        read_only = self.is_read_only or token.is_read_only
        if not token.projects:
            return replace(self, is_read_only=read_only)
        general = {Role.OPERATOR: Role.OWNER, Role.AUDITOR: Role.VIEWER}.get(self.platform) if self.platform else None
        bound = {UUID(key): general or self.projects.get(UUID(key)) for key in token.projects}
        return Access(None, {key: role for key, role in bound.items() if role}, read_only, self.user_id)


EVERYTHING = Access(Role.OPERATOR)
_find: ContextVar[Callable[[], Access]] = ContextVar("access", default=lambda: EVERYTHING)


@contextmanager
def acting_for(find: Callable[[], Access]) -> Iterator[None]:
    """Whatever happens inside is limited to this access; it is asked for once, when first needed."""
    before = _find.set(cache(find))
    try:
        yield
    finally:
        _find.reset(before)


def current() -> Access:
    """What whoever acts may."""
    return _find.get()()


def of_user(user: User | AnonymousUser, token: ApiToken | None = None) -> Access:
    """What a user may, by a token if there is one; a superuser is an operator. At most one statement."""
    if not user.is_authenticated:
        return Access()
    if user.is_superuser:
        full = Access(Role.OPERATOR, user_id=user.pk)
    else:
        bindings = list(RoleBinding.objects.filter(user=user))
        platform = [Role(one.role) for one in bindings if one.project_id is None]
        of_projects = {one.project_id: Role(one.role) for one in bindings if one.project_id}
        full = Access(platform[0] if platform else None, of_projects, user_id=user.pk)
    return full.narrowed(token) if token else full


# --- what may be done -----------------------------------------------------------------------------
def demand(deed: Deed, project_id: UUID | None = None, *, doing: str = "") -> None:
    """PermissionDenied unless whoever acts may do this. Inside another operation that one has answered for it.

    `doing` says what it is about where the deed itself says too little.
    """
    if not (is_part() or current().may(deed, project_id)):
        raise _denied(deed, "in this project" if project_id else "", doing)


def demand_anywhere(deed: Deed) -> None:
    """PermissionDenied unless whoever acts may do this in some project at least."""
    if not current().may_anywhere(deed):
        raise _denied(deed, "in the project that it is for")


def _denied(deed: Deed, place: str, doing: str = "") -> errors.PermissionDenied:
    """The refusal, with the roles that would do: those of a project where its members may do this at all."""
    if current().is_read_only:
        return errors.PermissionDenied("This token only reads. Use one that may write.")
    of_project = sorted(role.label for role in MAY[deed] if role in PROJECT_ROLES)
    needed = f"{' or '.join(of_project)} {place}" if place and of_project else "operator of the platform"
    return errors.PermissionDenied(f"You may not {doing or deed.value} here. Ask for the role of {needed}.")


def deed_on(record: Model, fields: Collection[str] | None = None) -> tuple[Deed, UUID | None]:
    """What it takes to change, release or delete a record, or to change just these fields; and in which project."""
    if isinstance(record, Network) and record.project_id and not record.is_child and _only_describe(fields):
        return Deed.MANAGE, record.project_id
    if isinstance(record, IPAddress | Machine | Cluster | Claim) or (isinstance(record, Network) and record.is_child):
        return Deed.ALLOCATE, record.project_id
    return (Deed.MANAGE, record.pk) if isinstance(record, Project) else (Deed.OPERATE, None)


def _only_describe(fields: Collection[str] | None) -> bool:
    return fields is not None and DESCRIBING.issuperset(fields)


def may_change(record: Model, fields: Collection[str] | None = None) -> bool:
    """Whether whoever acts may change, release or delete it, or change just these fields of it."""
    return current().may(*deed_on(record, fields))


def demand_change(*records: Model, fields: Collection[str] | None = None) -> None:
    """PermissionDenied unless whoever acts may change, release or delete all of them, or just these fields of them."""
    for deed, project_id in {deed_on(record, fields) for record in records}:
        demand(deed, project_id)


# --- what is seen ---------------------------------------------------------------------------------
def visible(objects: Objects) -> Objects:
    """Those that whoever acts may see; foreign ones are absent."""
    who = current()
    if who.sees_everything:
        return objects
    return objects.filter(_SCOPES[objects.model](list(who.projects))) if who.projects else objects.none()


def sees(record: Model) -> bool:
    """Whether whoever acts may see a record; what he may not see is not named to him either."""
    return current().sees_everything or visible(type(record)._default_manager.filter(pk=record.pk)).exists()


def _networks(projects: list[UUID], path: str = "") -> Q:
    """Those of the projects, and those that every project may take from or join (rules 10 and 21)."""
    own = Q(**{f"{path}project__in": projects})
    everybodys = Q(**{f"{path}project": None, f"{path}type__in": [NetworkType.EXTERNAL, *SUPER_TYPES]})
    return own | everybodys | Q(**{f"{path}type": NetworkType.CHILD_SHARED})


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
