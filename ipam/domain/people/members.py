"""Who has which role: given and taken on the platform and in projects, and the service accounts of a project."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

from ipam import errors
from ipam.addressing import shorten
from ipam.domain.core import access, history, states
from ipam.domain.core.operations import operation
from ipam.domain.core.permissions import Permission
from ipam.models import Project, RoleBinding, ServiceAccount
from ipam.models.events import Verb
from ipam.models.roles import PLATFORM_ROLES, PROJECT_ROLES, Role

_LONGEST_NAME = 100  # with "@" and the id of the project it has to fit into the 150 characters of a user name


def find_user(username: str) -> User:
    """The active user with this name, for those who may give roles; NotFound if there is none."""
    access.require_anywhere(Permission.MANAGE)  # others are not told who has an account
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise errors.NotFound(
            f"There is no user “{shorten(username)}”. Check the name; an operator makes new users in the admin.",
            field="user",
        )
    return found


@operation
def grant(
    user: User, role: str, *, project: Project | None = None, source: str = RoleBinding.Source.LOCAL
) -> RoleBinding:
    """Give a user a role in a project, or without one on the platform, in the place of the one that they have there.

    Invalid for a role that does not belong there, and for a service account outside of its project: its tokens are made
    by those who manage that, and would give them more than they have. InUse where it would leave the place without
    anybody who leads it; what groups say is not held up by that.
    """
    access.require(Permission.MANAGE if project else Permission.OPERATE, project.pk if project else None)
    possible = PROJECT_ROLES if project else PLATFORM_ROLES
    if role not in possible:
        raise errors.Invalid(f"A role here is one of {', '.join(possible)}.", field="role")
    if ServiceAccount.objects.filter(user=user).exclude(project=project).exists():
        raise errors.Invalid(
            f"{user} is a service account of another project. Make one where it is needed.", field="user"
        )
    leaders = _lock_leaders(project.pk if project else None)
    held = RoleBinding.objects.select_for_update().filter(user=user, project=project).first()
    if held and source == RoleBinding.Source.LOCAL and role != _leading_role(held.project_id):
        _check_is_not_the_last(held, leaders)
    before = _state(held) if held else None
    if held is None:
        held = RoleBinding(user=user, project=project)
    held.role, held.source = role, source
    held.save()
    history.record(Verb.GRANT, held, before=before, after=_state(held))
    return held


@operation
def withdraw(binding: RoleBinding) -> None:
    """Take a role from a user; a service account of the project goes with it.

    InUse where it would leave the place without anybody who leads it: a project without an owner, the platform
    without an operator.
    """
    access.require(Permission.MANAGE if binding.project_id else Permission.OPERATE, binding.project_id)
    leaders = _lock_leaders(binding.project_id)
    held = RoleBinding.objects.select_for_update().filter(pk=binding.pk).first()
    if held is None:
        raise errors.NotFound("The role has been withdrawn already.")
    _check_is_not_the_last(held, leaders)
    _take_away(held)


def _take_away(held: RoleBinding) -> None:
    history.record(Verb.WITHDRAW, held, before=_state(held))
    if ServiceAccount.objects.filter(user=held.user, project=held.project_id).exists():
        held.user.delete()
    else:
        held.delete()


@operation
def set_group_roles(user: User, wanted: Mapping[UUID | None, Role]) -> None:
    """Give a user just these roles by their groups: of a project by its id, of the platform by None.

    What was given here stays, and wins in its place. A project that is gone gives nothing. The provider decides: nobody
    keeps a role for being the last one who has it.
    """
    access.require(Permission.OPERATE)
    User.objects.select_for_update().get(pk=user.pk)  # their sign-ins take turns
    held = {one.project_id: one for one in RoleBinding.objects.select_for_update().filter(user=user)}
    before = {place: one.role for place, one in held.items() if one.source == RoleBinding.Source.GROUP}
    projects = {None: None, **Project.objects.in_bulk([place for place in wanted if place])}
    open_to_groups = [place for place in wanted if place in projects and (place in before or place not in held)]
    after = {place: str(wanted[place]) for place in open_to_groups}
    for place in before.keys() - after.keys():
        _take_away(held[place])
    for place, role in after.items() - before.items():
        grant(user, role, project=projects[place], source=RoleBinding.Source.GROUP)
    if changed := states.between(_by_place(before), _by_place(after)):
        history.record_user(Verb.UPDATE, user, changed)


@operation
def create_service_account(project: Project, name: str, *, role: str = Role.EDITOR) -> ServiceAccount:
    """A service account: a member of one project that never signs in and works by tokens only."""
    access.require(Permission.MANAGE, project.pk)
    username = f"{name}@{project.pk}"
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError:
        name = ""
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise errors.Invalid(
            f"The name of a service account has 1 to {_LONGEST_NAME} letters, digits, dots, dashes or underscores.",
            field="name",
        )
    if User.objects.filter(username=username).exists():
        raise errors.AlreadyExists(f"The project already has a service account “{name}”.", field="name")
    user = User.objects.create_user(username)  # without a password it cannot sign in
    account = ServiceAccount.objects.create(user=user, project=project)
    binding = grant(user, role, project=project)
    history.record(Verb.CREATE, binding, after=_state(binding))
    return account


def _leading_role(project_id: UUID | None) -> Role:
    """Who may give all other roles of a place."""
    return Role.OWNER if project_id else Role.OPERATOR


def _lock_leaders(project_id: UUID | None) -> list[RoleBinding]:
    """The roles of those who lead a place; locked, in the order of their keys, so that of two who leave one stays."""
    leading = RoleBinding.objects.filter(project=project_id, role=_leading_role(project_id)).order_by("pk")
    return list(leading.select_for_update(of=("self",)).select_related("user__service_account"))


def _check_is_not_the_last(held: RoleBinding, leaders: Sequence[RoleBinding]) -> None:
    """InUse for the last person who leads a place: one who may sign in, and no service account."""
    people = {one.pk for one in leaders if one.user.is_active and not hasattr(one.user, "service_account")}
    if people != {held.pk}:
        return
    if held.project_id is None:
        if User.objects.filter(is_superuser=True, is_active=True).exists():
            return
        place, without = "the platform", "nobody could give roles any more"
    else:
        place, without = f"project {held.project}", "none of its members could manage it any more"
    role = held.get_role_display()
    raise errors.InUse(
        f"{held.name} is the last {role} of {place}: {without}. Give somebody else the role of {role} first."
    )


def _by_place(roles: Mapping[UUID | None, str]) -> states.State:
    return {f"role in {place}" if place else "role on the platform": role for place, role in roles.items()}


def _state(binding: RoleBinding) -> states.State:
    return states.of(binding, user=binding.name)
