"""What roles permit: the one table, and what a user may by the roles that they have or by a token."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User

from ipam.models import ApiToken
from ipam.models.roles import Role

KNOWN_BINDINGS = "known_bindings"  # of a user who was read together with them


class Permission(Enum):
    """What can be done; each has a sentence for those who may not."""

    READ = "see this"
    ALLOCATE = "take or give back addresses, machines, child networks and clusters"
    MANAGE = "manage what belongs to a project: its members, tokens, names and descriptions"
    OPERATE = "change what belongs to the whole platform"


# The one table: a role of the platform holds everywhere, one of a project there.
MAY: Mapping[Permission, frozenset[Role]] = {
    Permission.READ: frozenset(Role),
    Permission.ALLOCATE: frozenset({Role.OPERATOR, Role.OWNER, Role.EDITOR}),
    Permission.MANAGE: frozenset({Role.OPERATOR, Role.OWNER}),
    Permission.OPERATE: frozenset({Role.OPERATOR}),
}


@dataclass(frozen=True)
class Access:
    """What one caller may: a role on the platform, roles in projects, and whether they only read."""

    platform: Role | None = None
    projects: Mapping[UUID, Role] = field(default_factory=dict)
    is_read_only: bool = False
    user_id: int | None = None

    @property
    def sees_everything(self) -> bool:
        return self.platform is not None

    @property
    def edits_everywhere(self) -> bool:
        """Whether it is metal-api's Edit, the one editor that is bound to no project."""
        return self.platform == Role.EDITOR

    def may(self, permission: Permission, project_id: UUID | None = None) -> bool:
        """Whether the table permits it; without a project it is about the platform."""
        if self.is_read_only and permission is not Permission.READ:
            return False
        of_project = self.projects.get(project_id) if project_id else None
        return self.platform in MAY[permission] or of_project in MAY[permission]

    def may_anywhere(self, permission: Permission) -> bool:
        """Whether there is any place where the table permits it: for what a page offers before a project is named."""
        return self.may(permission) or any(self.may(permission, project_id) for project_id in self.projects)

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


def of_user(user: User | AnonymousUser, token: ApiToken | None = None) -> Access:
    """What a user may, by a token if there is one; a superuser is an operator. At most one statement."""
    if not user.is_authenticated:
        return Access()
    if user.is_superuser:
        full = Access(Role.OPERATOR, user_id=user.pk)
    else:
        bindings = vars(user).get(KNOWN_BINDINGS)
        bindings = list(user.role_bindings.all()) if bindings is None else bindings
        platform = [Role(one.role) for one in bindings if one.project_id is None]
        of_projects = {one.project_id: Role(one.role) for one in bindings if one.project_id}
        full = Access(platform[0] if platform else None, of_projects, user_id=user.pk)
    return full.narrowed(token) if token else full
