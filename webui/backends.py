"""The admin's permissions, by role: operators do everything there, auditors look at everything."""

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from ipam.domain.core import access
from ipam.domain.core.permissions import Permission


class RoleBackend(BaseBackend):
    """Answers for the caller in this request; Django asks for nobody else's permissions."""

    def has_perm(self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: object = None) -> bool:
        who = access.current()
        if who.user_id != user_obj.pk:
            return False
        return who.may(Permission.OPERATE) or (who.sees_everything and ".view_" in perm)

    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        return access.current().user_id == user_obj.pk and access.current().sees_everything
