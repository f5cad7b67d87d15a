"""The service accounts that metal-stack's clients act as."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from ipam.models import RoleBinding
from ipam.models.base import know
from ipam.models.roles import Role


def find(username: str, role: Role) -> User:
    """The service account of this name, which the history names; it has no password and its role in no other place."""
    unusable = {"password": make_password(None)}
    account, _ = User.objects.get_or_create(username=username, defaults=unusable)
    return know(account, role_bindings=[RoleBinding(user=account, role=role)])
